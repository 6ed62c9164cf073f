import type { Emotion } from '../../contracts/intent.ts';
import { EMOTION_IDIOMS, GRAVE_PHRASES } from './emotion-phrases.ts';
import { effectOf, EMOTION_BY_STATE, WEAK_STATES } from './emotion-words.ts';
import { isNegated, isNegation } from './negation.ts';
import { wordsOf, type Token } from './tokens.ts';

const SPEAKERS = new Set("i i'm im i've i'd i'll we we're we've me my myself".split(' '));
const OTHERS = new Set("he she they you it's he's she's they're you're who".split(' '));
const FEELING_VERBS = new Set(['feel', 'feeling', 'felt', 'feels']);
const CONTRACTED_BEING = new Set(["i'm", 'im', "we're", "i've"]);
const BEING = new Set(
  'am was were been being be get got getting become became becoming grow growing have had having seem remain stay full'.split(
    ' ',
  ),
);
const MAKING = new Set(
  'gives gave give giving brings brought fills makes made make making leaves left keeps kept gets got getting'.split(
    ' ',
  ),
);
const INTENSIFIERS = new Set(
  'so very really quite a bit little too just still totally completely utterly pretty rather kind sort of and at also but all such lot much more deeply truly extremely incredibly terribly awfully absolutely slightly somewhat full filled with sense in feeling feel now today again right me that more an some lots overcome by kinda sorta super hella mega damn bloody mostly lately sooo soo soooo myself'.split(
    ' ',
  ),
);
/** Behind these a word describes something else: "the angry man". */
const ATTRIBUTIVE = new Set('the that this those these his her their its your'.split(' '));
const REACH = 8;

export interface EmotionReading {
  /** Undefined when a feeling is spoken of but none is named, or only denied: "I'm not sad". */
  readonly emotion: Emotion | undefined;
  /** The words that say it. */
  readonly span: { readonly start: number; readonly end: number } | undefined;
  /** The speaker may be in danger: heard before anything else and never left to a model. */
  readonly isGrave: boolean;
  /** Said in a phrase that means nothing else, whatever verbs are in it: "looking forward to". */
  readonly isIdiom?: true;
}

/**
 * The feeling a clause expresses. It must be the speaker's own ("I feel …", "I'm …", "… makes me …"), an idiom for one,
 * or stand alone ("so tired"). A denied one does not count, and the next named one is tried. What stands in quotation
 * marks is not listened to.
 *
 * @returns null when the clause does not express a feeling
 */
export function readEmotion(clause: readonly Token[]): EmotionReading | null {
  const tokens = clause.filter((token) => !token.isQuoted);
  const named = namedFeelings(tokens);
  const held = named.filter(({ at }) => !isNegated(tokens, at) && !isWished(tokens, at));
  const affirmed = held.find(({ at }) => isOfNow(tokens, at)) ?? held[0];
  if (GRAVE_PHRASES.find(tokens) !== undefined) {
    return { emotion: affirmed?.emotion, span: affirmed && tokens[affirmed.at], isGrave: true };
  }
  const idiom = EMOTION_IDIOMS.find(tokens);
  const isIdiomMeant =
    idiom !== undefined &&
    !isNegated(tokens, idiom.at) &&
    (affirmed === undefined || (affirmed.at >= idiom.at && affirmed.at < idiom.at + idiom.length));
  if (isIdiomMeant) {
    const { at, length, value } = idiom;
    const emotion = value ?? affirmed?.emotion;
    const span = { start: tokens[at]?.start ?? 0, end: tokens[at + length - 1]?.end ?? 0 };
    return { emotion, span, isGrave: false, isIdiom: true };
  }
  if (affirmed !== undefined) return { emotion: affirmed.emotion, span: tokens[affirmed.at], isGrave: false };
  const speaksOfFeeling = named.length > 0 || anchorsOf(tokens).some(({ isFeeling }) => isFeeling);
  return speaksOfFeeling ? { emotion: undefined, span: undefined, isGrave: false } : null;
}

/** Does the speaker say, outside quotation marks, that they may be in danger? */
export function isInDanger(tokens: readonly Token[]): boolean {
  const said = tokens.filter((token) => !token.isQuoted);
  const found = GRAVE_PHRASES.find(said);
  return found !== undefined && !DESPAIR.test(wordsOf(said.slice(found.at, found.at + found.length)));
}

/** "I was scared, but now I am calm" is calm. */
function isOfNow(tokens: readonly Token[], at: number): boolean {
  const now = tokens.findLastIndex(({ word }, i) => i < at && word === 'now');
  return (
    now > 0 && tokens.slice(0, now).some(({ word }) => word === 'was' || word === 'were' || word === 'felt')
  );
}

/** Grave enough to be heard, but said of a riddle as well: the rest of such a line still counts. */
const DESPAIR = /^(i give up|giving up|gave up)$/;

interface Named {
  readonly at: number;
  readonly emotion: Emotion;
}

