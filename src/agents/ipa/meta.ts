import type { Intent } from '../../contracts/intent.ts';
import { PhraseTable } from './patterns.ts';
import { tokenize, type Token } from './tokens.ts';

/** These count only as the whole utterance: "I need help with my feelings" is no request for the manual. */
const META: readonly (readonly [Intent, string])[] = [
  [
    'inventory',
    'inventory; i; inv; items; (my|the) (inventory|items|bag|backpack|pockets|belongings|things|stuff|possessions)',
  ],
  [
    'inventory',
    '(check|show|see|view|open|list|display|look at|look in|look into|look through|search|go through|empty|check in|check out|show me|show us|tell me) (my|the|our|all my)? (inventory|items|bag|backpack|pack|pockets|pocket|belongings|things|stuff|possessions)',
  ],
  [
    'inventory',
    "(check|show|show me|see|tell me|list)? what (i|we|i'm|i am|am i|are we) (am|are)? (carrying|carry|holding|hold|having|have|got|own|have got) (on|with)? (me|us|now)?",
  ],
  [
    'inventory',
    '(what|which things|which items|what things|what items|what stuff) (do|have) (i|we) (have|carry|got|own|hold|possess|have got|be carrying)? (on|with|left)? (me|us|now)?',
  ],
  [
    'inventory',
    '(do|have|am) (i|we) (have|got|carry|carrying|hold|holding|own) (anything|something|any items|any things) (on|with|in)? (me|us|my bag|my pockets|my pocket)?',
  ],
  [
    'inventory',
    "(what is|what's|what do i have|what have i got|what have i) in (my|the) (bag|backpack|inventory|pocket|pockets|hands|hand|pack)",
  ],
  ['inventory', 'i have in (my|the) (pocket|pockets|bag|backpack|hand|hands) what'],
  [
    'help',
    'help; h; commands; instructions; manual; tutorial; rules; (help|assist) (me|us); i need (the|some|your|a)? (help|hint|instructions|manual|explanation) (playing|with this game|with the game|how to play)?; (any|some) (hints|help|tips|instructions|guidance); what are my options; hint; give me a hint',
  ],
  ['help', '(show|show me|list|see|read) (the|all|your)? (help|commands|instructions|options|rules|manual)'],
  [
    'help',
    '(what|what things|which things) (can|should|could|do|may|must) (i|we|you|one) (do|type|write|say|try) (here|now|next|in this game|in the game|with this game|in here)?',
  ],
  ['help', '(what am i|what are we) (supposed|meant|allowed|able) to (do|type|write|say) (here|now|next)?'],
  [
    'help',
    'how (do i|do you|do we|to|does this|does it|can i|does one|should i) (all|even)? (play|work|use) (this|the|it)? (game|thing)?; how (does|do) (this|the) (game|thing|story) work; how is this (played|supposed to work)',
  ],
  [
    'help',
    '(what|which) (are|can be) (the|my|all the) (available)? (commands|options|instructions|rules|choices|possibilities)',
  ],
  [
    'help',
    '(what|which) (commands|words|verbs|instructions|phrases|sentences) (are there|can i use|can i type|do you know|do you understand|do you accept|are available|exist|work)',
  ],
  [
    'help',
    '(explain|explain to me|explain me|teach me|tell me|show me) (the game|this game|the rules|the commands|how this works|how it works|how the game works|how this game works|how to play|what to do|what i can do|how i play)',
  ],
  [
    'help',
    "(i have no idea|i don't know|i do not know|i don't understand|i do not understand|not sure|no idea|no clue) how (to play|to play this|to play this game|this works|it works|this game works|to start); (can|could) (you|someone) (explain|explain it|explain this|explain that)",
  ],
  ['help', 'be (reminded|told|shown) (of|about)? the (commands|rules|instructions|options|help)'],
  [
    'status',
    '(show|check|see|view|display|tell me|show me) (my|the)? (current)? (status|stats|score|progress|condition|state|health)',
  ],
  [
    'status',
    "(status|stats|score|diagnose|progress|health); (what is|what's|how is|how's) my (current)? (status|score|condition|progress|state|health); (my|the) (status|stats|score|progress); who am i",
  ],
  ['status', 'how (am i|are things|is it) (doing|feeling|going)? (today|now|so far|for me)?'],
  [
    'status',
    'how (far|long|much) (have|did|am) (i|we) (come|gone|got|get|been|been playing|played|made it|progressed|done) (so far|already|yet|here|today)?',
  ],
  ['status', 'am i (okay|ok|alright|fine|well|hurt|injured|alive|dead)'],
  ['status', '(look at|examine|check|inspect|x|study) (me|myself)'],
  [
    'wait',
    "(i'd|i would) (rather|prefer) not (to)?; i (don't|do not) want (to|that|this|it|any of this)?; (just)? (a|one) (moment|minute|second|sec|momentito); give (it|me|us) (a|one)? (sec|moment|minute|second|bit|little time|time|little while); not (now|yet|today|right now); i need (a moment|a minute|a second|time|some time|more time|a sec) (to think|to think about it|to decide)?; (hold|hang) on (a|one)? (moment|minute|second|sec)?; afk",
  ],
  ['wait', 'never mind; forget it; nothing; forget about it'],
  [
    'save',
    '(save|store|keep|record) (everything|it all|all|things)?; (save|store|record) (my|the|this|our)? (game|progress|story|session|adventure|journey|place) (here|now|somehow)?; (make|create) a (save|save game|savegame|checkpoint|bookmark); (write|note) (this|it|everything|all this) down; quicksave; autosave; checkpoint; remember (where we are|where i am|my progress|this point|my place); (keep|bookmark) (my|the|this|our) (progress|place|spot|game); save (it|this|and continue|here|now|somehow|game)?',
  ],
  [
    'quit',
    "(that|this) (will|would) be (all|it|enough) (for)? (today|now|me|tonight)?; that'll be (all|it|enough); (i'm|i am|we are|we're) (logging off|going to bed|going offline|heading to bed|heading off|off|off to bed|leaving the game|out) (now|for today|for tonight)?; (peace|over and) out; ttyl; ttys; cya; cu; c u; gtg; g2g; logoff; logging off; end (this|it)?; (i|we) (want|need|have) to (eat|sleep|work) now; (talk|speak) to you (later|soon|tomorrow); see you (later|soon|tomorrow|then|next time|again)?; (until|till) (tomorrow|next time|later|then|we meet again); take care; have a (good|nice) (day|night|evening|one); adieu; ciao; adios; au revoir; tschuss",
  ],
  [
    'quit',
    'quit; q; bye; goodbye; farewell; bye bye; good bye; good night; goodnight; log out; logout; log off; sign off; so long; (see|catch) (you|ya) (later|soon|tomorrow|around|again|next time)?; until (tomorrow|next time|later)',
  ],
  [
    'quit',
    '(quit|exit|end|stop|leave|close|finish) (playing)? (this|the|my|our|with this|with the)? (game|session|story|adventure) (here|now|today|for today)?',
  ],
  [
    'quit',
    '(stop|quit|finish|leave) playing; be done playing; (stop|finish|end) (it|this)? (here|for today|for now|for tonight|now); end it here; exit game; (want|need|have) to (stop|quit|log off|leave the game)',
  ],
  [
    'quit',
    "(i'm|i am|we're|we are|i think i'm|i think i am) (all)? (done|finished|through) (playing|with this|with the game|here|for today|for now|for tonight|for the day)?; (that's|that is|that was|this is|it's|it is) (enough|all|it) (for|from) (today|now|me|tonight|this evening|me today|me for today)",
  ],
  [
    'quit',
    "(have|need|i've got|i have|i need|got) to (go|run|stop|log off) (now|soon|for today|to bed)?; call it a (day|night); (i'll|i will|i'm going to|i shall) (be|come) back (tomorrow|later|soon|another time|next time|another day); (i'll|i will) (continue|play|return|go on) (tomorrow|later|another time|another day)",
  ],
  [
    'continue',
    '(continue|resume) (on)? (with)? (the|my|our|this)? (story|tale|game|adventure)?; (go|carry|move|read|press|push) on (with the story|with the tale|with our story|with the adventure|with this story)?; (keep|keep on) (going|telling|reading|talking); continue on; (go|carry|keep) on with (it|the story|the tale|your story|your tale)',
  ],
  [
    'continue',
    "(and|but)? then (what)? (happens|happened)?; (and)? then; (and)? what (happens|happened|comes|follows|came) (now|next|then|after|after that|afterwards)?; what then; what next; what now; what's next; what is next; what's going to happen (next|now)?; see (what|how) (happens|happens next|comes next|it goes on|it goes|goes on|happens now|happens then|things go)",
  ],
  [
    'continue',
    '(tell me|tell) (more|a story|the story|the rest|what happens next|what happens|what comes next|what happened next); story; more; next; go ahead; the story; proceed; k; (and|then)? after that; on with (it|the story|the tale); i (want|would like) to (know|hear|read) (more|the rest|what happens|what happens next)',
  ],
];

