import type { Intent } from '../../contracts/intent.ts';
import { lemmasOf, type VerbForm } from './inflection.ts';
import { expandPattern } from './patterns.ts';
import type { Token } from './tokens.ts';

/** What a verb needs after it before it can be carried out. */
export type TargetKind = 'none' | 'direction' | 'thing' | 'person';

export interface Verb {
  readonly intent: Intent;
  readonly target: TargetKind;
  /** Read as this verb only when its target is something in sight: "what is …" starts many questions. */
  readonly onlyInSight?: true;
}

interface Row extends Verb {
  readonly patterns: string;
}

/**
 * One pattern per line or `;`. `turn~on` is a verb with a particle that may also stand behind its target: "turn the lamp on".
 */
const ROWS: readonly Row[] = [
  {
    intent: 'look',
    target: 'none',
    patterns: `look; look (around|about|again|here|everywhere); l; survey; gaze around; glance around; describe; explore; observe;
      (take|have) a (good|quick|careful)? look (around|about)?; (take|have) a (good|quick)? look around;
      (what|which) place is (this|it); what is this place; (what|who) else is (here|there|around); who (is|else is)? (here|around|with me|there); who's (here|around|there);
      (what|which) (exits|ways) (are|can|do) (there|i)?; (is|are) there (a|any|another) (way|ways|exit|exits) (out|from here)?; take in (the|my|this) (view|scene|surroundings|scenery|sights); what is (going on|happening) (here|around me)?; what is there to see; what (do|can) (i|we) (hear|smell|notice|feel); what is (in front of|behind|near|beside|above|below|ahead of) (me|us); what is it like (here|in here); what does it look like (here|in here|around here); (what|which) room is this; (anyone|anybody) (here|there|around); take another look (around)?; is (anyone|anybody|someone) (here|there|around); is there (anyone|anybody|anything|someone|something) (useful|interesting|else|here|around)?; (check|list) (the|all)? exits; what is in (here|this room|the room); remind me where i am; tell me where i am; show me around; have another look (around)?; (see|find out) (what is|what's|where|who is|who's) (here|around|i am|nearby); what's (happening|going on) (here)?; where (exactly|on earth|the hell|in the world) am i; (give me)? a description;
      (describe|show me|survey|study|scan|check|examine|inspect|look at|look over|explore|observe) (the|my|this|our) (room|place|surroundings|area|scene|environment|location|scenery|landscape|view);
      where (am i|are we); where (is|are); where's; (what|which|where) are (the|my)? (exits|ways out); which way can (i|we) go; where can (i|we) go; what (do|can) (i|we) see; what (is|do we have) here; what's here; listen;
      what is (around|near) (me|us|here)?; what's (around|near) (me|us|here)?`,
  },
  {
    intent: 'examine',
    target: 'thing',
    patterns: `examine; x; inspect; study; investigate; read; check; check out; observe; watch; smell; describe;
      search; search (for|in|through|inside|under|behind); look (at|in|into|inside|on|under|behind|beneath|through|for|closely at|over);
      look (up|down|over|out|closely|carefully|again|back|across) (at|to|into|in|for|behind|under|over); look out of; sniff; (peek|peer|glance) (at|in|into|inside|under|behind|through)?; (stare|gaze|squint) (at|into)?; listen to;
      (take|have|get) a (closer|better|good|quick|careful|long)? look (at|in|into|inside|under|behind); see; show me; let me see`,
  },
  {
    intent: 'examine',
    target: 'thing',
    onlyInSight: true,
    patterns: `what is; what's; what are; who is; who's; who are; tell me about; what is (in|inside|on|under|behind|written on|written in);
      what's (in|inside|on|under|behind|written on|written in)`,
  },
  {
    intent: 'examine',
    target: 'thing',
    patterns: 'what (does|do|did)',
  },
  {
    intent: 'move',
    target: 'direction',
    patterns: `(go|walk|run|head|travel|move|hike|wander|journey|proceed|step|climb|march|sneak|rush|hurry|crawl|swim|ride|sail|stroll|jog|tiptoe|venture) (to)?;
      (take|bring|lead) me to; go (through|on to); walk through; enter; step into; follow; visit; return (to)?; (go|head|turn|walk|run|come|get) back;
      continue; leave; exit; approach; explore; cross; (make|find) (my|our) way; get (to|in|on|into|onto|out|inside|away); come (in|inside); turn (left|right); take a (walk|stroll); flee; escape; descend; ascend; back; keep going`,
  },
  { intent: 'move', target: 'direction', onlyInSight: true, patterns: '(off)? (to|toward|towards)' },
  { intent: 'use', target: 'thing', patterns: 'move' },
  {
    intent: 'take',
    target: 'thing',
    patterns: `take; take~back; get; grab; collect; pick; pick~up; fetch; gather; acquire; pocket; carry; keep; steal; snatch; seize;
      (give|hand|pass|bring|fetch|get) me; (can|could|may) (i|we) (please)? have; scoop~up; hold; hold on to; take hold of; help myself to; take~with me; lift~up; retrieve`,
  },
  {
    intent: 'drop',
    target: 'thing',
    patterns: `drop; put~down; put; put; put~back; put~away; place; leave~behind; discard; throw~away; toss~away; lay~down; lay; set~down; set; let go of; let go;
      release; leave; get rid of; throw out; throw; toss; return; leave~here`,
  },
  {
    intent: 'use',
    target: 'thing',
    patterns: `use; operate; activate; apply; ring; play; touch; wear; sit (on|in); sit down (on|in); sink into; drink (from|of)?; sip (from|of)?; flip; flip through; pet; pat; stroke; polish; clean; swing on; play with; play on; eat; taste; try; try out; try~on;
      write (in|on|into); press; pull; push; turn~on; turn~off; switch~on; switch~off; turn; light; light~up; put~on; take~off; blow~out; rub; wind; shake; make use of; bathe in;
      dip into; knock on; knock at; feel the`,
  },
  {
    intent: 'open',
    target: 'thing',
    patterns: 'open; unlock; unfold; uncover; unwrap; unseal; pry open',
  },
  {
    intent: 'open',
    target: 'thing',
    patterns:
      'fling~open; slide~open; unbolt; unlatch~open; uncork; pry~open; push~open; pull~open; kick~open; force~open; break~open; crack~open; swing~open; unfasten; unlatch; open~up',
  },
  { intent: 'close', target: 'thing', patterns: 'close; shut; lock; close~up; fold; seal' },
  {
    intent: 'give',
    target: 'thing',
    patterns:
      'give; hand; offer; present; hand~over; give~back; give~away; donate; gift; pass; bring; return; lend; deliver',
  },
  {
    intent: 'talk_to',
    target: 'person',
    patterns: `(talk|speak|chat|converse|whisper|shout|call|yell) (to|with|at|out to)?; call for; greet; say; say (hello|hi|goodbye|bye|good morning|something|anything|thanks|thank you|sorry) (to)?;
      (hello|hi|hey) (there)?; tell; thank; thanks; comfort; hug; console; listen to; smile (at)?; wave (to|at)?; nod (to|at)?; apologize to; apologise to; apologize; reply (to)?; answer;
      (have|strike up) a (word|chat|talk|conversation) (with)?; introduce myself to; confide in; open up to; share (my|our) (story|thoughts|feelings|worries|fears) with; compliment; encourage; show; meet; good (morning|evening|afternoon|day); bow (to)?; kiss; embrace; introduce myself (to)?; (argue|discuss|debate|gossip|joke|flirt|negotiate|trade|bargain|haggle|laugh|cry) (with); discuss; explain; confess; describe to; mention;
      make (conversation|small talk) (with)?; catch up with; check on; reassure; praise; congratulate; invite; warn; entertain; sing (to|for); read to; dance with; pray with; sit with; cheer~up`,
  },
  {
    intent: 'ask',
    target: 'person',
    patterns:
      'ask; have (a|some|another) (question|questions) (for)?; question; inquire (of)?; consult; (get|seek|ask for) (some)? (advice|help|counsel|directions) from; seek advice; ask (for|about); beg; request; interview; buy; borrow; plead with; interrogate; need; want; order; seek; tell me (about)?; teach me (about)?; explain to me; learn (about|from)?; find out (about|from)?; seek (advice|help|counsel) from',
  },
  {
    intent: 'attack',
    target: 'thing',
    patterns:
      'attack; hit; fight; fight with; kill; strike; stab; swing; throw; hurl; fire; aim; point; whack; lash out at; wrestle; strangle; throw myself at; punch; kick; slay; hurt; smash; break; destroy; shoot; slap; bite; cut; beat; beat up; harm; swing at; murder; charge at; charge',
  },
  {
    intent: 'rest',
    target: 'none',
    patterns: `think (about|of); reflect (on)?; ponder; remember; reminisce; imagine; daydream; dream (of|about)?; let my (mind|thoughts) wander;
      sing; dance; hum; whistle; rest; sleep; nap; sit; sit down; lie; lie down; relax; breathe; (take|draw) (a|some|a few|several|three|another) (deep|slow|long|calm|big)? (deep|slow)? (breath|breaths); breathe deeply; meditate; pause;
      calm (down|myself|myself down); (take|have) (a|some|a little|a short) (nap|break|rest|seat|moment|pause|time); get some (rest|sleep); take it easy; (close|shut) (my|our) eyes; doze; doze off; count (to|my breaths); go to (sleep|bed); close my eyes; catch my breath; pray; settle down; stretch; unwind; sit quietly; fall asleep`,
  },
  {
    intent: 'wait',
    target: 'none',
    patterns: `wait; z; stay; stand (still|here|there); do nothing; do (not|nothing) at all; linger; remain; (hold|hang) on; stay put; (be|keep|stay|remain) (quiet|still|silent|patient); stand by; say nothing; do that; hold still; keep still; (don't|do not) do anything; take (my|your|our) time; stop (here|there|walking|moving|for)?; stay here; pass time`,
  },
];

