import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Output } from '../output.ts';

export interface EnteredLine {
  readonly text: string;
  /** The player sees it on the screen already. */
  readonly isShown: boolean;
}

export interface LineReader extends Disposable {
  /** Whether a person sits at the other end. */
  readonly isTerminal: boolean;
  /**
   * The next line, null after the last one. What is typed before it is asked for is kept and comes first.
   * Errors: the signal's reason
   */
  next(prompt: string, signal: AbortSignal): Promise<EnteredLine | null>;
  /** Takes back what stands after the prompt. @returns whether anything did */
  clearLine(): boolean;
  /** Shows prompt and line again, after something else was written. */
  redraw(): void;
}

/**
 * Lines of the input. On a terminal they are edited with the usual keys and earlier ones come back with the arrow
 * keys; Ctrl-C reaches `onInterrupt`, also while nobody asks for a line.
 */
export function readLines(
  stdin: NodeJS.ReadableStream & { isTTY?: boolean },
  out: Output,
  onInterrupt: () => void,
): LineReader {
  const isTerminal = stdin.isTTY === true && out.isInteractive;
  const screen = new Screen(out);
  const input = createInterface({
    input: stdin,
    ...(isTerminal && { output: screen, historySize: 500, removeHistoryDuplicates: true }),
    terminal: isTerminal,
  });
  const early: string[] = [];
  let isClosed = false;
  let take: ((line: EnteredLine | null) => void) | undefined;
  input.on('line', (text) => {
    const asked = take;
    // One arrival may hold several lines: only the first one is what was asked for.
    take = undefined;
    if (asked === undefined) early.push(text);
    else asked({ text, isShown: isTerminal });
  });
  input.on('close', () => {
    isClosed = true;
    take?.(null);
  });
  input.on('SIGINT', onInterrupt);

  return {
    isTerminal,
    async next(prompt, signal) {
      signal.throwIfAborted();
      const text = early.shift();
      if (text !== undefined) return { text, isShown: false };
      if (isClosed) return null;
      const stop = new AbortController();
      try {
        return await new Promise<EnteredLine | null>((resolve, reject) => {
          take = resolve;
          signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: stop.signal });
          if (!isTerminal) return;
          screen.isMuted = false;
          input.setPrompt(prompt);
          input.prompt(true);
        });
      } finally {
        stop.abort();
        take = undefined;
        screen.isMuted = true;
      }
    },
    clearLine() {
      const hadText = input.line !== '';
      input.write(null, { ctrl: true, name: 'e' });
      input.write(null, { ctrl: true, name: 'u' });
      return hadText;
    },
    redraw: () => input.prompt(true),
    [Symbol.dispose]: () => input.close(),
  };
}

/** Where the line is drawn: nowhere while the story is told, so that the two do not mix. */
class Screen extends Writable {
  isMuted = true;
  readonly #out: Output;

  constructor(out: Output) {
    super({ decodeStrings: false });
    this.#out = out;
  }

  get columns(): number {
    return this.#out.columns;
  }

  override _write(chunk: string | Buffer, _: unknown, done: () => void): void {
    if (!this.isMuted) this.#out.write(String(chunk));
    done();
  }
}
