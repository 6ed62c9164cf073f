import type { Meaning, Lexicon } from '../lexicon/compile.ts';
import type { TextReading } from '../read-text.ts';

/** A phrase found in a text, by token. */
export interface Match {
  readonly meaning: Meaning;
  readonly first: number;
  readonly last: number;
}

/** No phrase is longer, fillers included. */
const LONGEST_PHRASE = 24;

/**
 * Runs the phrases over a text. What was found is noted as numbers; objects are made only for texts that claim something.
 */
export class PhraseScan {
  readonly #lexicon: Lexicon;
  readonly #isClaim: Uint8Array;
  #phrases = new Int32Array(64);
  #firsts = new Int32Array(64);
  #lasts = new Int32Array(64);
  count = 0;
  hasClaim = false;

  constructor(lexicon: Lexicon) {
    this.#lexicon = lexicon;
    this.#isClaim = Uint8Array.from(lexicon.meanings, ({ kind }) => (kind === 'claim' ? 1 : 0));
  }

  run({ tokens, symbols }: TextReading): void {
    this.count = 0;
    this.hasClaim = false;
    this.#lexicon.automaton.run(symbols, tokens.sentences, tokens.count, this.#note);
  }

  /** All phrases with their places, in order of their last words. */
  matches(): Match[] {
    const found: Match[] = [];
    for (let i = 0; i < this.count; i++) {
      const first = this.#firsts[i]!;
      const last = this.#lasts[i]!;
      if (last - first > LONGEST_PHRASE) continue;
      found.push({ meaning: this.#lexicon.meanings[this.#phrases[i]!]!, first, last });
    }
    return found;
  }

  /** Number of the phrase that ended there, and the token it ended at, for 0 to `count`. */
  phraseOf(index: number): number {
    return this.#phrases[index]!;
  }

  lastOf(index: number): number {
    return this.#lasts[index]!;
  }

  /** The first phrase that ended at a token or behind it. */
  endingFrom(token: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#lasts[middle]! < token) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether some phrase that ended in the text is wanted. */
  someMeaning(isWanted: (phrase: number) => boolean): boolean {
    for (let i = 0; i < this.count; i++) if (isWanted(this.#phrases[i]!)) return true;
    return false;
  }

  readonly #note = (phrase: number, first: number, last: number): void => {
    if (this.count === this.#phrases.length) this.#grow();
    this.#phrases[this.count] = phrase;
    this.#firsts[this.count] = first;
    this.#lasts[this.count] = last;
    this.count++;
    if (this.#isClaim[phrase] === 1) this.hasClaim = true;
  };

  #grow(): void {
    this.#phrases = enlarged(this.#phrases);
    this.#firsts = enlarged(this.#firsts);
    this.#lasts = enlarged(this.#lasts);
  }
}

function enlarged(old: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}
