/** Is told the number of a phrase, its first word and its last. */
export type PhraseListener = (phrase: number, first: number, last: number) => void;

/** Phrases of several words that end at the word in hand, ascending, each with the place nearest to it that it begins at. */
export class EndedPhrases {
  readonly #phrases: number[] = [];
  readonly #firsts: number[] = [];

  /** @param wholes  phrases that the last word is alone: these begin nearer, and are not noted */
  note(phrases: readonly number[], first: number, wholes: readonly number[]): void {
    for (const phrase of phrases) {
      if (wholes.includes(phrase)) continue;
      let at = this.#phrases.length;
      while (at > 0 && this.#phrases[at - 1]! > phrase) at--;
      if (at > 0 && this.#phrases[at - 1] === phrase) {
        this.#firsts[at - 1] = Math.max(first, this.#firsts[at - 1]!);
        continue;
      }
      this.#phrases.splice(at, 0, phrase);
      this.#firsts.splice(at, 0, first);
    }
  }

  /** Tells what was noted, and forgets it. */
  tell(last: number, found: PhraseListener): void {
    if (this.#phrases.length === 0) return;
    for (let i = 0; i < this.#phrases.length; i++) found(this.#phrases[i]!, this.#firsts[i]!, last);
    this.#phrases.length = 0;
    this.#firsts.length = 0;
  }
}
