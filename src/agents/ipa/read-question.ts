import { CONFIDENCE } from './confidence.ts';
import { addresses } from './read-person.ts';
import { phraseOf } from './phrases.ts';
import type { Reading, Sight } from './reading.ts';
import { entityOf, type Candidate } from './resolve-entities.ts';
import { wordsOf, type Token } from './tokens.ts';
import { nameWords } from '../../sessions/world/names.ts';

const OPENS_QUESTION =
  /^(what|what's|where|where's|who|who's|when|which|why|how|how's|do|does|did|are|can|could|would|will|may)$/;
/** "I wonder what the elder thinks", "I'd like to know whether …". */
const WONDERING =
  /^(i|i'd|we|i am|i'm) ([a-z']+ ){0,4}?(wonder|wondering|know|hear|learn|understand) (what|where|who|when|which|why|how|if|whether|about|more about)\b/;
/** Nobody here is asked what the player should do. */
const ADVICE =
  /^(should|shall|what if|why do i|why am i|why me|how do i|how can i|where can i|what (should|can|could|do) i)\b/;

/**
 * A question that no verb made sense of is put to whoever is named in it, or, when it says "you", to whoever is here:
 * "does the merchant know the way?", "what do you sell?".
 *
 * @returns null when it asks nobody in sight
 */
export function readQuestion(tokens: readonly Token[], sight: Sight, text: string): Reading | null {
  const words = wordsOf(tokens);
  const isQuestion = OPENS_QUESTION.test(tokens[0]?.word ?? '') && !ADVICE.test(words);
  if ((!isQuestion && !WONDERING.test(words)) || tokens.some(({ isQuoted }) => isQuoted)) return null;
  const people = sight.candidates.filter(({ type }) => type === 'npc');
  const named = people.filter((one) => isNamedIn(one, words));
  const isToYou = tokens.some(({ word }) => /^(you|your|you're)$/.test(word));
  const asked = named.length === 1 ? named[0] : isToYou && people.length === 1 ? people[0] : undefined;
  if (asked === undefined && (!isToYou || people.length === 0)) return null;
  const topic = phraseOf(tokens);
  return {
    action: {
      intent: 'ask',
      confidence: asked === undefined ? CONFIDENCE.missingTarget : CONFIDENCE.inferredTarget,
      text,
      ...(asked === undefined ? {} : { npc: asked.name, npc_ref: asked.id }),
      ...(topic === null ? {} : { topic: topic.text }),
      needs_clarification: asked === undefined,
    },
    entities: topic === null ? [] : [entityOf('topic', topic.text, topic)],
    alternatives: asked === undefined ? addresses('ask', people, null, CONFIDENCE.missingTarget) : [],
  };
}

/** One of the names stands in the words as it is, possessive or not. */
function isNamedIn({ name, aliases }: Candidate, words: string): boolean {
  const said = ` ${nameWords(words.replaceAll("'s", '')).join(' ')} `;
  return [name, ...aliases].some((one) => said.includes(` ${nameWords(one).join(' ')} `));
}
