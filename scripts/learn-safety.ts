/**
 * Makes `config/safety/<locale>/learned.tsv` from labelled lines: all of `tests/fixtures/safety/training`, and the `dev`
 * halves of the labelled sets beside it. The other halves are only ever scored. The same lines give the same weights.
 *
 *   node scripts/learn-safety.ts           write the file
 *   node scripts/learn-safety.ts --check   end with 1 when the lines or the word lists have changed since
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetyData } from '../config/safety-data.ts';
import { isOfHalf, LabelledLine } from '../src/safety/evaluate/evaluation.ts';
import type { Outcome } from '../src/safety/learned/learned-model.ts';
import { compileLexicon } from '../src/safety/lexicon/compile.ts';
import { CueBook, writeModel, type LearnedLine } from './learn-cues.ts';
import { learn } from './learn-weights.ts';

const LOCALE = 'en';
const ROOT = join(import.meta.dirname, '..');
const SETS = join(ROOT, 'tests/fixtures/safety');
const DATA = join(ROOT, 'config/safety', LOCALE);
const FILE = join(DATA, 'learned.tsv');

const lines = [
  ...linesOf(join(SETS, 'training'), () => true),
  ...linesOf(SETS, (text) => isOfHalf(text, 'dev'), LOCALE),
];
const digest = digestOf();
if (process.argv.includes('--check')) {
  const isNew = readFileSync(FILE, 'utf8').includes(`# of ${digest}\n`);
  if (!isNew) console.error('the learned cues are older than the lines or word lists: run `npm run learn`');
  process.exitCode = isNew ? 0 : 1;
} else {
  const book = new CueBook(compileLexicon({ ...readSafetyData(LOCALE), learned: null }));
  const examples = lines.map((line) => book.read(line, true));
  const text = writeModel(book.names, learn(examples, book), [`${lines.length} lines`, `of ${digest}`]);
  writeFileSync(FILE, text);
  console.log(`${lines.length} lines, ${text.split('\n').length - 5} cues`);
}

function linesOf(folder: string, isWanted: (text: string) => boolean, begins = ''): LearnedLine[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl') && name.startsWith(begins))
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
    .map((line) => LabelledLine.parse(JSON.parse(line)))
    .filter(({ text }) => isWanted(text))
    .map(learnedLine);
}

function learnedLine({ text, crisis, type, level, tags }: LabelledLine): LearnedLine {
  const isAlwaysBlocked = ['suicidal_ideation', 'self_harm', 'violence'].includes(type);
  const present = isAlwaysBlocked ? tags.includes('imminent') || null : level === 'blocked';
  return {
    text,
    outcome: crisis ? (type as Outcome) : level === 'safe' ? 'safe' : distressOf(tags),
    imminent: crisis ? present : null,
  };
}

function distressOf(tags: readonly string[]): Outcome {
  if (tags.includes('negation')) return 'negated_mention';
  if (tags.includes('past')) return 'past_resolved';
  const isOther = tags.includes('third_person') || tags.includes('friend_question');
  return isOther ? 'third_person_concern' : 'sadness';
}

/** Of everything the weights depend on. */
function digestOf(): string {
  const hash = createHash('sha256').update(JSON.stringify(lines));
  for (const name of readdirSync(DATA, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.yaml')) hash.update(name).update(readFileSync(join(DATA, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
