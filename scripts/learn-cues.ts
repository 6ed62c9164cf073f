import type { Lexicon } from '../src/safety/lexicon/compile.ts';
import { judge } from '../src/safety/decide/judge.ts';
import { PhraseScan } from '../src/safety/decide/scan.ts';
import { CUE, CUE_KINDS, cueHash } from '../src/safety/learned/cue-hash.ts';
import { OWN, PLAY, SPEAKER, START } from '../src/safety/learned/cue-parts.ts';
import { COLUMNS, OUTCOMES, type Outcome } from '../src/safety/learned/learned-model.ts';
import { modelHeader } from '../src/safety/learned/read-cues.ts';
import { TextCues, type CueListener } from '../src/safety/learned/text-cues.ts';
import { hashOf } from '../src/safety/match/word-table.ts';
import { TextReading } from '../src/safety/read-text.ts';

/** A line with what it is. `imminent` is null where the label does not tell. */
export interface LearnedLine {
  readonly text: string;
  readonly outcome: Outcome;
  readonly imminent: boolean | null;
}

export interface Example {
  readonly cues: Int32Array;
  /** Cues of its known words in their order. */
  readonly words: Int32Array;
  readonly outcome: number;
  readonly imminent: number;
}

/** Cues of all lines, numbered, with the name of each. */
export class CueBook {
  readonly names: string[] = [];
  readonly #numbers = new Map<number, number>();
  readonly #parts = new Map<number, string>();
  readonly #reading: TextReading;
  readonly #scan: PhraseScan;
  readonly #vocabulary: ReadonlySet<number>;
  readonly #cues: TextCues;
  #listen: CueListener = () => undefined;

  constructor(lexicon: Lexicon) {
    this.#vocabulary = new Set(lexicon.words.words.map(hashOf));
    this.#reading = new TextReading(lexicon);
    this.#scan = new PhraseScan(lexicon);
    this.#cues = new TextCues(lexicon, (kind, first, second) => this.#listen(kind, first, second));
    const fixed = [PLAY, SPEAKER, START, 'idiom', OWN];
    for (const word of lexicon.words.words) fixed.push(word, word.slice(0, 4));
    for (const names of lexicon.kinds.values()) for (const name of names) fixed.push(`<${name}>`);
    for (const meaning of lexicon.meanings) {
      if (meaning.kind === 'cue') fixed.push(meaning.cue);
      if (meaning.kind === 'claim')
        fixed.push(`${meaning.phrase.type}/${meaning.phrase.tier}`, meaning.phrase.type, meaning.phrase.tier);
    }
    for (const name of fixed) this.#know(name);
  }

  /** @param grow  false: cues that no line had before are left out */
  read(line: LearnedLine, grow: boolean): Example {
    const { tokens } = this.#reading;
    this.#reading.read(line.text);
    this.#scan.run(this.#reading);
    for (let i = 0; i < tokens.count; i++) {
      const word = tokens.word(i);
      this.#know(word);
      this.#know(word.slice(0, 4));
    }
    const judged = this.#scan.hasClaim ? judge(this.#reading, this.#scan.matches(), {}, 'input').judged : [];
    for (const { verdict, reason, modifiers } of judged) {
      for (const name of [verdict, reason ?? OWN, ...modifiers]) this.#know(name);
    }
    const found = new Set<number>();
    const words: number[] = [];
    this.#listen = (kind, first, second) => {
      const key = cueHash(kind, first, second);
      let number = this.#numbers.get(key);
      if (number === undefined) {
        if (!grow) return;
        number = this.names.length;
        this.#numbers.set(key, number);
        const parts = [first, ...(second === 0 ? [] : [second])].map((part) => this.#parts.get(part) ?? '?');
        this.names.push([CUE_KINDS[kind - 1]!, parts[0]!, parts[1] ?? ''].join('\t'));
      }
      found.add(number);
      if (kind === CUE.word && this.#isKnown(first)) words.push(number);
    };
    this.#cues.collect(0, tokens.count, this.#reading, this.#scan, judged);
    return {
      cues: Int32Array.from(found),
      words: Int32Array.from(words),
      outcome: OUTCOMES.indexOf(line.outcome),
      imminent: line.imminent === null ? -1 : Number(line.imminent),
    };
  }

  /** Whether the word lists hold the word: only those alarm by themselves. */
  #isKnown(hash: number): boolean {
    return this.#vocabulary.has(hash);
  }

  #know(name: string): void {
    this.#parts.set(hashOf(name), name);
  }
}

const WIDTH = COLUMNS.length;

/** Smaller weights decide nothing, but have to be read at every start. */
const SMALLEST = 0.03;

/** Weights as the file that `LearnedModel` reads; cues that say nothing are left out. */
export function writeModel(
  names: readonly string[],
  weights: Float64Array,
  about: readonly string[],
): string {
  const lineOf = (at: number): string[] => {
    const entries: string[] = [];
    for (let c = 0; c < WIDTH; c++) {
      const weight = weights[at + c]!;
      if (Math.abs(weight) >= SMALLEST) entries.push(`${COLUMNS[c]}=${Number(weight.toFixed(2))}`);
    }
    return entries;
  };
  const lines = names
    .map((name, row) => [name, ...lineOf(row * WIDTH)])
    .filter((line) => line.length > 1)
    .map((line) => line.join('\t'))
    .sort();
  const bias = ['bias', '', '', ...lineOf(names.length * WIDTH)].join('\t');
  return `${[modelHeader(), ...about.map((line) => `# ${line}`), bias, ...lines].join('\n')}\n`;
}
