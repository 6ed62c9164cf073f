import { linesOf, readCues } from './read-cues.ts';
import { WeightRows } from './weight-rows.ts';

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
/** What alarms is forgotten by so much with every word. */
export const CALM = 0.15;
const KNOWN_BITS = 2 ** 19;
/** Of a cue: its key, 0 where a place is free, and the number of its weights with the text that heard of it last. */
const FIELDS = 2;
const ROW = 1;
/** A cue sets two bits of one number: few others set the same. */
const SECOND_BIT = 19;
/** Instead of the place of a cue that is read: the bias, and a cue whose key another one has. */
const OF_ALL = -1;
const TAKEN = -2;

/**
 * Weights of cues, as a table that is asked by hash. The file is text: one cue per line, its kind, its parts, and the
 * columns that it speaks for or against.
 *
 * A text is weighed in three steps: {@link begin}, then {@link hear} and {@link hearKeys} with the cues it shows, then
 * {@link weigh}. A cue counts once, however often it is heard.
 */
export class LearnedModel {
  readonly bias = new Float64Array(COLUMNS.length);
  readonly sums = new Float64Array(COLUMNS.length);
  readonly shares = new Float64Array(OUTCOMES.length);
  /** The place of all cues of which nothing was learned; they weigh nothing. */
  readonly nowhere: number;
  readonly #rows = new WeightRows(COLUMNS.length);
  /**
   * What is known of a cue, side by side, by place; the last one is {@link nowhere}. The lower bits of a row are its number, the
   * upper ones the text: all of it is as small as may be, for every text asks for a hundred places far from each other.
   */
  readonly #cues: Int32Array;
  readonly #mask: number;
  readonly #rowBits: number;
  /** Two bits for every known cue: most pairs of words are unknown, and this is small enough to stay near. */
  readonly #known = new Int32Array(KNOWN_BITS / 32);
  #text = 0;
  /** Weights of the cues that were heard. */
  #heard = new Int32Array(1024);
  #count = 0;

  /** Errors: safety_data_invalid (invalid_input) naming the line */
  constructor(file: string) {
    let size = 16;
    while (size < linesOf(file) * 2) size *= 2;
    this.#mask = size * FIELDS - 1;
    this.nowhere = size * FIELDS;
    this.#cues = new Int32Array((size + 1) * FIELDS);
    this.#cues[this.nowhere + ROW] = this.#rows.close();
    let place = TAKEN;
    const close = (): void => {
      if (place >= 0) this.#cues[place + ROW] = this.#rows.close();
    };
    readCues(file, COLUMNS, {
      cue: (key) => {
        close();
        place = key === 0 ? OF_ALL : this.#add(key);
      },
      weight: (column, weight) => {
        if (place === OF_ALL) this.bias[column] = weight;
        else if (place !== TAKEN) this.#rows.put(column, weight);
      },
    });
    close();
    this.#rowBits = 32 - Math.clz32(this.#rows.size);
  }

  /** How much a word alarms, by its key; 0 when it was never learned. The bias of that column is what alarms enough. */
  alarmOf(key: number): number {
    return this.#rows.weightOf(this.#cues[this.find(key) + ROW]! & ((1 << this.#rowBits) - 1), ALARM);
  }

  /** The place of a cue by its key, for {@link hear}. */
  find(key: number): number {
    const place = this.#placeOf(key);
    return this.#cues[place] === 0 ? this.nowhere : place;
  }

  /** 0 when nothing was learned of a cue, 1 when something may have been. */
  mayKnow(key: number): number {
    const known = this.#known[(key >>> 5) & (KNOWN_BITS / 32 - 1)]!;
    return (known >>> (key & 31)) & (known >>> ((key >>> SECOND_BIT) & 31)) & 1;
  }

  /** Begins a text. */
  begin(): void {
    if (this.#text === 2 ** (31 - this.#rowBits) - 1) this.#forgetTexts();
    this.#text++;
    this.#count = 0;
  }

  /** The text shows cues that stand at these places. */
  hear(places: Int32Array, count: number): void {
    while (this.#heard.length < this.#count + count) this.#grow();
    const heard = this.#heard;
    const cues = this.#cues;
    const rowBits = this.#rowBits;
    const rowMask = (1 << rowBits) - 1;
    const text = this.#text;
    let at = this.#count;
    for (let i = 0; i < count; i++) {
      const place = places[i]!;
      // Written in any case, and kept when it is new: what cannot be foreseen costs more than what is in vain.
      const last = cues[place + ROW]!;
      const row = last & rowMask;
      heard[at] = row;
      at += last >>> rowBits === text ? 0 : 1;
      cues[place + ROW] = (text << rowBits) | row;
    }
    this.#count = at;
  }

  /** The text shows cues with these keys, known or not. What is in `keys` is lost. */
  hearKeys(keys: Int32Array, count: number): void {
    const cues = this.#cues;
    let known = 0;
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      let place = this.#firstPlaceOf(key);
      // Seldom another cue stands there.
      if (cues[place] !== key && cues[place] !== 0) place = this.#placeOf(key);
      keys[known] = place;
      known += cues[place] === key ? 1 : 0;
    }
    this.hear(keys, known);
  }

  /** Ends a text: how much its cues weigh together is in `sums`. */
  weigh(): void {
    this.#rows.sum(this.#heard, this.#count, this.sums);
    for (let k = 0; k < COLUMNS.length; k++) this.sums[k]! += this.bias[k]!;
  }

  /**
   * Whether the sums leave an outcome at least this share, without finding out more than it takes.
   *
   * @param margin  what every other outcome must weigh less for it to be certain
   */
  isFarAhead(outcome: number, margin: number): boolean {
    const { sums } = this;
    const most = sums[outcome]! - margin;
    for (let i = 0; i < OUTCOMES.length; i++) if (i !== outcome && sums[i]! > most) return false;
    return true;
  }

  /** The sums as probabilities of the outcomes, in `shares`. @returns the probability of any crisis */
  share(): number {
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

  #firstPlaceOf(key: number): number {
    return Math.imul(key, FIELDS) & this.#mask;
  }

  /** Where a cue is, or would be. */
  #placeOf(key: number): number {
    const cues = this.#cues;
    const mask = this.#mask;
    let place = this.#firstPlaceOf(key);
    for (let found = cues[place]!; found !== key && found !== 0; found = cues[place]!) {
      place = (place + FIELDS) & mask;
    }
    return place;
  }

  #add(key: number): number {
    this.#known[(key >>> 5) & (KNOWN_BITS / 32 - 1)]! |=
      (1 << (key & 31)) | (1 << ((key >>> SECOND_BIT) & 31));
    const place = this.#placeOf(key);
    // Of two cues that share a key, the first speaks.
    if (this.#cues[place] === key) return TAKEN;
    this.#cues[place] = key;
    return place;
  }

  #forgetTexts(): void {
    const rowMask = (1 << this.#rowBits) - 1;
    for (let place = ROW; place < this.#cues.length; place += FIELDS) this.#cues[place]! &= rowMask;
    this.#text = 0;
  }

  #grow(): void {
    const larger = new Int32Array(this.#heard.length * 2);
    larger.set(this.#heard);
    this.#heard = larger;
  }
}
