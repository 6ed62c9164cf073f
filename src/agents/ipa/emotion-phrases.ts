import type { Emotion } from '../../contracts/intent.ts';
import { PhraseTable } from './patterns.ts';

/** A feeling said without its word; null: a feeling, but which one is not for us to say. */
export type Spoken = Emotion | null;

const IDIOMS: readonly (readonly [Spoken, string])[] = [
  [
    null,
    "in (so much|a lot of)? pain; mixed (feelings|emotions); i'm (so|such)? (broken|a mess); (want to|wanna|could) scream; i need (a|another) hug; i need (some|a little)? (peace|comfort); feel (betrayed|responsible|used|invisible|judged|watched|unsafe|ready|brave|strong|weak)",
  ],
  ['calm', "(i'm|i am) doing (fine|okay|ok|alright|well|good|great); (much|feel)? at home here"],
  [
    'anxious',
    "(i'm|i am|my hands keep) (shaking|trembling|sweating|panicking); (can't|cannot) (calm|settle) down",
  ],
  ['sad', 'burst into tears; i (break|broke) down; (down|low) (today|again|lately)'],
  [
    'ashamed',
    "(i'm|i am|feel|feeling) (so|such|really)? (an|a)? (useless|idiot|stupid|pathetic|ridiculous|small); i failed",
  ],
  ['happy', "(can't|cannot|can hardly) wait (to|for); in love; on cloud nine; feel (so)? (loved|alive|free)"],
  ['lonely', "(i'm|i am|feel) (all)? by myself; left out; (feel like|i'm|i am) an outsider; don't fit in"],
  [
    'hopeful',
    "(a)? (glimmer|glimpse|ray|spark|bit|little) of hope; there is (still)? hope; i have hope; there's (still)? hope",
  ],
  [
    'overwhelmed',
    "weight on my (chest|shoulders|heart|back|mind); i (can't|cannot) (anymore|any more|no more); i can no (more|longer); the weight of (it all|everything|the world); at my (wits|wit's|wits') end; head is full of; (losing|lose|lost) control; breaking point",
  ],
  [
    'overwhelmed',
    "(is|it's|this is|that's) (all|just|simply|way|far)? (just|simply|way|far)? too much (to bear|to handle|for me)?; (can't|cannot|can not) (cope|handle|take|bear|keep up|deal); more than i can (take|bear|handle); (in|drowning) over my head; i'm drowning; falling apart; at my limit",
  ],
  [
    'anxious',
    '(a)? (knot|knots|pit|butterflies|lump|stone) in (my|the) (stomach|chest|belly|throat|gut|guts); sick to my stomach; (walking|on) (on)? eggshells; on pins and needles; my heart (is)? (racing|pounding|hammering); on edge; (panic|anxiety) attack; my (stomach|chest) is (tight|in knots|churning); butterflies in my stomach; (worried|stressed) sick; i panic; i worry; (hands|legs|knees|body) (are|is|keep|keeps)? (shaking|trembling); i (tremble|shiver|shake); (mind|thoughts) (is|are|keep|keeps)? racing; (throat|chest|shoulders) (is|are|feels|feel) (tight|tense|heavy); freaking out; my (anxiety|worries|nerves)',
  ],
  [
    'sad',
    '(on the edge of|close to|near|fighting) tears; my heart (is)? (heavy|broken|breaking|aches|hurts); broken heart; in tears; (feel like|about to|going to|want to|wanna|could|might|start to) cry; (start|keep) crying; i (cry|cried|weep|wept|sob|sobbed); tears (run|are running|stream|fall|roll|in);  feel like crying; i (mourn|grieve); heavy heart; (my|this) (sadness|grief|sorrow); down in the dumps; feeling low',
  ],
  [
    'lonely',
    "(nobody|no one|noone|no-one|none) (really|ever|else)? (understands|cares|loves|likes|listens|wants|sees|gets|knows|notices) (about)? me; (nobody|no one) (cares|listens|understands); (have|got|have got) (nobody|no one|no friends|no one left|nobody left); (i am|i'm|feel) (all|so|completely)? on my own; my loneliness; i don't belong; know (nobody|no one); (have|got) (nobody|no one) to (talk to|turn to|call)",
  ],
  [
    'lost',
    "(don't|do not|dont|no longer|not) know (what|where|how|which way|who) (to|i) (do|go|turn|start|begin|am|continue|be|live|move on|belong) ; (lost|losing) my way; no idea (what|where|how) (to do|to go|to start|i am|i'm doing); i'm (going)? nowhere; no direction",
  ],
  [
    'confused',
    "(don't|do not|dont|can't|cannot) (really)? (understand|get|make sense|figure) (it|this|what|why|how|anything|any|of|out)?; (makes|making) no sense; don't know (what to think|why); not sure (where to go|where i am|what|if|whether|how|why|about|i); my head is spinning",
  ],
  [
    'tired',
    '(worn|burned|burnt|tired|wiped) out; (no|out of|low on) (more)? (energy|strength); (have|got) no (energy|strength) left; at the end of my (rope|strength); ready to drop; need (some)? sleep; could sleep for (days|weeks|a week)',
  ],
  [
    'angry',
    "fed up; (sick|sick and tired|tired) of (this|it|everything|everyone|people|you|him|her|them|being); pissed (off)?; (have|had|i've had) enough; makes my blood boil; my (anger|rage|temper); i could scream; losing my temper",
  ],
  ['afraid', 'i (fear|dread); scared to death; scares the (hell|life) out of me'],
  [
    'calm',
    '(at|in) (peace|ease); (inner|a sense of) (peace|calm); can breathe again; my mind is (quiet|still|clear)',
  ],
  [
    'happy',
    'i love (it|this|that|being|the|my|you|these); i enjoy (this|it|the|being); over the moon; on top of the world; makes me smile; having fun; i feel alive; my joy',
  ],
  [
    'grateful',
    'i (really|truly|so|deeply)? appreciate; i (am|feel) lucky; so lucky; means (so much|a lot) to me',
  ],
  [
    'hopeful',
    'things are (looking up|improving|getting better); (look|looking) forward to; things (will|are going to|might) (be|get) (better|okay|fine|alright); i hope (so|that|it|i|things|we|for|to)?; light at the end',
  ],
  [
    'guilty',
    "(all|is|was|it's)? my fault; i (blame|can't forgive|cannot forgive) myself; i regret; i let (everyone|him|her|them|you|people|myself) down; i shouldn't have; my guilt; should (never|not) have; should have (done|been|known|said)",
  ],
  [
    'ashamed',
    "not good enough; (such|i am|i'm|feel like)? a (failure|disappointment|loser|burden|fraud|coward); my shame; i want to hide; everyone is (laughing|staring)",
  ],
  [
    'curious',
    "i (do)? wonder (what|how|why|who|where) ; my curiosity; i'm dying to know; i want to know more",
  ],
  ['proud', 'i (did|made) it; i finally (did|made); my pride'],
  [
    'numb',
    "(don't|do not|can't|cannot) feel (anything|a thing|much); feel (nothing|dead inside); my numbness",
  ],
  [
    null,
    "(my|these|those) (feelings|emotions|heart|mood); (i'm|i am) missing (my|you|her|him|them|home|it); (i'm|i am|so|just|really) bored; everything (sucks|is awful|is terrible|is horrible|is shit|is crap|is pointless|hurts|goes wrong|is going wrong|is ruined|is broken); (makes|make|making|made) me (sick|cry|laugh|smile|feel|want|crazy|uncomfortable|stronger|weak|weaker); my (birthday|wedding|anniversary|graduation); i (finally|hardly|barely|never)? (slept|sleep) (well|badly|enough|at all); i (need|want|long) (to)? (cry|laugh|peace|scream|be held); i long for; (have|in) (a lot of|so much|much|big|great)? pain; (i'm|i am) (so|deeply|very)? (touched|moved by|heartened); nothing (interests|excites|helps|matters|works|moves) (me)?; (what a|such a) relief; leave me alone; (that|this|it) (was|is) (so|really|very)? (amazing|great|awesome|fun|nice|beautiful|wonderful|lovely|horrible|terrible|awful|sad|cool|stupid); (could be|i've been|have been) (better|worse); not (so|too|very|that)? (great|good); i (don't|do not) (really)? care; i (messed|screwed|fucked) (it|things|everything)? up; (someone|somebody) (who)? (listens|to listen|who listens|to hold me|cares); i (really)? need (a friend|someone|somebody|comfort|support); (why|what) (does|is|did) everyone (leave|leaving|hate|left)? (me)?; i (scream|sigh|laugh|groan|shiver with fear); (i'm|i am) (so|really|very)? (brave|strong|courageous|broke|sick|pathetic|unlucky|lucky|doomed|ready for this); (don't|do not|can't|cannot|can not) see (a|any|the|no) (way out|way forward|future|point|hope|light|end); (don't|do not|can't) (feel|have) (any)? (feelings|emotions) (left)?; no feelings (left)?; i can not (more|anymore); i can't more; (today|it|yesterday|this) was a (good|bad|great|terrible|hard|long|rough|tough|awful|horrible|wonderful) (day|night|week|year|time); (a|what a|such a) (good|bad|great|terrible|hard|long|rough|tough|awful|horrible|wonderful|shitty|crappy|lousy) (day|night|week|year); i'm (so)? done (with everything|with it all)?; life (sucks|is hard|is unfair|is tough); this sucks; i (really|so|still)? (miss|hate|love|despise|resent|envy); i (can't|cannot|can not|couldn't) (stop|sleep|breathe|do this|do it|go on|move on|stand|believe|concentrate|focus|think|let go|help it|trust|forgive|relax); i (don't|do not|can't|cannot) trust; bad things; something bad; (i|we) (keep|am|can't stop) (thinking|worrying); how i feel; i've been through; hard (time|day|week|year); having a (bad|hard|rough|tough|terrible|good|great) (day|time|week|year); it (all|really|still)? hurts; everything hurts; (i'm|i am|feel|feeling) (so|really|just|very)? (bored|struggling|shocked|surprised|restless|off|unwell|weird); (i'm|i am) not (doing|feeling)? (so|too|very|really)? (well|okay|ok|good|great|fine|alright); someone to (talk|listen) to; so much pressure; so done with; feel (bad|worse|better|strange|weird|terrible|awful|horrible|off)",
  ],
];

