import { createHash } from 'node:crypto';
import { termsOf } from '../../models/bm25.ts';
import type { ScriptedRule } from '../../models/scripted.ts';
import { teamRules } from './team-rules.ts';

// How the scripted model does what the examples ask of it: it picks sentences, counts words and cites, as a model
// would, and knows nothing beyond its prompt.

/** Sentences of an answer. */
const SENTENCES = 2;
/** From which share of the words on something counts as said. */
const RELEVANT_SHARE = 0.5;
const USEFUL_SHARE = 0.4;
const GROUNDED_SHARE = 0.8;

const QUESTION = /\nQuestion: (.*)$/;

export const EXAMPLE_RULES: readonly ScriptedRule[] = [
  {
    when: /^Answer the question from the numbered passages/,
    say: ({ prompt }) => extractAnswer(questionOf(prompt), passagesOf(prompt)),
  },
  {
    when: /^Which source can answer the question/,
    say: ({ prompt }) =>
      JSON.stringify({ datasource: RECENT.test(questionOf(prompt)) ? 'web' : 'vectorstore' }),
  },
  {
    when: /^Does the document help to answer[^\n]*\nDocument: (.*)\n/,
    say: ({ prompt }, [, document = '']) =>
      JSON.stringify({ relevant: yesNo(shareOf(questionOf(prompt), document) >= RELEVANT_SHARE) }),
  },
  {
    when: /^Does the answer address[^\n]*\nAnswer: (.*)\n/,
    say: ({ prompt }, [, answer = '']) =>
      JSON.stringify({ useful: yesNo(shareOf(questionOf(prompt), answer) >= USEFUL_SHARE) }),
  },
  {
    when: /^Do the facts support[^\n]*\nFacts: (.*)\nAnswer: (.*)$/,
    say: (_request, [, facts = '', answer = '']) => {
      const score = Math.round(shareOf(answer.replace(/\[\d+\]/g, ''), facts) * 100) / 100;
      return JSON.stringify({ grounded: yesNo(score >= GROUNDED_SHARE), score });
    },
  },
  {
    when: /^Rewrite the question/,
    say: ({ prompt }) =>
      questionOf(prompt).replace(/\p{L}+/gu, (word) => PLAINER.get(word.toLowerCase()) ?? word),
  },
  { when: /^Tell a short, calm story\.\nTopic: (.*)$/, say: (_request, [, topic = '']) => story(topic) },
  ...teamRules,
];

const RECENT =
  /\b(news?|latest|recent(ly)?|today|tonight|this (week|month|year)|release[ds]?|update[ds]?)\b/i;

/** Words that people use, and those that documents use. */
const PLAINER: ReadonlyMap<string, string> = new Map([
  ['anxious', 'afraid'],
  ['scared', 'afraid'],
  ['panic', 'fear'],
  ['pulse', 'heart'],
  ['pounding', 'racing'],
  ['woods', 'forest'],
  ['shop', 'market'],
  ['diary', 'journal'],
]);

function questionOf(prompt: string): string {
  return QUESTION.exec(prompt)?.[1] ?? '';
}

function passagesOf(prompt: string): { readonly n: string; readonly text: string }[] {
  const blocks = prompt.split('\n\n').slice(1, -1);
  return blocks.flatMap((block) => {
    const [, n, text] = /^\[(\d+)\] .*\n(.*)$/.exec(block) ?? [];
    return n === undefined || text === undefined ? [] : [{ n, text }];
  });
}

/** The sentences that share the most words with the question, each with where it comes from. */
function extractAnswer(question: string, passages: readonly { n: string; text: string }[]): string {
  const wanted = new Set(termsOf(question));
  const rated = passages.flatMap(({ n, text }, passage) =>
    sentencesOf(text).map((sentence, place) => ({
      sentence: sentence.replace(/[.!?]$/, ` [${n}].`),
      hits: new Set(termsOf(sentence).filter((term) => wanted.has(term))).size,
      order: passage * 1000 + place,
    })),
  );
  const best = rated
    .filter(({ hits }) => hits > 0)
    .toSorted((a, b) => b.hits - a.hits || a.order - b.order)
    .slice(0, SENTENCES)
    .toSorted((a, b) => a.order - b.order);
  return best.length === 0 ? 'The passages do not say.' : best.map(({ sentence }) => sentence).join(' ');
}

export function sentencesOf(text: string): string[] {
  return text.match(/[^.!?]+[.!?]/g)?.map((sentence) => sentence.trim()) ?? [];
}

/** How many of the words of one text are in the other, 0 to 1. */
export function shareOf(words: string, text: string): number {
  const wanted = [...new Set(termsOf(words))];
  const there = new Set(termsOf(text));
  return wanted.length === 0 ? 0 : wanted.filter((term) => there.has(term)).length / wanted.length;
}

function yesNo(value: boolean): 'yes' | 'no' {
  return value ? 'yes' : 'no';
}

const BEGINNINGS = ['In the evening', 'Early in the morning', 'While the rain fell softly', 'On a quiet day'];
const PLACES = [
  'below the old lime tree',
  'beside the stream',
  'at the well',
  'on the steps of the lighthouse',
];
const DOINGS = ['sat down', 'listened', 'breathed in and slowly out', 'watched the light change'];

/** A few sentences about the topic; the topic itself decides which. */
function story(topic: string): string {
  const digest = createHash('sha256').update(topic).digest();
  const pick = (parts: readonly string[], index: number): string => parts[digest[index]! % parts.length]!;
  return [
    `${pick(BEGINNINGS, 0)} a traveller thought of ${topic}.`,
    `The traveller went to a place ${pick(PLACES, 1)} and ${pick(DOINGS, 2)}.`,
    `After a while ${topic} seemed nearer, and nothing had to be done about it.`,
    `Then the traveller ${pick(DOINGS, 3)}, and that was enough for today.`,
  ].join(' ');
}