function namedFeelings(tokens: readonly Token[]): Named[] {
  const anchors = anchorsOf(tokens);
  const alone = standsAlone(tokens);
  return tokens.flatMap(({ word }, at) => {
    const effect = tokens[at + 1]?.word === 'me' ? effectOf(word) : undefined;
    if (effect !== undefined) return [{ at, emotion: effect }];
    const impression = word.endsWith('ing') || word === 'scary' ? impressionOf(tokens, at) : undefined;
    if (impression !== undefined) return [{ at, emotion: impression }];
    const emotion = EMOTION_BY_STATE.get(word);
    if (emotion === undefined || (word === 'nothing' && tokens[at + 1]?.word === 'but')) return [];
    const isMeant = alone || anchors.some((anchor) => reaches(tokens, anchor.at, at));
    return isMeant ? [{ at, emotion }] : [];
  });
}

interface Anchor {
  readonly at: number;
  readonly isFeeling: boolean;
}

/** "this is so frustrating", "how confusing": what something is like is how the speaker feels. */
function impressionOf(tokens: readonly Token[], at: number): Emotion | undefined {
  let before = at - 1;
  while (INTENSIFIERS.has(tokens[before]?.word ?? '')) before--;
  const isImpression = /^(is|it's|that's|this|feels|how|everything)$/.test(tokens[before]?.word ?? '');
  const isGeneral = /^(it|it's|this|that|that's|everything|all|how|life|feels)$/.test(
    tokens[Math.max(0, before - 1)]?.word ?? '',
  );
  if (!isImpression || !isGeneral) return undefined;
  return tokens[at]?.word === 'scary' ? 'afraid' : effectOf(tokens[at]?.word ?? '');
}

/** Where it is said that what follows is a state of the speaker. */
function anchorsOf(tokens: readonly Token[]): Anchor[] {
  return tokens.flatMap(({ word, breakBefore }, at): Anchor[] => {
    if (FEELING_VERBS.has(word)) {
      const opens = at === 0 || breakBefore !== 'none';
      return opens || speakerBefore(tokens, at, 5) ? [{ at, isFeeling: true }] : [];
    }
    const isBeing =
      CONTRACTED_BEING.has(word) ||
      (BEING.has(word) && (speakerBefore(tokens, at, 5) || tokens[at + 1]?.word === 'i')) ||
      (word === 'are' && tokens[at - 1]?.word === 'we') ||
      (word === 'me' && MAKING.has(tokens[at - 1]?.word ?? ''));
    return isBeing ? [{ at, isFeeling: false }] : [];
  });
}

function speakerBefore(tokens: readonly Token[], at: number, reach: number): boolean {
  for (let back = at - 1; back >= Math.max(0, at - reach); back--) {
    if (tokens[back + 1]?.breakBefore === 'stop') return false;
    const word = tokens[back]?.word ?? '';
    if (OTHERS.has(word)) return false;
    if (SPEAKERS.has(word) && word !== 'my') return true;
  }
  return false;
}

/** "I want to be happy", "I wish I felt calm": what is wished for is not there. */
function isWished(tokens: readonly Token[], at: number): boolean {
  const before = tokens.slice(Math.max(0, at - 7), at).map(({ word }) => word);
  return /\b(want|wish|need|hope|long|try|trying|like) (to|i|i could|i was|i were|myself to) (just |only |finally )?(be|feel|felt|stay|become|get)?\b/.test(
    before.join(' '),
  );
}

/** Does what the anchor says hold for the word at `at`? Weak words must follow at once. */
function reaches(tokens: readonly Token[], anchor: number, at: number): boolean {
  if (at <= anchor || at - anchor > REACH || ATTRIBUTIVE.has(tokens[at - 1]?.word ?? '')) return false;
  const between = tokens.slice(anchor + 1, at);
  if (tokens.slice(anchor + 1, at + 1).some((token) => token.breakBefore === 'stop')) return false;
  if (between.some(({ word }) => OTHERS.has(word))) return false;
  if (!WEAK_STATES.has(tokens[at]?.word ?? '')) return true;
  return between.every(({ word }) => INTENSIFIERS.has(word) || isNegation(word) || word === 'i');
}

/** "lonely and cold", "scared of the dark": a feeling first, then a pause or a word that goes on from it. */
function opensWithFeeling(tokens: readonly Token[]): boolean {
  const at = tokens.findIndex(({ word }) => !INTENSIFIERS.has(word));
  const word = tokens[at]?.word ?? '';
  const next = tokens[at + 1];
  if (!EMOTION_BY_STATE.has(word) || WEAK_STATES.has(word) || next === undefined) return false;
  return (
    next.breakBefore !== 'none' ||
    /^(and|but|about|of|because|today|now|again|inside|to|that|with|right)$/.test(next.word)
  );
}

/** Nothing but feelings and how strong they are: "so tired", "not happy, but calm". */
function standsAlone(tokens: readonly Token[]): boolean {
  const feelings = tokens.filter(({ word }) => EMOTION_BY_STATE.has(word));
  const isLoneWord = tokens.length === 1 && /^(lost|alone|hurt|mad)$/.test(tokens[0]?.word ?? '');
  const isStrong =
    isLoneWord ||
    feelings.some(({ word }) => !WEAK_STATES.has(word)) ||
    /^(so|very|feeling|all)$/.test(tokens[0]?.word ?? '');
  return (
    feelings.length > 0 &&
    isStrong &&
    (tokens.every(
      ({ word }) =>
        EMOTION_BY_STATE.has(word) || INTENSIFIERS.has(word) || isNegation(word) || word.endsWith('ly'),
    ) ||
      opensWithFeeling(tokens))
  );
}
