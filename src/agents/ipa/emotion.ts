import type { Emotion } from '../../contracts/intent.ts';
import type { Token } from './tokens.ts';

const SYNONYMS: Readonly<Record<Emotion, string>> = {
  calm: 'calm calmer peaceful serene relaxed content settled',
  anxious: 'anxious nervous worried uneasy tense stressed panicked panicky restless anxiety',
  overwhelmed: 'overwhelmed swamped overloaded',
  sad: 'sad sadness unhappy down miserable depressed heartbroken gloomy blue upset grieving hurt',
  lonely: 'lonely alone isolated loneliness unloved',
  angry: 'angry furious mad irritated frustrated annoyed anger enraged',
  afraid: 'afraid scared frightened terrified fearful',
  hopeful: 'hopeful optimistic encouraged hope',
  ashamed: 'ashamed embarrassed humiliated shame worthless',
  tired: 'tired exhausted weary drained sleepy worn',
  lost: 'lost stuck adrift aimless directionless',
  happy: 'happy glad joyful cheerful delighted joy excited',
  grateful: 'grateful thankful blessed gratitude',
  confused: 'confused puzzled bewildered unsure uncertain torn',
  numb: 'numb empty hollow nothing',
  guilty: 'guilty guilt regretful sorry',
  proud: 'proud',
  curious: 'curious intrigued',
};

const EMOTION_BY_WORD: ReadonlyMap<string, Emotion> = new Map(
  // Object.entries widens the keys, which are emotions by the type of SYNONYMS.
  Object.entries(SYNONYMS).flatMap(([emotion, words]) =>
    words.split(' ').map((word): [string, Emotion] => [word, emotion as Emotion]),
  ),
);

const NEGATIONS = new Set(
  "not never no hardly without isn't don't doesn't didn't can't cannot wasn't aren't ain't neither nor dont".split(
    ' ',
  ),
);
const NOT_A_NEGATION_BEFORE = new Set(['only', 'just', 'simply']);
const NEGATION_REACH = 3;
const CLAUSE_BREAKS = new Set(['but', 'because', 'though', 'although', 'and', 'just', 'yet']);

const SUBJECTS = new Set(['i', "i'm", 'im', "i've", 'ive', 'me', 'am', 'feeling', 'feel', 'myself', "i'd"]);
const FEELING_VERBS = new Set(['feel', 'feeling', 'felt', 'feels']);
/** "I miss my mother" speaks of a feeling without naming it. */
const FEELING_STATEMENTS = new Set('miss hate mourn grieve regret worry fear cry panic'.split(' '));
const BEING = new Set([
  "i'm",
  'im',
  'am',
  'was',
  "i've",
  'been',
  'get',
  'getting',
  'makes',
  'made',
  'making',
]);
const INTENSIFIERS = new Set(
  'so very really quite a bit little too just still totally completely utterly pretty rather kind sort of and at peace'.split(
    ' ',
  ),
);
const FEELING_NOUNS = new Set(['feelings', 'feeling', 'emotions', 'emotion']);

export interface EmotionReading {
  /** Undefined when a feeling is spoken of but none is named, or only denied: "I'm not sad". */
  readonly emotion: Emotion | undefined;
  readonly token: Token | undefined;
}

/**
 * The feeling a clause expresses. It must be the speaker's own ("I feel …", "I'm …", "… makes me …") or stand
 * alone ("so tired"); a denied one does not count, and the next named one is tried.
 *
 * @returns null when the clause does not express a feeling
 */
export function readEmotion(tokens: readonly Token[]): EmotionReading | null {
  const named = tokens.flatMap((token, at) => {
    if (token.word === 'sure' && isNegated(tokens, at))
      return [{ emotion: 'confused' as const, token, at, isDenial: true }];
    const emotion = EMOTION_BY_WORD.get(token.word);
    return emotion === undefined ? [] : [{ emotion, token, at, isDenial: false }];
  });
  const affirmed = named.find(
    ({ at, isDenial }) => (isDenial || !isNegated(tokens, at)) && !isPlainNothing(tokens, at),
  );
  const anchor = anchorOf(tokens);
  const standsAlone =
    named.length > 0 &&
    tokens.every(
      (token) =>
        EMOTION_BY_WORD.has(token.word) || INTENSIFIERS.has(token.word) || FEELING_VERBS.has(token.word),
    );
  if (standsAlone || (anchor !== null && affirmed !== undefined && affirmed.at > anchor.at)) {
    return { emotion: affirmed?.emotion, token: affirmed?.token };
  }
  const speaksOfFeeling =
    anchor?.kind === 'feeling' || (anchor !== null && named.some(({ at }) => at > anchor.at));
  const states =
    tokens[0]?.word === 'i' && tokens.slice(1, 4).some((token) => FEELING_STATEMENTS.has(token.word));
  const speaksOfFeelings =
    tokens.some((t) => FEELING_NOUNS.has(t.word)) && SUBJECTS.has(tokens[0]?.word ?? '');
  return speaksOfFeeling || speaksOfFeelings || states ? { emotion: undefined, token: undefined } : null;
}

/** Where the clause says that what follows is a state of the speaker. */
function anchorOf(tokens: readonly Token[]): { at: number; kind: 'feeling' | 'being' } | null {
  const speaker = tokens.findIndex((token) => SUBJECTS.has(token.word));
  if (speaker === -1 || (speaker > 0 && tokens[speaker]?.word === 'me' && !isMakingMe(tokens, speaker)))
    return null;
  const scope = tokens.slice(speaker, speaker + 5);
  const feeling = scope.findIndex((token) => FEELING_VERBS.has(token.word));
  if (feeling !== -1) return { at: speaker + feeling, kind: 'feeling' };
  const being = scope.findIndex((token) => BEING.has(token.word));
  if (being !== -1) return { at: speaker + being, kind: 'being' };
  return isMakingMe(tokens, speaker) ? { at: speaker, kind: 'being' } : null;
}

function isMakingMe(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.word === 'me' && /^(makes|made|making|leaves|keeps)$/.test(tokens[at - 1]?.word ?? '');
}

function isNegated(tokens: readonly Token[], at: number): boolean {
  for (let back = at - 1; back >= Math.max(0, at - NEGATION_REACH); back--) {
    const token = tokens[back];
    if (token === undefined) return false;
    if (NEGATIONS.has(token.word)) return !NOT_A_NEGATION_BEFORE.has(tokens[back + 1]?.word ?? '');
    if (CLAUSE_BREAKS.has(token.word) && !NEGATIONS.has(tokens[back - 1]?.word ?? '')) return false;
    // "I'm not sad, I'm angry": the comma ends what the negation reaches.
    if (tokens[back + 1]?.breakBefore !== 'none') return false;
  }
  return false;
}

/** "nothing" is a feeling only right after "feel": "I feel nothing", not "I am doing nothing". */
function isPlainNothing(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.word === 'nothing' && !FEELING_VERBS.has(tokens[at - 1]?.word ?? '');
}