const TABLE = new PhraseTable(
  META.flatMap(([intent, patterns]) => patterns.split(';').map((p) => [p.trim(), intent] as const)),
);

const COURTESIES = new PhraseTable<true>(
  [
    '(please|ok|okay|now|just|well|hey|hi|hello|yes|yeah|sure|so|then|thanks|no|oh|um|hmm|alright|great|good|cool|right|really|very|quite|too|thank you|for me|for now|right now|for us|and|but|dear|kindly|pray|do|exactly|again|somehow|maybe|perhaps|lol|haha|hm|ah|uh|yep|yup|first|dude|bro|everyone|all|friend|friends|nothing|today|tonight|for today|for tonight|here|also|let me think|sorry|excuse me|never mind|guys|mate)',
    "(i|we) (want|need|wish|would like|should like|would love) to; (want|need|like) to; (i'd|we'd|i would|i should|i want|i wish) (really|very much|rather)? (like|love|prefer|want) to; (can|could|may|would|will|might|should) (you|we|i) (please|kindly)?; (let's|lets|let us|let me); (i|we) (will|should|must|shall|can|think i will)?; (i'll|we'll|i'm going to|i am going to|time to|i have to|i've to|i've got to|i better|i had better|i'd better|i'd rather)",
    "(would|could|will) you be so (kind|good|nice) (as)? to; be so (kind|good|nice) (as)? (to|and); would you (please|kindly)?; (would|do) you mind; if (you|i) (please|may|can|could|want|don't mind|would); i (think|guess|believe|suppose) (that|i|i'll|i will|i shall|it's time to|we should|i should)?; (it's|it is|maybe it's) time to; to; is there (a|any) way to; so (that)? (i|we) can (carry on|continue|go on|come back|play|resume|pick it up) (later|tomorrow|again|another day|another time)?; (can|could) you explain (it|this|that)? (to me)?; how (do|can|could|would) i; (i|we) (forgot|wonder)?",
  ].flatMap((patterns) => patterns.split(';').map((pattern) => [pattern.trim(), true] as const)),
);
const MAX_META_WORDS = 18;

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

/** "save and quit": several commands of this kind, each one named once. */
export function metaIntents(tokens: readonly Token[]): readonly Intent[] | undefined {
  // "I can no more" asks for nothing to go on.
  if (tokens.some(({ word }, at) => word === 'no' && tokens[at + 1]?.word === 'more')) return undefined;
  const whole = metaIntent(tokens);
  if (whole !== undefined) return [whole];
  const parts: Token[][] = [[]];
  for (const token of tokens.slice(0, MAX_META_WORDS)) {
    const joins = token.word === 'and' || token.word === 'then';
    if (joins || token.breakBefore !== 'none') parts.push([]);
    if (!joins) parts.at(-1)?.push(token);
  }
  const said = parts.filter((part) => part.length > 0 && !areCourtesies(part)).map(metaIntent);
  const intents = said.filter((intent) => intent !== undefined);
  const isWhole = tokens.length <= MAX_META_WORDS && intents.length === said.length && intents.length > 0;
  return isWhole ? [...new Set(intents)] : undefined;
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
