import { repeatsRules } from '../../../models/repeated-rules.ts';
import { isPlainEnglish } from '../../../sessions/world/plain-english.ts';
import { sentencesOf } from '../sentences.ts';
import { strangersIn } from './entities.ts';
import { contradicts, untold } from './outcomes-told.ts';
import { systemPrompt } from './prompt.ts';
import { flatten, wordsIn, type TurnFacts } from './turn-facts.ts';

const MIN_CHARS = 50;
const MARKUP = /[{}<>[\]|`#*_\\]|https?:|^\s*[-•]/mu;
/** Words of the workshop, never of a story. */
const BACKSTAGE =
  /\b(?:as an ai|language model|system prompt|json|the player|instructions?|rejected|applied operation|wba|ipa|therapeutic)\b/iu;

/** What is wrong with one sentence of a growing story. Empty: it may be shown. */
export function faultsOfSentence(sentence: string, index: number, facts: TurnFacts): string[] {
  const faults: string[] = [];
  if (MARKUP.test(sentence)) faults.push('no markup, lists or links: plain sentences only');
  if (BACKSTAGE.test(sentence)) faults.push('stay inside the story: no word about rules, formats or models');
  if (repeatsRules(sentence, systemPrompt(facts))) faults.push('tell the story, not these rules');
  if (!isPlainEnglish(sentence)) faults.push('tell it in English');
  if (facts.avoidance.mentions(sentence)) faults.push('the story mentions something from the avoid list');
  for (const stranger of strangersIn(sentence, facts))
    faults.push(`"${stranger}" is not in view: do not name it`);
  if (contradicts(sentence, facts)) faults.push('the story says that something happened which was rejected');
  if (index === 0) faults.push(...faultsOfOpening(sentence, facts));
  return faults;
}

/** What is wrong with a whole story, in words a model can act on. Empty: it may be told. */
export function faultsOfStory(story: string, facts: TurnFacts): string[] {
  if (story.length < MIN_CHARS || story.length > facts.maxChars) {
    // Nobody reads the rest, however long it is.
    return [
      `the story has ${story.length} characters: between ${MIN_CHARS} and ${facts.maxChars} are needed`,
    ];
  }
  const sentences = sentencesOf(story);
  const faults = sentences.flatMap((sentence, index) => faultsOfSentence(sentence, index, facts));
  if (story.length > 200 && sentences.length < 2) faults.push('tell it in several sentences');
  if (!/[.!?…][”’)]*$/u.test(story)) faults.push('the last sentence is not whole');
  if (!story.includes('?')) faults.push('end with an opening for the player, as a question');
  if (!/\byou(?:r|’re|’ve|’ll)?\b/iu.test(story)) faults.push('tell it in the second person');
  faults.push(...untold(story, facts));
  return [...new Set(faults)];
}

function faultsOfOpening(sentence: string, facts: TurnFacts): string[] {
  const faults: string[] = [];
  const opening = flatten(sentence);
  const start = opening.split(' ').slice(0, 5).join(' ');
  if (facts.openings.some((other) => other === opening || `${other} `.startsWith(`${start} `)))
    faults.push('begin differently: an earlier turn opened like this');
  const action = facts.input.intent?.actions[0];
  if (
    action?.intent === 'express_emotion' &&
    action.emotion !== undefined &&
    !facts.avoidance.mentions(action.emotion)
  ) {
    const felt = new Set([action.emotion, ...wordsIn(action.text)]);
    const isNamed = wordsIn(sentence).some((word) => word.length > 3 && felt.has(word) && !COMMON.has(word));
    if (!isNamed) faults.push(`the first sentence must name the feeling: "${action.emotion}"`);
  }
  return faults;
}

const COMMON = new Set(
  'feel feeling this that with about have been very really just when what from they them your'.split(' '),
);