interface Entry extends Verb {
  readonly phrase: string;
  readonly words: readonly string[];
  readonly particle?: readonly string[];
}

const VERBS: readonly Entry[] = ROWS.flatMap(({ patterns, ...verb }) =>
  patterns
    .split(';')
    .flatMap((pattern) => entriesOf(pattern.trim()))
    .map((words) => ({ ...verb, ...words })),
).toSorted((a, b) => b.words.length - a.words.length);

const VERBS_BY_FIRST_WORD = Map.groupBy(VERBS, (verb) => verb.words[0] ?? '');

/** "turn~on" begins like "turn on" and, with the particle elsewhere, like "turn". */
function entriesOf(pattern: string): Pick<Entry, 'phrase' | 'words' | 'particle'>[] {
  const [head = '', particle] = pattern.split('~');
  if (particle === undefined) {
    return expandPattern(pattern).map((words) => ({ phrase: words.join(' '), words }));
  }
  const behind = particle.split(' ');
  const phrase = `${head} ${particle}`;
  return [
    { phrase, words: [head, ...behind] },
    { phrase, words: [head], particle: behind },
  ];
}

/** All the verbs of one word, for guessing at typing errors. */
export const SINGLE_WORD_VERBS: ReadonlySet<string> = new Set(
  VERBS.filter((verb) => verb.words.length === 1 && verb.phrase.length > 3).map((verb) => verb.phrase),
);

