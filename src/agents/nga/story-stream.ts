/** Whether a sentence may be read by the player; `before` is what the player has read of the story. */
export type SentenceGate = (
  sentence: string,
  signal: AbortSignal,
  before: string,
) => boolean | Promise<boolean>;

export const LET_PASS: SentenceGate = () => true;

export interface StoryStreamOptions {
  /** Shows a piece of the text; with `anew` what was shown before is void. */
  readonly emit: (text: string, options?: { readonly anew?: boolean; readonly blocked?: boolean }) => void;
  readonly gate: SentenceGate;
  readonly signal: AbortSignal;
}

/**
 * Shows a story sentence by sentence. No sentence is shown that the gate has not let pass, and what was shown in the
 * end is the story, byte for byte:
 *
 * 1. {@link offer} takes the complete sentences of a growing text and shows those that are accepted, in order, up to
 *    the first that is not.
 * 2. {@link tell} gets the whole story. When it begins with what was shown, the rest follows; else the text begins anew.
 */
export class StoryStream {
  readonly #options: StoryStreamOptions;
  readonly #taken: string[] = [];
  /** Nothing more of the growing text is taken. */
  #isHeld = false;
  /** Nothing more of what was taken is shown. */
  #isShut = false;
  #shown = '';
  #passing: Promise<void> = Promise.resolve();

  constructor(options: StoryStreamOptions) {
    this.#options = options;
  }

  /** @param pieces  complete sentences with the white space before them; a beginning of what comes next time */
  offer(pieces: readonly string[], accepts: (sentence: string, index: number) => boolean): void {
    const isContinued = this.#taken.every((piece, i) => pieces[i] === undefined || pieces[i] === piece);
    if (!isContinued) this.#isHeld = true;
    for (let i = this.#taken.length; i < pieces.length && !this.#isHeld; i++) {
      const piece = pieces[i] ?? '';
      if (!accepts(piece.trim(), i)) {
        this.#isHeld = true;
        return;
      }
      this.#taken.push(piece);
      this.#passing = this.#passing.then(() => this.#show(piece));
    }
  }

  /**
   * The whole story.
   * @returns false when the gate refused a sentence: what was shown of the story is void with the next call
   */
  async tell(pieces: readonly string[]): Promise<boolean> {
    this.#isHeld = true;
    await this.#passing;
    for (const piece of this.#rest(pieces)) {
      if (!(await this.#passes(piece, this.#shown))) return false;
      this.#emit(piece);
    }
    return true;
  }

  /** The same, leaving out what the gate refuses. @returns the pieces that were shown */
  async tellWhatPasses(pieces: readonly string[]): Promise<string[]> {
    this.#isHeld = true;
    await this.#passing;
    const kept: string[] = [];
    for (const piece of pieces) if (await this.#passes(piece, kept.join(''))) kept.push(piece);
    kept[0] = kept[0]?.trimStart() ?? '';
    for (const piece of this.#rest(kept)) this.#emit(piece);
    return kept;
  }

  /** What was shown may not be told; another story may follow. */
  async withdraw(): Promise<void> {
    this.#isHeld = true;
    await this.#passing;
    this.#options.emit('', { anew: true, blocked: true });
    this.#shown = '';
    this.#taken.length = 0;
    this.#isHeld = false;
    this.#isShut = false;
  }

  /** What is still to be shown of these pieces; begins anew when something else was shown before. */
  #rest(pieces: readonly string[]): readonly string[] {
    let length = 0;
    const known = pieces.findIndex((piece) => {
      if (length >= this.#shown.length) return true;
      length += piece.length;
      return false;
    });
    const count = known === -1 ? pieces.length : known;
    if (pieces.slice(0, count).join('') === this.#shown) return pieces.slice(count);
    this.#options.emit('', { anew: true });
    this.#shown = '';
    return pieces;
  }

  /** A gate that refuses or fails shuts here; `tell` asks it again, and says so. */
  async #show(piece: string): Promise<void> {
    if (this.#isShut) return;
    try {
      if (await this.#passes(piece, this.#shown)) return this.#emit(piece);
    } catch {
      // Not shown is safe; the error is told to whoever tells the story.
    }
    this.#isShut = true;
  }

  async #passes(piece: string, before: string): Promise<boolean> {
    return this.#options.gate(piece.trim(), this.#options.signal, before);
  }

  #emit(piece: string): void {
    if (this.#options.signal.aborted) return;
    this.#shown += piece;
    this.#options.emit(piece);
  }
}
