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
      (what|which) (exits|ways) (are|can|do) (there|i)?; (is|are) there (a|any|another) (way|ways|exit|exits) (out|from here)?; take in (the|my|this) (view|scene|surroundings|scenery|sights); what is (going on|happening) (here|around me)?; what is there to see; what (do|can) (i|we) (hear|smell|notice|feel); what is (in front of|behind|near|beside|above|below|ahead of) (me|us); what is it like (here|in here); what does it look like (here|in here|around here); (what|which) room is this; (anyone|anybody) (here|there|around); take another look (around)?; is (anyone|anybody|someone) (else)? (here|there|around); is there (anyone|anybody|anything|someone|something) (useful|interesting|else|here|around)?; (check|list) (the|all)? exits; what is in (here|this room|the room); remind me where i am; tell me where i am; show me around; have another look (around)?; (see|find out) (what is|what's|where|who is|who's) (here|around|i am|nearby); what's (happening|going on) (here)?; where (exactly|on earth|the hell|in the world) am i; (give me)? a description;
      (describe|show me|survey|study|scan|check|examine|inspect|look at|look over|explore|observe) (the|my|this|our) (room|place|surroundings|area|scene|environment|location|scenery|landscape|view);
      where (am i|are we); where (is|are); where's; (what|which|where) are (the|my)? (exits|ways out); which way can (i|we) go; where can (i|we) go; what (do|can) (i|we) see; what (is|do we have) here; what's here; listen;
      what is (around|near) (me|us|here)?; what's (around|near) (me|us|here)?;
      where (have|did) (i|we) (got|gotten|get|come|end up|ended up|landed|land|gone|arrived|wandered) (to|up)?; exits; surroundings; who goes there; (any|are there|are there any) (exits|ways out|people|paths|doors) (here|around)?; (what is|what's) (north|south|east|west|up|down|above|below|outside|inside) (of|from)? (here|me)?; (which|what) (directions|direction|ways|paths|path|exits) (can|could|should|do) (i|we) (go|take)?; is there (a|any|some) (path|road|door|exit); (what|how) is (this|the) place (called|named); how is (called|named) (this|the) place; what is the name of this place; how do (i|we|you) call this place;
      where (can|could|do) (i|we) (find|see) (the|a|an)? (exit|exits|way out|ways); where (does|do) (this|the|these) (path|road|way|ways|paths|trail|exits) (lead|go) (to)?; what (else)? is there (here|around|around here)?; make out; (raise|lift) my (eyes|head|gaze) (and look around)?; open my eyes; what's the situation; what is the situation; show me what (is|there is) (here|around); show me where i am; tell me (what|where) (is here|i see|i am|surrounds me|is around me); look (all)? (around|about|behind|above|below|beneath|past) me; (see|find out|check) what (lies|is) (to the|in the|further)?; what surrounds (me|us);
      (orient|orientate) myself; (have|take) a (gander|peek) (around|about)?; what (are|were) my surroundings; what's here; wander about; turn around; (what is|what's|what lies) (to the|in the|to) ; scout (around|about)?; enjoy the (view|scenery|surroundings); admire the (view|scenery|surroundings); (get|find) my bearings`,
  },
  {
    intent: 'examine',
    target: 'thing',
    patterns: `examine; x; inspect; study; investigate; read; check; check out; observe; watch; smell; describe;
      search; search (for|in|through|inside|under|behind); look (at|in|into|inside|on|under|behind|beneath|through|for|closely at|over);
      look (up|down|over|out|closely|carefully|again|back|across) (at|to|into|in|for|behind|under|over); look out of; sniff; (peek|peer|glance) (at|in|into|inside|under|behind|through)?; (stare|gaze|squint) (at|into)?; listen to;
      (take|have|get|make) (a|another) (closer|better|good|quick|careful|long|little|brief)? look (at|in|into|inside|under|behind|on|over); see; show me;
      regard; admire; view; scan; skim; browse; browse (through|in|among); leaf through; thumb through; page through; look (through|upon|around in); gaze (upon|into|in); (eye|scrutinise|scrutinize|analyse|analyze|find|behold|contemplate|ponder); rummage (through|in)?; dig through; sift through;
      go over; peruse; squint at; (see|find out|check|read) (what is|what's) (written|standing|written down)? (in|on|inside|under|behind); (what is|what's) (so)? (special|interesting|strange|unusual|important) about; what about; turn over; hold up; take in; (have|take) a (peek|gander|glance|peep) (at|in|into|inside|under|behind)?; peep (at|in|into|inside|under|behind)?`,
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
      (take|bring|lead) me to; (take|lead|guide) (me|us) (to|back|back to|towards)?; go (through|on to); walk through; enter; step into; follow; visit; return (to)?; (go|head|turn|walk|run|come|get) back;
      continue; leave; exit; approach; explore; cross; (make|find) (my|our) way; get (to|in|on|into|onto|out|inside|away); come (in|inside); turn (left|right); take a (walk|stroll); flee; escape; descend; ascend; back; keep going; (set off|set out|make) for; make tracks for; (make|find) (my|our) way (to|towards|into|over to|back to)?; (take|go for|have) a (walk|stroll) (to|towards)?; (skip|hop over) to; leave here; get (going|moving|out of here|away from here); (set|head|start) (off|out); be off; out of here; out of this place; dip; dip out; bounce; bail; scram; step (over|outside|inside|in|out|through); pop (over|in|into) (to)?; nip (over|in|into) (to)?; saunter; amble; trot; dash; stride; trek; march (on)?; withdraw; depart; be out of here; get out of; creep; sprint; slip (into|out|through|past|away|inside|outside); squeeze through; retrace my steps; off (i|we) go; (hop|jump|get) on (the|a) (boat|horse|ship|train|cart|wagon|raft); onward; onwards; forward; forwards; duck (into|under|out); hobble; limp; tread; pass (through|by|over); drift; roam; run (off|away); walk (off|away|out|in|on); turn (back|around) and; steer; turn; sneak (out|in|away|into|past)`,
  },
  {
    intent: 'move',
    target: 'direction',
    onlyInSight: true,
    patterns:
      'hit; on to; up; down; across; through; (off|up|down|out|outside|inside|back|over|on|in)? (to|toward|towards|into|through)',
  },
  { intent: 'use', target: 'thing', patterns: 'move' },
  {
    intent: 'take',
    target: 'thing',
    patterns: `take; take~back; get; grab; collect; pick; pick~up; fetch; gather; acquire; pocket; carry; keep; steal; snatch; seize;
      (give|hand|pass|bring|fetch|get) me; (can|could|may) (i|we) (please)? have; scoop~up; reach for; hold; hold on to; take hold of; help myself to; take~with me; lift~up; retrieve; lift; nab; swipe; obtain; claim; accept; pluck; pull~out; take~along; take~in the hand; catch; borrow; get hold of; catch hold of; bag; stash; put~(in|into|inside) (my|the) (pocket|pockets|bag|backpack)`,
  },
  {
    intent: 'drop',
    target: 'thing',
    patterns: `drop; put~down; put; put; put~back; put~away; place; leave~behind; discard; throw~away; toss~away; lay~down; lay; set~down; set; let go of; let go;
      release; leave; get rid of; throw out; throw; toss; return; leave~here; fling~away; hurl~away; chuck~away; chuck; ditch; dump; let fall; part with; surrender; relinquish; offload; leave~lying; let~fall; let~go; let~drop; leave~down; rid myself of; fling; cast~aside; cast~away; lay~aside; put~aside; set~aside; deposit; abandon; unload; stow; jettison; put~on the (ground|floor|grass); hang; hang~up; hide; bury; stash; get~off`,
  },
  {
    intent: 'use',
    target: 'thing',
    patterns: `use; operate; activate; apply; ring; play; touch; wear; sit (on|in); sit down (on|in); sink into; drink (from|of)?; sip (from|of)?; flip; flip through; pet; pat; stroke; polish; clean; swing on; play with; play on; eat; taste; try; try out; try~on;
      write (in|on|into); press; pull; push; turn~on; turn~off; switch~on; switch~off; turn; light; light~up; put~on; take~off; blow~out; rub; wind; shake; make use of; bathe in;
      dip into; knock on; knock at; feel the; (doodle|scribble|draw|sketch|sign|note|paint) (in|on|into)?; make a wish (at|in|by|into); wish (at|on|upon); put~out; extinguish; ignite; kindle; step (on|onto); stand (on|under); lean (on|against); (lie|lay|sit) (on|in) the (grass|ground|floor|moss); lie (on|in); lie down (on|in); rest (on|in|against|upon); relax (on|in); chill (on|in); lounge (on|in); settle (into|in|down in|down on|on); flop (into|onto|on|down on|down in); plop down (on|in); climb (onto|on); sit (me|myself) (down)? (on|in|upon); sit (upon|against|at|under|onto); sit down (upon|onto|against|under); take a seat (on|in|upon); have a seat (on|in); put me (on|in); seat myself (on|in); put my (feet|hands|foot|hand|face) (in|into|under|on|onto); (dip|soak|cool|hold|put|place|lay) my (feet|hands|toes|foot|hand|fingers|face) (in|into|under|on|onto);
      wash (in|at)?; wash my (hands|face|feet) (in|at|with); splash; wade (in|into|through); swim in; paddle in; wear; wield; equip; don; put~behind my (ear|ears); put~on my (head|finger|wrist|shoulders); put~around my (neck|shoulders|wrist); put~to my (ear|ears|lips); hold~to my (ear|ears|lips|chest); blow (on|into); strum; swing; spin; crank; fix; repair; mend; fill; pour; empty; dust; sweep; cuddle; smoke; cook; sample; nibble (on|at)?; taste from; refresh myself (at|in|with); quench my thirst (at|from|with); warm myself (at|by|with); make use of; turn the pages (of|in); move; shove; drag; tug (at|on)?; squeeze; twist; rotate; spin; tap (on)?; poke; insert; write; carve; rip; tear; burn; shine; sharpen; raise; lower; decorate; clear; shape; knit; plant; balance (on|along); tickle; (write|draw|dig|play|cut|fiddle) with; roll~away; roll; water; reach (into|in); swing; post; pin; stick; tie; untie`,
  },
  {
    intent: 'open',
    target: 'thing',
    patterns:
      'open; unlock; force open; force; (lift|raise|remove|take off|open) the (lid|cover|top) (of|from|off); crack; break into; unfold; uncover; unwrap; unseal; pry open; make open; unbox; unbar; part; peel; peel~open; ease~open; nudge~open; wrench~open; slide back; unroll; untie; unzip; uncap; unstop; pop open; throw open; unclasp; unpack',
  },
  {
    intent: 'open',
    target: 'thing',
    patterns:
      'fling~open; slide~open; unbolt; unlatch~open; uncork; pry~open; push~open; pull~open; kick~open; force~open; break~open; crack~open; swing~open; unfasten; unlatch; open~up',
  },
  {
    intent: 'close',
    target: 'thing',
    patterns:
      'close; shut; lock; close~up; fold; seal; slam; slam~shut; pull~shut; push~shut; push~closed; pull~closed; swing~shut; snap~shut; bang~shut; make close; draw~shut; shutter; fasten; bolt; latch; zip~up; fold~up; roll~up; cover; cover~up; cork; lock~up; clap~shut; shut~up',
  },
  {
    intent: 'give',
    target: 'thing',
    patterns:
      'give; hand; offer; present; hand~over; give~back; give~away; donate; gift; pass; bring; return; lend; deliver; feed; pay; award; entrust; serve; grant; share; split; toss; slip; hand~back; bring~back; pass~over; sell; dedicate; turn~over',
  },
  {
    intent: 'talk_to',
    target: 'person',
    patterns: `(talk|speak|chat|converse|whisper|shout|call|yell) (to|with|at|out to)?; call for; greet; say; say (hello|hi|goodbye|bye|good morning|something|anything|thanks|thank you|sorry) (to)?;
      (hello|hi|hey) (there)?; tell; thank; thanks; comfort; hug; console; listen to; smile (at)?; wave (to|at)?; nod (to|at)?; apologize to; apologise to; apologize; reply (to)?; answer;
      (have|strike up) a (word|chat|talk|conversation) (with)?; introduce myself to; confide in; open up to; share (my|our) (story|thoughts|feelings|worries|fears) with; compliment; encourage; show; meet; good (morning|evening|afternoon|day); bow (to)?; kiss; embrace; introduce myself (to)?; (argue|discuss|debate|gossip|joke|flirt|negotiate|trade|bargain|haggle|laugh|cry) (with); discuss; explain; confess; describe to; mention;
      make (conversation|small talk) (with)?; catch up with; check on; reassure; praise; congratulate; invite; warn; entertain; sing (to|for); read to; dance with; pray with; sit with; cheer~up; bid; hail; welcome; salute; tip my hat (to|at); raise my hat (to|at); take my hat off to; curtsy (to)?; beckon (to)?; grin (at)?; wink (at)?; (shake hands|hold hands) with; pat; kneel (to|before); turn to; address; murmur (to)?; mumble (to)?; admit; promise; complain (to)?; rant (to)?; vent (to)?; tease; insult; mock; scold; forgive; praise; soothe; tell off; lie to; inform; remind; (exchange|share) (a few)? (words|news|stories|thoughts) with; have a (little|quick|nice|long|short)? (word|chat|talk|conversation) (with)?; chat (up)?; (make|keep) (her|him|them) company; keep company with; break the ice with; say (good day|good evening|good night|good afternoon|farewell|yes|no|please|hey) (to)?; express my (thanks|gratitude|condolences|sympathy|regret) to; pay my respects to; make friends with; befriend; (bring|take) up; trust; speak up to; recite (to)?; scream (at|to); (hiya|heya|howdy|sup|heyy|heyyy|hii|hiii|hullo|greetings) (there)?; threaten; bribe; help`,
  },
  {
    intent: 'ask',
    target: 'person',
    patterns:
      'ask; have (a|some|another) (question|questions) (for)?; question; inquire (of)?; consult; (get|seek|ask for) (some)? (advice|help|counsel|directions) from; seek advice; ask (for|about); beg; request; interview; buy; borrow; plead with; interrogate; need; want; order; seek; tell me (about)?; teach me (about)?; explain to me; learn (about|from)?; find out (about|from)?; seek (advice|help|counsel) from; enquire (of|from|with)?; ask (to|of|from|at); ask something (to|of|from)?; (make|pose|put) (a|my|this|the) question (to)?; ask (a|my|some|one|another) (question|questions) (to|of)?; beg of; query; quiz; pump; press; (check|clarify) with',
  },
  {
    intent: 'attack',
    target: 'thing',
    patterns:
      'attack; hit; fight; fight with; kill; strike; stab; swing; throw; hurl; fire; aim; point; whack; lash out at; wrestle; strangle; throw myself at; punch; kick; slay; hurt; smash; break; destroy; shoot; slap; bite; cut; beat; beat up; harm; swing at; murder; charge at; charge; shove; tackle; headbutt; knock~out; knock~down; knock~over; assault; ambush; jump on; pounce on; lunge at; swipe at; smack; clobber; trip; choke; scratch; club; batter; box; duel; defeat; fight against; throw myself on; pick a fight with; beat~down; spit (at|on); claw at; elbow; wrestle with; struggle with; strike at; hit at; kick at; stomp on; crush; smite; stomp; cast; push~over; push~off; defend myself (against|from)?; (draw|raise|grab|pull) my (sword|weapon|blade|knife|axe) (against|on); pelt; bash; pummel; throttle; execute; slash (at)?; hack at; impale; pierce; ram; hunt; bludgeon; behead; fight back (against)?; fight off; take a swing at; (knee|claw|torch); scare; scare~away; scare~off; chase; chase~away; chase~off; annihilate; thrash; whip; lash; headbutt; jab; poke',
  },
  {
    intent: 'rest',
    target: 'none',
    patterns: `think (about|of); reflect (on)?; ponder; remember; reminisce; imagine; daydream; dream (of|about)?; let my (mind|thoughts) wander;
      sing; dance; hum; whistle; rest; sleep; nap; sit; sit down; lie; lie down; relax; breathe; (take|draw) (a|some|a few|several|three|another) (deep|slow|long|calm|big)? (deep|slow)? (breath|breaths); breathe deeply; meditate; pause;
      calm (down|myself|myself down); (take|have) (a|some|a little|a short) (nap|break|rest|seat|moment|pause|time); get some (rest|sleep); take it easy; (close|shut) (my|our) eyes; doze; doze off; count (to|my breaths); go to (sleep|bed); close my eyes; catch my breath; pray; settle down; stretch; stretch out; unwind; sit quietly; fall asleep; (make|take|have|need) a (little|short|small|quick|long|tiny|brief)? (rest|pause|break|nap|breather|siesta|snooze|time-out|timeout|nap); curl up; snooze; slumber; chill; chill out; (make|set up|pitch) camp; camp; hit the (hay|sack); get some (sleep|shut-eye|rest); put my feet up; put up my feet; recover; repose; recuperate; regain my strength; rest my (eyes|legs|feet|head|bones); breathe (in|out|slowly|deeply); lie (in|on|under|beneath) the (grass|tree|trees|shade|sun); lay down; lay back; lie back; kick back; do (some|a)? (yoga|breathing|meditation); take some time to (rest|breathe|relax); compose myself; collect myself; centre myself; center myself; ground myself; have a (sit|sit down|lie-down|lie down); lie (on|in); lie down (on|in); (rest|relax|chill|lounge) (on|in|against|upon)`,
  },
  {
    intent: 'wait',
    target: 'none',
    patterns: `wait; z; stay; stand (still|here|there); do nothing; do (not|nothing) at all; linger; remain; (hold|hang) on; stay put; (wait|sit back|stand by|stay) and see (what happens|what comes|what happens next)?; (be|keep|stay|remain) (quiet|still|silent|patient); stand by; say nothing; do that; hold still; keep still; (don't|do not) do anything; take (my|your|our) time; stop (here|there|walking|moving|for)?; stay here; pass time; bide (my|our) time; hold (on|up); stick around; hang (around|about|out); kill time; let (a|some|the)? (little)? (minute|minutes|moment|moments|time|while|hour|hours|day|night|seconds) pass; pass the time; freeze; stand; skip turn; skip (a|the|my|this) turn; pass a turn; pass the turn; hold back; (watch|listen) and wait; do absolutely nothing; (not do|don't do|do) anything for now; (stay|remain) in place; hesitate; (stay|stand) there; (some|the|a little) time (goes|passes); let (some|the|a little|a bit of|a)? (time|minute|hour|day|moment) (go|slip|run) by; let me think (about it|about this|for a moment|for a minute|for a second|for a bit)?; (think|ponder|reflect|hesitate|listen) (for|about it|for a while|for a moment)?; (stand|stay|wait) (around|about|back|silent|quiet|quietly|motionless|by); stand around; loiter; tarry; dawdle; idle; give (it|me|us) (a)? (moment|minute|second|time); not move; just vibe; vibe; be right back; one (moment|second|minute); leave (her|him|it|them|everyone|everything|the others) alone; wait a (moment|minute|second|bit|little); be patient; sit tight; do not move; stay where i am; be still; be there`,
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
  return expandPattern(particle).flatMap((behind) => {
    const phrase = `${head} ${behind.join(' ')}`;
    return [
      { phrase, words: [head, ...behind] },
      { phrase, words: [head], particle: behind },
    ];
  });
}

/** All the verbs of one word, for guessing at typing errors. */
export const SINGLE_WORD_VERBS: ReadonlySet<string> = new Set(
  VERBS.filter((verb) => verb.words.length === 1 && verb.phrase.length > 3).map((verb) => verb.phrase),
);

const LEAVE_TO_THINK = /^think$/;

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
  // "let me", "let us" only ask for leave.
  if (
    token.word === 'let' &&
    /^(me|us|him|her)$/.test(tokens[at + 1]?.word ?? '') &&
    !/^(fall|go|drop)$/.test(tokens[at + 2]?.word ?? '')
  )
    return LEAVE_TO_THINK.test(tokens[at + 2]?.word ?? '') ? verbsOf(tokens, at, 'let') : [];
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
