import { DIRECTION_BY_WORD } from './directions.ts';
import type { VerbForm } from './inflection.ts';
import { verbsAt } from './lexicon.ts';
import { PhraseTable } from './patterns.ts';
import type { Token } from './tokens.ts';

/**
 * What stands before a verb and only says how, how willingly or how politely. `ing` frames want "walking" behind
 * them, the others "walk"; `denies` turns the command into its opposite.
 */
interface Frame {
  readonly form: VerbForm;
  /** Counts only when a command follows: "I am going to the village" is a move, not a frame. */
  readonly isStrict: boolean;
  readonly denies: boolean;
}

const PLAIN: Frame = { form: 'base', isStrict: false, denies: false };
const STRICT: Frame = { form: 'base', isStrict: true, denies: false };
const GERUND: Frame = { form: 'ing', isStrict: true, denies: false };

const FRAMES = new PhraseTable<Frame>([
  ...frames(PLAIN, [
    '(please|now|just|ok|okay|alright|well|so|then|and|but|first|firstly|next|finally|lastly|maybe|perhaps|kindly|hmm|hm|um|oh|ah|also|afterwards|instead|anyway|still|simply|again|meanwhile|somehow|together|today|yes|yeah|sure|no)',
    "(let's|lets)",
    '(dude|bruh|bro|omg|lol|uh|erm|er|hmmm|aight|welp|honestly|actually|basically|btw|yo|right|fine|good|great|cool|nice|wow|aha|quietly|very well|of course|by all means|in that case|for now|at last|to begin with|my friend|without a word|if possible)',
    'let (me|us)',
    '(i|we) (will|can|shall|should|must|may|might|could|would|do)?',
    "(i'll|we'll|i'd|we'd|i'm|im|i've|we're)",
    '(can|could|would|will|may|shall|might) (you|we|i|us) (kindly|please)?',
    '(can|could|would|will) you be so (kind|good|nice) (as)? (to|and)?',
    'be so (kind|good|nice) (as)? (to|and)',
    'i am',
    'we are',
    'after that',
    'and then',
    'this time',
    'my character',
  ]),
  ...frames(STRICT, [
    '(i|we) (want|wanna|wish|need|have|try|decide|plan|choose|intend|ought|like|prefer|hope|dare|long|begin|start) to?',
    "(i'm|i am|we're|we are)? (just|now)? going to",
    '(about|ready|trying|planning|off|time) to',
    '(want|wanna|wish|need|have|decide|decided|choose|plan|begin|start|like|love|manage) to',
    "(i|we|i'd|we'd|i would|we would|i'll|i will) (really|very much|rather|much)? (like|love|prefer|rather|better|want|try|have) to?",
    "(i'm|i am|we're|we are|im) (about|ready|trying|planning|inclined|here|off|willing|determined) to?",
    "(i've|i have|we have|we've) decided to",
    '(i|we) (had|would) (better|rather)',
    '(i think|i guess|i suppose|i believe|i say|i reckon) (that)? (i|we)? (will|should|shall|might|can|could|would|am going to|want to|need to|must)?',
    "(i think|i guess|i suppose) (i'll|i'd|we'll|we'd|i'm going to|i would like to|i'd like to|let's)",
    "(why|how) (don't|do not|not) (i|we|you)?",
    'why not',
    "(it is|it's)? (about)? time (for me|for us)? to",
    '(i|we)? (might|may) as well',
    '(do you think|is it okay if|is it ok if|would it be okay if|can i) (i|we)? (can|could|may)?',
    'try (and|to)',
    '(go|come) (over|there|back)? and',
    '(remember|make sure|be sure) to',
    'my (plan|goal) is to',
    'all i want is to',
    'i (would|should|will) (be|feel) (glad|happy|delighted|grateful|pleased|honoured|honored) (to|if i could|if we could)',
    "(i'm|i am) (glad|happy|delighted|pleased|tempted|eager|keen|curious|free|able|minded|prepared|ready|anxious|dying|itching|longing|hoping) to",
    '(allow|permit) (me|us) to',
    'i (desire|mean|aim|fancy|propose|wish|yearn|vow|attempt|proceed|continue|manage|bother|care|happen|agree|offer|dare|use this moment|take a moment|take the time|take the opportunity|take some time) to',
    'i do (believe|think) i (will|shall|should|might|would)?',
    '(it might|it would|it could|it may|might) be (nice|good|wise|best|better|lovely|fun|interesting) (to|if i|if we)?',
    "(i've|i have) (half)? a (good)? mind to",
    '(i|we) (had|would do)? best',
    '(i|we) (go|come|head|walk|run|move|bend|lean|reach|kneel|crouch) (over|down|out|back|up|forward|closer)? (and|to)',
    '(what|how) if (i|we)',
    "(i'm|i am) in the mood to",
    '(please)? (help|assist) (me|us) (to)?',
    '(i|we) (am|are) to',
    "(it is|it's) (my)? (turn|wish|intention|plan|aim) to",
    '(could|can|would|will|may|might) (you|i|we) (be|have)? (allowed|permitted|able) to',
    'i (quickly|slowly|carefully)? (turn|get up|stand up|rise|wake up|sit up|stop) (and|to)',
  ]),
  ...frames(GERUND, [
    '(would|do) you mind',
    "(i'm|i am|we're|we are|im)",
    '(i|we)? (start|begin|keep|continue|consider|feel like|end up|try|go) (on)?',
    "(i'm|i am) (thinking of|thinking about|considering)",
    '(how|what) about',
    "(i)? (would|don't|wouldn't|do not)? mind",
    '(after|before|while|by|when)',
  ]),
  ...frames({ form: 'base', isStrict: true, denies: true }, [
    "(i|we|you)? (don't|do not|dont|won't|will not|wouldn't|would not|shouldn't|should not|mustn't|must not|never|shan't|needn't|need not) (ever|really|dare|just|even)? (want to|wanna|wish to|need to|have to|try to|like to|plan to|intend to|go and|going to)?",
    "(let's|lets|let us) (not|never)",
    "(i'm|i am|we're|we are) (not|never) (going|gonna|ready|about|willing|planning|trying|here) (to)?",
    "(i'd|i would|we'd) (rather|prefer) (not|not to)",
    '(i)? (refuse|decline|hesitate) to',
    '(better|not|never) (to)?',
    "(there is|there's)? no need to",
    '(i|we) (decide|decided|choose|try|prefer) not to',
    'by no means',
  ]),
  ...frames({ form: 'ing', isStrict: true, denies: true }, [
    "(i'm|i am|we're|we are) (not|never)",
    "(i|we|i'll|i will)? (avoid|stop|refrain from|keep from)",
    "(i|we)? (don't|do not|dont) (feel like|like)",
    'without',
    '(instead of|rather than)',
  ]),
]);