/** Heard, never played out. What is done about them is for the safety rules. */
const GRAVE =
  '(want|wish|wanted|going|ready|like) to (die|disappear|vanish|end it|end it all|give up|not exist|hurt myself|kill myself|harm myself|be dead); ' +
  '(want|wish) (it|this|everything) (to end|was over|to be over|would end|to stop); i give up; giving up; gave up; nothing matters (anymore)?; no (point|reason) (in|to) (living|live|anything|going on|go on|it)?; ' +
  "(there is|there's|is) no point; (can't|cannot) go on; (can't|cannot) do (this|it) anymore; better off (dead|without me); wish i (was|were) (dead|never born|gone|not here); i hate myself; don't want to (live|be here|exist|wake up|be alive); " +
  "(want|wish) it all to (end|stop|be over); life is (pointless|meaningless|worthless|not worth living); (what's|what is) the point (of|in) (living|life|anything|going on); end my life; (kill|hurt|harm|cut|hit|punish|starve|burn|injure|stab|choke|hang|drown|shoot) myself; suicide; suicidal; self-harm; kill me; rather be dead; not worth living; take my own life; nothing to live for; wants me dead; hurt me; " +
  '(thinking|think|thought|thoughts|dream|dreaming|ideas) (about|of) (hurting|killing|harming|cutting|ending|dying|death|suicide|burning) (myself|it all|it|my life|everything)?; (hurting|killing|harming|cutting|burning|starving|hanging|drowning|shooting|stabbing|punishing) myself; (cut|cutting|slit|slitting|slash|slashing) (my|the) (wrist|wrists|arm|arms|leg|legs|thigh|thighs|throat|veins); ' +
  'jump (off|from|out of|in front of) (a|an|the|this|that|my)? (bridge|roof|rooftop|cliff|building|window|balcony|train|bus|car|tower|ledge); (bridge|roof|cliff|balcony|window|ledge|tower|edge) and (then)? jump (out|off|down)?; (take|swallow|swallowing|taking|took) (all|too many of|the whole bottle of|a bottle of|a handful of|a bunch of|too many) (of)? (my|the|these|those)? (pills|tablets|meds|medication|medicine); overdose; overdosing; ' +
  "disappear forever; (never|not) wake up (again|anymore)?; don't wake up; (want to|want) (to)? (live|exist|be here|be alive) (no more|no longer|anymore no); if i (was|were) (gone|dead|not here); if i died; (would|will) miss me; (done|finished|through) with (life|living); tired of (living|life|being alive); (i|should|could|would|will|wanna|want to|gonna) (just)? die; ready to (die|go for good); (want|wish|need) to (end|cut|hang|drown|shoot|starve|unalive) (it|it all|myself|my life|everything|things); end it all; end everything; hang myself; (world|everyone|everybody|family|they|kids|parents) (would|will|is|are)? (be)? better (off)? without me; (been|started|keep|am|i'm|stop|stopped) cutting (again|myself|my)?; (a|the|one)? (whole|full|entire)? bottle of (pills|tablets|aspirin|paracetamol); drink (bleach|poison); swallow (bleach|poison|pills); (want|going|like|wanted|need|thoughts) (to|of) (hurt|hurting|kill|killing|stab|shoot|murder) (someone|somebody|people|everyone|everybody|others|another person); no way out (for me)?; (he|she|they|father|dad|mother|mom|mum|stepdad|husband|wife|boyfriend|girlfriend|partner|parents) (sometimes|often|always|still)? (hits|beats|hit|beat|chokes|choked|rapes|raped|abuses|abused|touches|touched|threatens|threatened|strangled) me; raped me; (was|been|being) (raped|abused|molested|assaulted)";

export const EMOTION_IDIOMS = new PhraseTable<Spoken>(
  IDIOMS.flatMap(([emotion, patterns]) =>
    patterns.split(';').map((pattern): [string, Spoken] => [pattern.trim(), emotion]),
  ),
);

/** A danger to the speaker. It is heard before anything else and never left to a model. */
export const GRAVE_PHRASES = new PhraseTable<true>(
  GRAVE.split(';').map((pattern): [string, true] => [pattern.trim(), true]),
);
