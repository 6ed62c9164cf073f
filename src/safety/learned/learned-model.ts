import { FleetError } from '../../kernel/errors.ts';
import { CUE_KINDS, hashOfCue, cueHash, type CueKind } from './cue-hash.ts';

/** What a line may be, as people labelled it: the eight crises, then distress that is none, then nothing of it. */
export const OUTCOMES = [
  'suicidal_ideation',
  'self_harm',
  'violence',
  'abuse',
  'substance',
  'eating',
  'psychosis',
  'severe_depression',
  'negated_mention',
  'past_resolved',
  'third_person_concern',
  'sadness',
  'safe',
] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const CRISES = 8;
export const SAFE = OUTCOMES.length - 1;
/** Beside the outcomes: whether the danger is present, for crises that do not always ask for it. */
export const COLUMNS = [...OUTCOMES, 'imminent'] as const;
export const IMMINENT = OUTCOMES.length;
const WIDTH = COLUMNS.length;

const FIRST_LINE = '# learned cues 1';

/**
 * Weights of cues, as a table that is asked by hash. The file is text: one cue per line, its kind, its parts, and the
 * columns that it speaks for or against.
 */
export class LearnedModel {
  readonly bias = new Float32Array(WIDTH);
  readonly #keys: Int32Array;
  readonly #rows: Int32Array;
  readonly #weights: Float32Array;
  readonly #mask: number;
  /** In which text a cue was last counted: a cue counts once. */
  readonly #seen: Int32Array;
  #text = 0;
  readonly sums = new Float32Array(WIDTH);
  readonly shares = new Float32Array(OUTCOMES.length);

  /** Errors: safety_data_invalid (invalid_input) naming the line */
  constructor(file: string) {
    const lines = file.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    let size = 16;
    while (size < lines.length * 3) size *= 2;
    this.#mask = size - 1;
    this.#keys = new Int32Array(size);
    this.#rows = new Int32Array(size);
    this.#weights = new Float32Array(lines.length * WIDTH);
    this.#seen = new Int32Array(lines.length);
    if (!file.startsWith(FIRST_LINE)) throw invalid(`the first line is not "${FIRST_LINE}"`);
    for (const [row, line] of lines.entries()) this.#add(row, line);
  }

  begin(): void {
    this.#text++;
    this.sums.set(this.bias);
  }

  readonly take = (kind: number, first: number, second: number): void => {
    const key = cueHash(kind, first, second);
    let slot = key & this.#mask;
    for (;;) {
      const found = this.#keys[slot]!;
      if (found === 0) return;
      if (found === key) break;
      slot = (slot + 1) & this.#mask;
    }
    const row = this.#rows[slot]!;
    if (this.#seen[row] === this.#text) return;
    this.#seen[row] = this.#text;
    const { sums } = this;
    const at = row * WIDTH;
    for (let i = 0; i < WIDTH; i++) sums[i]! += this.#weights[at + i]!;
  };

  /** Probabilities of the outcomes in `shares`; @returns that of any crisis */
  end(): number {
    const { sums, shares } = this;
    let highest = sums[0]!;
    for (let i = 1; i < OUTCOMES.length; i++) if (sums[i]! > highest) highest = sums[i]!;
    let total = 0;
    for (let i = 0; i < OUTCOMES.length; i++) total += shares[i] = Math.exp(sums[i]! - highest);
    let crisis = 0;
    for (let i = 0; i < OUTCOMES.length; i++) {
      shares[i]! /= total;
      if (i < CRISES) crisis += shares[i]!;
    }
    return crisis;
  }

  #add(row: number, line: string): void {
    const [kind = '', first = '', second = '', ...weights] = line.split('\t');
    const at = row * WIDTH;
    for (const entry of weights) {
      const [name = '', value] = entry.split('=');
      const column = (COLUMNS as readonly string[]).indexOf(name);
      const weight = Number(value);
      if (column === -1 || !Number.isFinite(weight)) throw invalid(`"${entry}" in "${line}"`);
      if (kind === 'bias') this.bias[column] = weight;
      else this.#weights[at + column] = weight;
    }
    if (kind === 'bias') return;
    if (!(CUE_KINDS as readonly string[]).includes(kind)) throw invalid(`the kind of "${line}"`);
    const key = hashOfCue(kind as CueKind, first, second === '' ? undefined : second);
    let slot = key & this.#mask;
    while (this.#keys[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#keys[slot] = key;
    this.#rows[slot] = row;
  }
}

export function modelHeader(): string {
  return FIRST_LINE;
}

function invalid(what: string): FleetError {
  return new FleetError({
    code: 'safety_data_invalid',
    kind: 'invalid_input',
    message: `the learned cues cannot be read: ${what}`,
  });
}