/** "Quickly", "nervously": how something is done. Long enough, or "fly" and "reply" would count. */
const ADVERB = /^\p{L}{3,}ly$/u;
const NO_ADVERB = new Set([
  'reply',
  'apply',
  'supply',
  'family',
  'belly',
  'lily',
  'elderly',
  'lonely',
  'friendly',
]);

export interface Start {
  /** The position of the first word that may be a verb. */
  readonly at: number;
  readonly form: VerbForm;
  readonly isDenied: boolean;
}

/** Skip the frames before a verb. Words at the very end are never frames. */
export function startOf(tokens: readonly Token[], from: number): Start {
  let start: Start = { at: from, form: opensWithGerund(tokens, from) ? 'ing' : 'base', isDenied: false };
  if (start.form === 'ing') return start;
  for (let steps = 0; steps < 12; steps++) {
    const next = nextStart(tokens, start);
    if (next === null) return start;
    start = next;
  }
  return start;
}

/** "opening night was wonderful" opens nothing. */
const STATING =
  /^(is|isn't|was|wasn't|were|are|has|had|will|would|makes?|made|helps?|seems?|feels?|sounds?)$/;

/** "walking to the mountain", as somebody writes who says what they are doing. */
function opensWithGerund(tokens: readonly Token[], from: number): boolean {
  const isLong = tokens.length > from + 1 && (tokens[from]?.word.length ?? 0) > 5;
  if (tokens.slice(from + 1, from + 5).some(({ word }) => STATING.test(word))) return false;
  return isLong && verbsAt(tokens, from).length === 0 && verbsAt(tokens, from, 'ing').length > 0;
}

/** Is there a command at the end of the frames? */
export function isCommandAt(tokens: readonly Token[], { at, form }: Start): boolean {
  return (
    verbsAt(tokens, at, form).some(({ phrase }) => !/^(off )?(to|towards?)$/.test(phrase)) ||
    (form === 'base' && DIRECTION_BY_WORD.has(tokens[at]?.word ?? ''))
  );
}

function nextStart(tokens: readonly Token[], start: Start): Start | null {
  const { at, isDenied } = start;
  const token = tokens[at];
  if (token === undefined || token.isQuoted || at + 1 >= tokens.length) return null;
  const isVerb = verbsAt(tokens, at, start.form).length > 0;
  const found = FRAMES.at(tokens, at).filter(
    ({ words }) => at + words.length < tokens.length && !crossesBreak(tokens, at, at + words.length),
  );
  // Strict ones first: in "I am walking" the frame wants "walking", in "I am, well, …" it is mere filling.
  for (const { words, value } of found.toSorted(
    (a, b) => Number(b.value.isStrict) - Number(a.value.isStrict),
  )) {
    if (!value.isStrict && isVerb) continue;
    const next: Start = { at: at + words.length, form: value.form, isDenied: isDenied || value.denies };
    if (!value.isStrict || leadsToCommand(tokens, next)) return next;
  }
  if (isVerb) return null;
  if (ADVERB.test(token.word) && !NO_ADVERB.has(token.word)) return { ...start, at: at + 1 };
  return null;
}

/** A strict frame needs its verb, with an adverb, another frame or a denial between at most. */
function leadsToCommand(tokens: readonly Token[], start: Start): boolean {
  let current: Start | null = start;
  for (let steps = 0; current !== null && steps < 4; steps++) {
    if (isCommandAt(tokens, current)) return true;
    current = nextStart(tokens, current);
  }
  return false;
}

/** "Please, go" is fine; "I will. Go" is two sentences. */
function crossesBreak(tokens: readonly Token[], from: number, to: number): boolean {
  return tokens.slice(from + 1, to).some((token) => token.breakBefore !== 'none');
}

function frames(frame: Frame, patterns: readonly string[]): [string, Frame][] {
  return patterns.map((pattern) => [pattern, frame]);
}
