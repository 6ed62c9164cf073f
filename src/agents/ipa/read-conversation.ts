import { CONFIDENCE } from './confidence.ts';
import type { Reading, Sight } from './reading.ts';
import { entityOf, type Candidate } from './resolve-entities.ts';
import { wordsOf, type Token } from './tokens.ts';

const QUESTION =
  /^(what|what's|where|where's|how|how's|why|who|who's|when|which|can|could|would|will|do|did|does|are|is|was|were|should|have|has|really)$/;
const OF_THE_OTHER = new Set(['you', 'your', 'yours', "you're", "you've", 'yourself']);
/** What one says when it is one's turn to speak. */
const ANSWER =
  /^(yes|no|yeah|yep|nope|maybe|perhaps|sure|okay|ok|of course|not really|i see|i agree|i disagree|i don't know|i do not know|i'm not sure|i guess( so| not)?|i think so|i don't think so|exactly|indeed|true|never|always|sometimes|not yet|(yes|no) (please|thanks|thank you))$/;
/** How people begin to tell something; commands and deeds begin otherwise. */
const TELLING =
  /^(my|it|it's|that|that's|this|he|he's|she|she's|they|they're|we|we're|you|you're|because|there's|i'm|i've|i (am|was|had|have|never|always|think|believe|know|used|once|don't|didn't|can't|couldn't|like|forgive|miss|lost|got|went|came|left|told|said|met|did|made|found|broke|fell|grew|[a-z]{3,}ed)|(yes|no) (i|it|but|because|my))$/;
const OF_ONESELF = /^(i|i'm|i've|my|we|we're|this|that|that's|it's)$/;
/** More words than this are no answer. */
const MAX_WORDS = 40;

/**
 * What is no command may be part of a conversation: a question to the one who was spoken with last, or, when it speaks
 * of "you", to the only one here; an answer or a tale for the one who was spoken with last.
 */
export function readConversation(tokens: readonly Token[], sight: Sight, text: string): Reading | null {
  const first = tokens[0];
  if (first === undefined || tokens.length > MAX_WORDS || tokens.some(({ isQuoted }) => isQuoted))
    return null;
  const people = sight.candidates.filter(({ type }) => type === 'npc');
  const partner = people.find(({ id }) => id === sight.last.person);
  const only = people.length === 1 ? people[0] : undefined;
  if (QUESTION.test(first.word)) {
    const isForThem = tokens.some(({ word }) => OF_THE_OTHER.has(word));
    const asked = partner ?? (isForThem ? only : undefined);
    if (asked !== undefined) return said('ask', asked, tokens, text);
    return isForThem && people.length > 1 ? askWhom(people, tokens, text) : null;
  }
  const isTold = tokens.length > 2 && (TELLING.test(first.word) || TELLING.test(wordsOf(tokens.slice(0, 2))));
  if (partner === undefined) {
    const isForTheStory = isTold && OF_ONESELF.test(first.word) && sight.view !== null;
    return isForTheStory ? toldToNobody(text) : null;
  }
  return isTold || ANSWER.test(wordsOf(tokens)) ? said('talk_to', partner, tokens, text) : null;
}

/** With nobody to hear it, what players say of themselves is for the story to hold. */
function toldToNobody(text: string): Reading {
  return {
    action: {
      intent: 'express_emotion',
      confidence: CONFIDENCE.inferredTarget,
      text,
      needs_clarification: false,
    },
    entities: [],
    alternatives: [],
  };
}

function said(intent: 'ask' | 'talk_to', person: Candidate, tokens: readonly Token[], text: string): Reading {
  const span = { start: tokens[0]?.start ?? 0, end: tokens.at(-1)?.end ?? 0 };
  return {
    action: {
      intent,
      confidence: CONFIDENCE.inferredTarget,
      text,
      npc: person.name,
      npc_ref: person.id,
      topic: wordsOf(tokens),
      needs_clarification: false,
    },
    entities: [entityOf('topic', wordsOf(tokens), span)],
    alternatives: [],
  };
}

/** Several people may be meant by "you". */
function askWhom(people: readonly Candidate[], tokens: readonly Token[], text: string): Reading {
  return {
    action: {
      intent: 'ask',
      confidence: CONFIDENCE.missingTarget,
      text,
      topic: wordsOf(tokens),
      needs_clarification: true,
    },
    entities: [],
    alternatives: people.slice(0, 3).map((one) => ({
      intent: 'ask',
      confidence: CONFIDENCE.missingTarget,
      text: `ask the ${one.name} ${wordsOf(tokens)}`,
      ref: one.id,
    })),
  };
}
