import type { Intent } from '../../contracts/intent.ts';
import { PhraseTable } from './patterns.ts';
import { tokenize, type Token } from './tokens.ts';

/** These count only as the whole utterance: "I need help with my feelings" is no request for the manual. */
const META: readonly (readonly [Intent, string])[] = [
  [
    'inventory',
    'inventory; i; inv; items; (my|the) (inventory|items|bag|backpack|pockets|belongings|things|stuff)',
  ],
  [
    'inventory',
    '(check|show|see|view|open|list|display|look at|look in|look into|look through|search|go through) (me|us)? (my|the|our)? (inventory|items|bag|backpack|pack|pockets|belongings|things|stuff)',
  ],
  ['inventory', 'what (am i|are we) (carrying|holding) (now|right now)?'],
  ['inventory', 'what (do|have) (i|we) (have|carry|got|own|hold) (on|with)? (me|us|now)?'],
  ['inventory', "(what is|what's|what do i have) in my (bag|backpack|inventory|pocket|pockets|hands|pack)"],
  [
    'help',
    'help; h; commands; instructions; manual; (help|assist) (me|us); i need (help|a hint) (playing)?; (any|some) (hints|help|tips); what are my options; hint; give me a hint',
  ],
  ['help', '(show|list|see) (me)? (the|all)? (help|commands|instructions|options|rules)'],
  ['help', 'what (can|should|could|do) (i|we) do (here|now|next)?'],
  ['help', 'how (do i|do you|to|does this|can i) (play|work) (this|the)? (game)?'],
  ['help', 'what (are|can be) (the|my) (commands|options|instructions|rules|choices)'],
  ['help', 'what commands (are there|can i use|do you know)'],
  ['status', '(show|check|see|view|display|tell me) (me)? (my|the)? (status|stats|score|progress|condition)'],
  [
    'status',
    "(status|stats|score); (what is|what's) my (status|score|condition|progress); (my|the) (status|stats|score)",
  ],
  ['status', 'how am i (doing|feeling)? (today|now|so far)?'],
  ['status', '(look at|examine|check|inspect|x|study) (me|myself)'],
  [
    'save',
    'save; save (my|the|this|our)? (game|progress|story); (make|create) a save; save (it|and continue)?',
  ],
  ['quit', 'quit; bye; goodbye; bye bye; good night; farewell; log out; logout; log off'],
  ['quit', '(quit|exit|end|stop|leave|close) (playing)? (this|the|my)? (game|session|story|adventure)'],
  ['quit', '(stop|quit) playing; be done playing; stop (here|for today|for now); end it here; exit game'],
  [
    'continue',
    '(continue|resume) (on)? (with)? (the|my|our|this)? (story|tale|game|adventure)?; (go|carry|move|read) on (with the story)?; (keep|keep on) (going|telling|reading); continue on',
  ],
  [
    'continue',
    "(and)? then (what)? (happens|happened)?; (and)? then; what (happens|happened|comes) (now|next|then|after that); what then; what next; what's next; what is next",
  ],
  [
    'continue',
    '(tell me|tell) (more|a story|the story|the rest|what happens next|what happens); story; more; next; go ahead; the story; proceed',
  ],
];

const TABLE = new PhraseTable(
  META.flatMap(([intent, patterns]) => patterns.split(';').map((p) => [p.trim(), intent] as const)),
);

const COURTESIES = new PhraseTable<true>(
  [
    '(please|ok|okay|now|just|well|hey|hi|hello|yes|yeah|sure|so|then|thanks|no|oh|um|hmm|alright|great|good|cool|right|really|very|quite|too|thank you|for me|for now|right now)',
    "(i|we) (want|need|wish) to; (i'd|we'd|i would) like to; (can|could|may|would|will) (you|we|i) (please)?; (let's|lets|let us|let me); (i|we) (will|should|must|think i will)?; (i'll|we'll|i'm going to|i am going to|time to|i have to|i've to|i gotta|i've got to)",
  ].flatMap((patterns) => patterns.split(';').map((pattern) => [pattern.trim(), true] as const)),
);
const MAX_META_WORDS = 12;

/** The command that these words are from first to last, courtesies around it aside. */
export function metaIntent(tokens: readonly Token[]): Intent | undefined {
  if (tokens.length > MAX_META_WORDS || tokens.some((token) => token.isQuoted)) return undefined;
  for (let from = 0; from < tokens.length;) {
    const found = TABLE.at(tokens, from).find(({ words }) =>
      areCourtesies(tokens.slice(from + words.length)),
    );
    if (found !== undefined) return found.value;
    const courtesy = COURTESIES.at(tokens, from)[0];
    if (courtesy === undefined) return undefined;
    from += courtesy.words.length;
  }
  return undefined;
}

const PLEAS = /^(please )?(help|help me)( please)?$/i;

/** "Ok, please": said along with something else it means nothing. */
export function isCourtesy(text: string): boolean {
  return PLEAS.test(text) || areCourtesies(tokenize(text));
}

function areCourtesies(tokens: readonly Token[]): boolean {
  let at = 0;
  while (at < tokens.length) {
    const courtesy = COURTESIES.at(tokens, at)[0];
    if (courtesy === undefined) return false;
    at += courtesy.words.length;
  }
  return true;
}
