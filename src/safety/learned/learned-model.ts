import { readCues, sizeOf } from './read-cues.ts';

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
/** What alarms is forgotten by so much with every word. */
export const CALM = 0.15;
const STEP = 32;
const KNOWN_BITS = 2 ** 18;

/** Of a cue: its key, where its weights begin and how many they are, and in which text it was last counted. */
const FIELDS = 4;
const COLUMN_BITS = 4;
const COLUMN_MASK = (1 << COLUMN_BITS) - 1;
/** Instead of the place of a cue: the bias, and a cue whose key another one has. */
const OF_ALL = -1;
const UNHEARD = -2;

/**
 * Weights of cues, as a table that is asked by hash. The file is text: one cue per line, its kind, its parts, and the
 * columns that it speaks for or against.
 */
export class LearnedModel {
  readonly bias = new Float64Array(WIDTH);
  /** What is known of a cue stands side by side, and comes with one access to memory. Key 0 is a free place. */
  readonly #cues: Int32Array;
  readonly #mask: number;
  /** Most cues speak of two or three columns: how much, in steps of 1/32, and for which. */
  #weights: Int16Array;
  #weightCount = 0;
  /** A bit for every known cue: most cues of a text are unknown, and this is small enough to stay near. */
  readonly #known = new Int32Array(KNOWN_BITS / 32);
  /** A cue counts once in a text. */
  #text = 0;
  readonly #counted = new Int32Array(WIDTH);
  readonly sums = new Float64Array(WIDTH);
  readonly shares = new Float64Array(OUTCOMES.length);

  /** Errors: safety_data_invalid (invalid_input) naming the line */
  constructor(file: string) {
    const { lines, weights } = sizeOf(file);
    let size = 16;
    while (size < lines * 1.4) size *= 2;
    this.#mask = size - 1;
    this.#cues = new Int32Array(size * FIELDS);
    this.#weights = new Int16Array(weights);
    let place = UNHEARD;
    readCues(file, COLUMNS, {
      cue: (key) => {
        place = key === 0 ? OF_ALL : this.#add(key);
      },
      weight: (column, weight) => {
        if (place === OF_ALL) this.bias[column] = weight;
        else if (place !== UNHEARD) this.#addWeight(place, column, weight);
      },
    });
    this.#weights = this.#weights.slice(0, this.#weightCount);
  }

  /** How much a word alarms, by its key; 0 when it was never learned. The bias of that column is what alarms enough. */
  alarmOf(key: number): number {
    const place = this.#placeOf(key);
    if (this.#cues[place] === 0) return 0;
    const from = this.#cues[place + 1]!;
    for (let at = from; at < from + this.#cues[place + 2]!; at++) {
      if ((this.#weights[at]! & COLUMN_MASK) === ALARM) return (this.#weights[at]! >> COLUMN_BITS) / STEP;
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
    const cues = this.#cues;
    const weights = this.#weights;
    const known = this.#known;
    const mask = this.#mask;
    const text = (this.#text = (this.#text + 1) | 0);
    counted.fill(0);
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      if (((known[(key >>> 5) & (KNOWN_BITS / 32 - 1)]! >>> (key & 31)) & 1) === 0) continue;
      let place = (key & mask) * FIELDS;
      let found = cues[place]!;
      while (found !== 0 && found !== key) {
        place = (place + FIELDS) & (mask * FIELDS + FIELDS - 1);
        found = cues[place]!;
      }
      if (found === 0 || cues[place + 3] === text) continue;
      cues[place + 3] = text;
      const from = cues[place + 1]!;
      const to = from + cues[place + 2]!;
      for (let at = from; at < to; at++) {
        const weight = weights[at]!;
        const column = weight & COLUMN_MASK;
        counted[column] = (counted[column]! + (weight >> COLUMN_BITS)) | 0;
      }
    }
    for (let c = 0; c < WIDTH; c++) this.sums[c] = counted[c]! / STEP + this.bias[c]!;
    return this.#share();
  }

  /** Where a cue is, or would be. */
  #placeOf(key: number): number {
    let place = (key & this.#mask) * FIELDS;
    while (this.#cues[place] !== key && this.#cues[place] !== 0) {
      place = (place + FIELDS) & (this.#mask * FIELDS + FIELDS - 1);
    }
    return place;
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

  #add(key: number): number {
    this.#known[(key >>> 5) & (KNOWN_BITS / 32 - 1)]! |= 1 << (key & 31);
    const place = this.#placeOf(key);
    // Of two cues that share a key, the first speaks.
    if (this.#cues[place] === key) return UNHEARD;
    this.#cues[place] = key;
    this.#cues[place + 1] = this.#weightCount;
    return place;
  }

  #addWeight(place: number, column: number, weight: number): void {
    const steps = Math.max(-128, Math.min(127, Math.round(weight * STEP)));
    this.#weights[this.#weightCount++] = (steps << COLUMN_BITS) | column;
    this.#cues[place + 2]!++;
  }
}
