/**
 * Makes `config/safety/<locale>/weights.json` from labelled lines: those of `config/safety/<locale>/examples.jsonl`
 * and the `dev` halves of the labelled sets. Lines of the other halves are only ever scored. Same lines, same weights.
 *
 *   node scripts/weigh-words.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetyData, type SafetyData } from '../config/safety-data.ts';
import { OUTCOMES, type WordWeights } from '../config/safety-weights.ts';
import { isOfHalf, LabelledLine } from '../src/safety/evaluate/evaluation.ts';
import { compileLexicon } from '../src/safety/lexicon/compile.ts';
import { TextReading } from '../src/safety/read-text.ts';
import { classesByWord, stemOf, stretchesOf } from '../src/safety/weigh/features.ts';
import { STEEPNESS } from '../src/safety/weigh/word-scale.ts';

const SIZE = OUTCOMES.length;
const LOCALE = 'en';
const ROOT = join(import.meta.dirname, '..');
const DATA = join(ROOT, 'config/safety', LOCALE);
const SETS = ['en.jsonl', 'en-adults.jsonl', 'en-players.jsonl'];
/** Words of these lines are disguised or misspelled, and no words. */
const DISGUISED = new Set(['typo', 'obfuscated', 'leet', 'spacing', 'homoglyph']);
/** A word that is in no list counts as one when so many lines have it; one that looks misspelled needs more. */
const FEWEST_LINES = 2;
const FEWEST_LINES_ODD = 3;
/** A pair tells something when so many lines have it. */
const FEWEST_LINES_PAIR = 2;

const ROUNDS = 25;
const STEP = 0.1;
const SHRINK = 0.002;
const HUNDREDTHS = 100;

interface Example {
  /** By stretch: numbers of the features. */
  readonly stretches: readonly (readonly number[])[];
  readonly known: readonly number[];
  readonly outcome: number;
}

const lines = [
  ...readLines(join(DATA, 'examples.jsonl')),
  ...SETS.flatMap((file) => readLines(join(ROOT, 'tests/fixtures/safety', file))).filter(({ text }) =>
    isOfHalf(text, 'dev'),
  ),
];
const data: SafetyData = { ...readSafetyData(LOCALE), weights: null };
const read = readExamples(lines, { ...data, words: [...data.words, ...newWords(lines)] });
const weights = learn(read.examples, read.features.length);
writeFileSync(join(DATA, 'weights.json'), print(weights, read.features));
console.log(`${lines.length} lines, ${read.features.length} weights`);

function readLines(file: string): LabelledLine[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => LabelledLine.parse(JSON.parse(line)));
}

/** Words that no list has and that are no misspelling. */
function newWords(from: readonly LabelledLine[]): string[] {
  const lexicon = compileLexicon(data);
  const reading = new TextReading(lexicon);
  const found = new Map<string, { lines: number; isOdd: boolean }>();
  for (const { text, tags } of from) {
    if (tags.some((tag) => DISGUISED.has(tag))) continue;
    reading.read(text);
    const seen = new Set<string>();
    for (let i = 0; i < reading.tokens.count; i++) {
      const word = reading.tokens.word(i);
      if (seen.has(word) || !/^[a-z]+$/u.test(word) || lexicon.words.idOf(word) !== -1) continue;
      seen.add(word);
      const known = found.get(word) ?? { lines: 0, isOdd: reading.words[i] !== -1 };
      known.lines++;
      found.set(word, known);
    }
  }
  return [...found]
    .filter(([, { lines: count, isOdd }]) => count >= (isOdd ? FEWEST_LINES_ODD : FEWEST_LINES))
    .map(([word]) => word);
}

