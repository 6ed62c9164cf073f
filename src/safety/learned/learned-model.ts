import { FleetError } from '../../kernel/errors.ts';
import { CUE_KINDS, hashOfCue, type CueKind } from './cue-hash.ts';

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
/**
 * Beside the outcomes: whether the danger is present, for crises that do not always ask for it; and how much a single word
 * alarms, which decides whether a text is weighed at all.
 */
export const COLUMNS = [...OUTCOMES, 'imminent', 'alarm'] as const;
export const IMMINENT = OUTCOMES.length;
export const ALARM = OUTCOMES.length + 1;
const WIDTH = COLUMNS.length;
/** Kind and parts of a cue, before its weights. */
const FIELDS = 3;
/** What alarms is forgotten by so much with every word. */
export const CALM = 0.15;
const STEP = 32;
const KNOWN_BITS = 2 ** 18;

const FIRST_LINE = '# learned cues 1';

/**
 * Weights of cues, as a table that is asked by hash. The file is text: one cue per line, its kind, its parts, and the
 * columns that it speaks for or against.
 */
export class LearnedModel {
  readonly bias = new Float64Array(WIDTH);
  /** Key and row side by side; key 0 is a free place. */
  readonly #slots: Int32Array;
  /** Most cues speak of two or three columns: where those of a row begin, which they are, and how much, in steps of 1/32. */
  readonly #begins: Int32Array;
  readonly #columns: Uint8Array;
  readonly #weights: Int8Array;
  /** A bit for every known cue: most cues of a text are unknown, and this is small enough to stay near. */
  readonly #known = new Int32Array(KNOWN_BITS / 32);
  readonly #mask: number;
  /** In which text a cue was last counted: a cue counts once. */
  readonly #seen: Int32Array;
  #text = 0;
  readonly #counted = new Int32Array(WIDTH);
  readonly sums = new Float64Array(WIDTH);
  readonly shares = new Float64Array(OUTCOMES.length);

  /** Errors: safety_data_invalid (invalid_input) naming the line */
  constructor(file: string) {
    const lines = file.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    let size = 16;
    while (size < lines.length * 1.4) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Int32Array(size * 2);
    const entries = lines.reduce((sum, line) => sum + Math.max(0, line.split('\t').length - FIELDS), 0);
    this.#begins = new Int32Array(lines.length + 1);
    this.#columns = new Uint8Array(entries);
    this.#weights = new Int8Array(entries);
    this.#seen = new Int32Array(lines.length);
    if (!file.startsWith(FIRST_LINE)) throw invalid(`the first line is not "${FIRST_LINE}"`);
    for (const [row, line] of lines.entries()) this.#add(row, line);
  }

  /** How much a word alarms, by its key; 0 when it was never learned. The bias of that column is what alarms enough. */
  alarmOf(key: number): number {
    const row = this.#rowOf(key);
    if (row === -1) return 0;
    for (let at = this.#begins[row]!; at < this.#begins[row + 1]!; at++) {
      if (this.#columns[at] === ALARM) return this.#weights[at]! / STEP;
    }
    return 0;
  }

  /**
   * Weighs the cues of a text, each once: sums in `sums`, probabilities of the outcomes in `shares`.
   *
   * @returns the probability of any crisis
   */
  weigh(keys: Int32Array, count: number): number {
    const counted = this.#counted;
    const slots = this.#slots;
    const begins = this.#begins;
    const columns = this.#columns;
    const weights = this.#weights;
    const seen = this.#seen;
    const known = this.#known;
    const mask = this.#mask;
    const text = ++this.#text;
    counted.fill(0);
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      if (((known[(key >>> 5) & (KNOWN_BITS / 32 - 1)]! >>> (key & 31)) & 1) === 0) continue;
      let slot = (key & mask) * 2;
      let found = slots[slot]!;
      while (found !== 0 && found !== key) {
        slot = (slot + 2) & (mask * 2 + 1);
        found = slots[slot]!;
      }
      if (found === 0) continue;
      const row = slots[slot + 1]!;
      if (seen[row] === text) continue;
      seen[row] = text;
      const end = begins[row + 1]!;
      for (let at = begins[row]!; at < end; at++) {
        const column = columns[at]!;
        counted[column] = (counted[column]! + weights[at]!) | 0;
      }
    }
    for (let c = 0; c < WIDTH; c++) this.sums[c] = counted[c]! / STEP + this.bias[c]!;
    return this.#share();
  }

  #rowOf(key: number): number {
    for (let slot = key & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const found = this.#slots[slot * 2]!;
      if (found === key) return this.#slots[slot * 2 + 1]!;
      if (found === 0) return -1;
    }
  }

  #share(): number {
    const { sums, shares } = this;
    let highest = sums[0]!;
    for (let i = 1; i < OUTCOMES.length; i++) if (sums[i]! > highest) highest = sums[i]!;
    let total = 0;
    for (let i = 0; i < OUTCOMES.length; i++) {
      shares[i] = Math.exp(sums[i]! - highest);
      total += shares[i]!;
    }
    let crisis = 0;
    for (let i = 0; i < OUTCOMES.length; i++) {
      shares[i] = shares[i]! / total;
      if (i < CRISES) crisis += shares[i]!;
    }
    return crisis;
  }

  #add(row: number, line: string): void {
    const [kind = '', first = '', second = '', ...weights] = line.split('\t');
    let at = this.#begins[row]!;
    for (const entry of weights) {
      const [name = '', value] = entry.split('=');
      const column = (COLUMNS as readonly string[]).indexOf(name);
      const weight = Number(value);
      if (column === -1 || !Number.isFinite(weight)) throw invalid(`"${entry}" in "${line}"`);
      if (kind === 'bias') this.bias[column] = weight;
      else {
        this.#columns[at] = column;
        this.#weights[at++] = Math.max(-128, Math.min(127, Math.round(weight * STEP)));
      }
    }
    this.#begins[row + 1] = at;
    if (kind === 'bias') return;
    if (!(CUE_KINDS as readonly string[]).includes(kind)) throw invalid(`the kind of "${line}"`);
    const key = hashOfCue(kind as CueKind, first, second === '' ? undefined : second);
    this.#known[(key >>> 5) & (KNOWN_BITS / 32 - 1)]! |= 1 << (key & 31);
    let slot = key & this.#mask;
    while (this.#slots[slot * 2] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * 2] = key;
    this.#slots[slot * 2 + 1] = row;
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
