import { linesOf, readCues } from './read-cues.ts';

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

/** Of a cue: its key, in which text it was last counted, and its weights in pairs of columns; a line of a cache. */
const FIELDS = 16;
const COUNTED_IN = 1;
const FIRST_PAIR = 2;
const PAIR_BITS = 16;
/** A pair of sums has room for so many weights: with one more it might overflow. */
const ROOM = 255;
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
  /** A bit for every known cue: most cues of a text are unknown, and this is small enough to stay near. */
  readonly #known = new Int32Array(KNOWN_BITS / 32);
  /** A cue counts once in a text. */
  #text = 0;
  readonly #counted = new Int32Array(WIDTH);
  readonly sums = new Float64Array(WIDTH);
  readonly shares = new Float64Array(OUTCOMES.length);

  /** Errors: safety_data_invalid (invalid_input) naming the line */
  constructor(file: string) {
    let size = 16;
    while (size < linesOf(file) * 1.4) size *= 2;
    this.#mask = size - 1;
    this.#cues = new Int32Array(size * FIELDS);
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
  }

  /** How much a word alarms, by its key; 0 when it was never learned. The bias of that column is what alarms enough. */
  alarmOf(key: number): number {
    const place = this.#placeOf(key);
    if (this.#cues[place] === 0) return 0;
    return halfOf(this.#cues[place + FIRST_PAIR + (ALARM >> 1)]!, ALARM) / STEP;
  }

  /**
   * Weighs the cues of a text, each once: sums in `sums`, probabilities of the outcomes in `shares`.
   *
   * @returns the probability of any crisis
   */
  weigh(keys: Int32Array, count: number): number {
    const known = this.#known;
    const cues = this.#cues;
    const mask = this.#mask;
    const text = (this.#text = (this.#text + 1) | 0);
    let room = ROOM;
    this.#counted.fill(0);
    // Columns in variables instead of an array: no sum waits until the one before it is written.
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let e = 0;
    let f = 0;
    let g = 0;
    let h = 0;
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      if (((known[(key >>> 5) & (KNOWN_BITS / 32 - 1)]! >>> (key & 31)) & 1) === 0) continue;
      let place = (key & mask) * FIELDS;
      let found = cues[place]!;
      while (found !== 0 && found !== key) {
        place = (place + FIELDS) & (mask * FIELDS + FIELDS - 1);
        found = cues[place]!;
      }
      if (found === 0 || cues[place + COUNTED_IN] === text) continue;
      cues[place + COUNTED_IN] = text;
      a = (a + cues[place + FIRST_PAIR]!) | 0;
      b = (b + cues[place + FIRST_PAIR + 1]!) | 0;
      c = (c + cues[place + FIRST_PAIR + 2]!) | 0;
      d = (d + cues[place + FIRST_PAIR + 3]!) | 0;
      e = (e + cues[place + FIRST_PAIR + 4]!) | 0;
      f = (f + cues[place + FIRST_PAIR + 5]!) | 0;
      g = (g + cues[place + FIRST_PAIR + 6]!) | 0;
      h = (h + cues[place + FIRST_PAIR + 7]!) | 0;
      if (--room > 0) continue;
      this.#count(a, b, c, d, e, f, g, h);
      a = b = c = d = e = f = g = h = 0;
      room = ROOM;
    }
    this.#count(a, b, c, d, e, f, g, h);
    for (let k = 0; k < WIDTH; k++) this.sums[k] = this.#counted[k]! / STEP + this.bias[k]!;
    return this.#share();
  }

  /** Adds sums of pairs to the sums of the columns. */
  #count(...pairs: readonly number[]): void {
    const counted = this.#counted;
    for (let column = 0; column < WIDTH; column++) {
      counted[column]! += halfOf(pairs[column >> 1]!, column);
    }
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
    return place;
  }

  #addWeight(place: number, column: number, weight: number): void {
    const steps = Math.max(-128, Math.min(127, Math.round(weight * STEP)));
    const pair = place + FIRST_PAIR + (column >> 1);
    this.#cues[pair] = (this.#cues[pair]! + (column % 2 === 0 ? steps : steps << PAIR_BITS)) | 0;
  }
}

/**
 * What a pair holds for a column. A pair is the sum of both, the odd one 2^16 times, so that pairs are added as one number.
 */
function halfOf(pair: number, column: number): number {
  const even = (pair << PAIR_BITS) >> PAIR_BITS;
  return column % 2 === 0 ? even : (pair - even) >> PAIR_BITS;
}
