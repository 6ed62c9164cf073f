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
 * Runs the phrases over a text: one step per word. Ends of phrases are noted as numbers; places are looked up only
 * for texts that claim something.
 */
export class PhraseScan {
  readonly #lexicon: Lexicon;
  readonly #isClaim: Uint8Array;
  #phrases = new Int32Array(64);
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
  matches({ tokens, symbols }: TextReading): Match[] {
    const found: Match[] = [];
    for (let i = 0; i < this.count; i++) {
      const last = this.#lasts[i]!;
      const phrase = this.#phrases[i]!;
      let from = last;
      while (
        from > 0 &&
        last - from < LONGEST_PHRASE &&
        tokens.sentences[from - 1] === tokens.sentences[last]
      ) {
        from--;
      }
      const first = this.#lexicon.automaton.startOf(phrase, symbols, from, last);
      if (first !== -1) found.push({ meaning: this.#lexicon.meanings[phrase]!, first, last });
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

  /** Whether some phrase that ended in the text is wanted. */
  someMeaning(isWanted: (phrase: number) => boolean): boolean {
    for (let i = 0; i < this.count; i++) if (isWanted(this.#phrases[i]!)) return true;
    return false;
  }

  readonly #note = (phrase: number, last: number): void => {
    if (this.count === this.#phrases.length) {
      const size = this.count * 2;
      const phrases = new Int32Array(size);
      const lasts = new Int32Array(size);
      phrases.set(this.#phrases);
      lasts.set(this.#lasts);
      this.#phrases = phrases;
      this.#lasts = lasts;
    }
    this.#phrases[this.count] = phrase;
    this.#lasts[this.count] = last;
    this.count++;
    if (this.#isClaim[phrase] === 1) this.hasClaim = true;
  };
}