function readExamples(
  from: readonly LabelledLine[],
  known: SafetyData,
): { examples: Example[]; features: string[] } {
  const lexicon = compileLexicon(known);
  const reading = new TextReading(lexicon);
  const classesOf = classesByWord(known);
  const named = from.map((line) => {
    reading.read(line.text);
    const stretches = stretchesOf(reading).map(({ first, last }) => namesOf(first, last));
    return { line, stretches };
  });
  const counts = new Map<string, number>();
  for (const { stretches } of named) {
    for (const name of new Set(stretches.flatMap(({ names }) => names))) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const features = [...counts]
    .filter(([name, count]) => count >= (/^[pa] /u.test(name) ? FEWEST_LINES_PAIR : 1))
    .map(([name]) => name);
  const numbers = new Map(features.map((name, number) => [name, number]));
  return {
    features,
    examples: named
      .filter(({ stretches }) => stretches.length > 0)
      .map(({ line, stretches }) => ({
        stretches: stretches.map(({ names }) =>
          names.map((name) => numbers.get(name) ?? -1).filter((number) => number !== -1),
        ),
        known: stretches.map(({ words }) => words),
        outcome: outcomeOf(line),
      })),
  };

  function namesOf(first: number, last: number): { names: string[]; words: number } {
    const names: string[] = [];
    let words = 0;
    const wordAt = (token: number, sentence: number): string | undefined =>
      token <= last && reading.tokens.sentences[token] === sentence
        ? lexicon.words.words[reading.words[token]!]
        : undefined;
    for (let i = first; i <= last; i++) {
      const sentence = reading.tokens.sentences[i]!;
      const word = wordAt(i, sentence);
      if (word === undefined) continue;
      words++;
      names.push(`w ${word}`, `s ${stemOf(word)}`);
      for (const name of classesOf.get(word) ?? []) names.push(`c ${name}`);
      const next = wordAt(i + 1, sentence);
      const afterNext = wordAt(i + 2, sentence);
      if (next !== undefined) names.push(`p ${word} ${next}`);
      if (afterNext !== undefined) names.push(`a ${word} ${afterNext}`);
    }
    return { names, words };
  }
}

function outcomeOf({ crisis, type, level }: LabelledLine): number {
  return OUTCOMES.findIndex(
    (outcome) => outcome === (crisis ? type : level === 'warning' ? 'warning' : 'safe'),
  );
}

/** Multinomial logistic regression by stochastic gradient descent, with a step per weight (AdaGrad). */
function learn(all: readonly Example[], size: number): Float64Array {
  const found = new Float64Array((size + 1) * SIZE);
  const squares = new Float64Array(size * SIZE);
  const bias = size * SIZE;
  const odds = new Float64Array(SIZE);
  const random = randomOf(7);
  const order = [...all.keys()];

  function score(ids: readonly number[], scale: number): void {
    odds.fill(0);
    for (const id of ids) for (let k = 0; k < SIZE; k++) odds[k]! += found[id * SIZE + k]!;
    for (let k = 0; k < SIZE; k++) odds[k] = found[bias + k]! + odds[k]! * scale;
  }

  function crisisOdds(): number {
    const exps = Array.from(odds, (value) => Math.exp(value));
    const others = exps[0]! + exps[1]!;
    return (exps.reduce((sum, value) => sum + value, 0) - others) / others;
  }

  for (let round = 0; round < ROUNDS; round++) {
    shuffle(order, random);
    for (const at of order) {
      const { stretches, known, outcome } = all[at]!;
      const scales = known.map((words) => STEEPNESS / Math.sqrt(Math.max(1, words)));
      let chosen = 0;
      let most = -1;
      // Of a long line the stretch counts that most looks like a crisis, as it will when texts are judged.
      for (let i = 0; stretches.length > 1 && i < stretches.length; i++) {
        score(stretches[i]!, scales[i]!);
        const own = crisisOdds();
        if (own > most) [chosen, most] = [i, own];
      }
      const ids = stretches[chosen]!;
      const scale = scales[chosen]!;
      score(ids, scale);
      const top = Math.max(...odds);
      const exps = Array.from(odds, (value) => Math.exp(value - top));
      const total = exps.reduce((sum, value) => sum + value, 0);
      for (let k = 0; k < SIZE; k++) {
        const error = exps[k]! / total - (k === outcome ? 1 : 0);
        found[bias + k]! -= 0.02 * error;
        for (const id of ids) {
          const at2 = id * SIZE + k;
          const slope = error * scale + SHRINK * found[at2]!;
          squares[at2]! += slope * slope;
          found[at2]! -= (STEP * slope) / Math.sqrt(squares[at2]! + 1e-8);
        }
      }
    }
  }
  return found;
}

function shuffle(order: number[], random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
}

/** Park and Miller's generator: the same numbers each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function print(found: Float64Array, names: readonly string[]): string {
  const rowOf = (id: number): number[] =>
    Array.from(found.subarray(id * SIZE, id * SIZE + SIZE), (value) => Math.round(value * HUNDREDTHS));
  const result: Record<keyof WordWeights, unknown> = {
    bias: rowOf(names.length),
    words: {},
    stems: {},
    classes: {},
    pairs: {},
    around: {},
  };
  const parts = { w: 'words', s: 'stems', c: 'classes', p: 'pairs', a: 'around' } as const;
  for (const [id, name] of [...names.entries()].sort(([, a], [, b]) => (a < b ? -1 : 1))) {
    const row = rowOf(id);
    // A word stays for its own sake: it is one, and no misspelling.
    if (!name.startsWith('w ') && row.every((value) => Math.abs(value) < 2)) continue;
    const part = result[parts[name[0] as keyof typeof parts]] as Record<string, number[]>;
    part[name.slice(2)] = row;
  }
  const block = (key: string, value: unknown): string =>
    Array.isArray(value)
      ? `  "${key}": ${JSON.stringify(value)}`
      : `  "${key}": {\n${Object.entries(value as object)
          .map(([name, row]) => `    ${JSON.stringify(name)}: ${JSON.stringify(row)}`)
          .join(',\n')}\n  }`;
  return `{\n${Object.entries(result)
    .map(([key, value]) => block(key, value))
    .join(',\n')}\n}\n`;
}
