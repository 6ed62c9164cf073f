import type { Emotion } from '../../contracts/intent.ts';

/** Words for a state the speaker is in: "I'm …", "I feel …". */
const STATES: Readonly<Record<Emotion, string>> = {
  calm: 'calm calmer quieter peace peaceful serene relaxed content settled tranquil soothed fine okay ok alright centered grounded safe relieved relief',
  anxious:
    'anxious nervous worried worries nerves uneasy tense stressed panicked panicky restless anxiety stress panic dread jittery apprehensive worry agitated edgy',
  overwhelmed: 'overwhelmed swamped overloaded overburdened drowning',
  sad: 'sad sadder sadness unhappy down miserable depressed heartbroken gloomy blue upset grieving grief hurt hurting crying low disappointed sorrow sorrowful devastated melancholy tearful discouraged hopeless despair homesick miserable desperate',
  lonely: 'lonely alone isolated loneliness unloved abandoned unwanted friendless rejected',
  angry:
    'angry angrier furious mad irritated frustrated annoyed anger enraged frustration rage resentful bitter jealous livid',
  afraid: 'afraid scared frightened terrified fearful fear petrified intimidated spooked',
  hopeful: 'hopeful optimistic encouraged hope confident inspired motivated',
  ashamed: 'ashamed embarrassed humiliated shame worthless inadequate',
  tired: 'tired exhausted weary drained sleepy worn fatigued exhaustion spent sluggish',
  lost: 'lost stuck adrift aimless directionless trapped',
  happy:
    'happy happier glad joyful cheerful delighted joy excited thrilled good great wonderful happiness elated pleased amazing',
  grateful: 'grateful thankful blessed gratitude',
  confused: 'confused puzzled bewildered unsure uncertain torn confusion baffled perplexed conflicted',
  numb: 'numb empty hollow nothing numbness detached emptiness',
  guilty: 'guilty guilt regretful sorry remorse remorseful',
  proud: 'proud pride accomplished',
  curious: 'curious intrigued fascinated curiosity',
};

/** Stems of what things do to the speaker: "that scares me". */
const EFFECTS: Partial<Readonly<Record<Emotion, string>>> = {
  calm: 'calm sooth relax comfort',
  anxious: 'worri worry stress unsettl unnerv',
  overwhelmed: 'overwhelm',
  sad: 'sadden depress upset hurt disappoint',
  angry: 'anger annoy irritat frustrat enrag infuriat',
  afraid: 'scare scar frighten terrif terrifi spook',
  hopeful: 'encourag inspir',
  tired: 'exhaust drain tir',
  happy: 'delight cheer amus thrill',
  confused: 'confus puzzl bewilder baffl',
  ashamed: 'embarrass humiliat sham',
  curious: 'intrigu fascinat',
};

function byWord(words: Partial<Readonly<Record<Emotion, string>>>): Map<string, Emotion> {
  // Object.entries widens the keys, which are emotions by the type of the parameter.
  return new Map(
    Object.entries(words).flatMap(([emotion, list]) =>
      list.split(' ').map((word): [string, Emotion] => [word, emotion as Emotion]),
    ),
  );
}

export const EMOTION_BY_STATE: ReadonlyMap<string, Emotion> = byWord(STATES);
/** Words of well-being so general that they count only right behind "I feel" or "I'm". */
export const WEAK_STATES = new Set(
  'fine okay ok alright good great wonderful amazing safe nothing low spent down hurt mad content fear hope stress worry panic cross lost alone'.split(
    ' ',
  ),
);
const EMOTION_BY_EFFECT = byWord(EFFECTS);

/** "scares", "frightened", "worrying": the feeling that the verb causes. */
export function effectOf(word: string): Emotion | undefined {
  for (const ending of ['', 's', 'es', 'ed', 'd', 'ing', 'e', 'ies', 'y', 'en', 'ens']) {
    if (!word.endsWith(ending)) continue;
    const emotion = EMOTION_BY_EFFECT.get(word.slice(0, word.length - ending.length));
    if (emotion !== undefined) return emotion;
  }
  return undefined;
}