/** A verb found in the text. */
export interface FoundVerb extends Verb {
  readonly phrase: string;
  /** How many words it took. */
  readonly length: number;
  readonly particle?: readonly string[];
}

/**
 * The longest verbs that stand at `at`, and those of one word whose particle may stand further on. Two intents may
 * share a phrase ("listen to").
 */
export function verbsAt(tokens: readonly Token[], at: number, form: VerbForm = 'base'): readonly FoundVerb[] {
  const token = tokens[at];
  if (token === undefined || token.isQuoted) return [];
  for (const lemma of lemmasOf(token.word, form)) {
    const found = verbsOf(tokens, at, lemma);
    if (found.length > 0) return found;
  }
  return [];
}

function verbsOf(tokens: readonly Token[], at: number, lemma: string): FoundVerb[] {
  const candidates = (VERBS_BY_FIRST_WORD.get(lemma) ?? []).filter((verb) =>
    verb.words.every((word, i) => i === 0 || tokens[at + i]?.word === word),
  );
  const longest = candidates.find((verb) => verb.particle === undefined)?.words.length ?? 0;
  return candidates
    .filter((verb) => (verb.particle === undefined ? verb.words.length === longest : longest <= 1))
    .map(({ words, ...verb }) => ({ ...verb, length: words.length }));
}
