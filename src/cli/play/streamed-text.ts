import { columnsOf, printable } from '../render/text.ts';

/** A terminal that tells no width says 0. */
const NARROWEST = 20;

export interface StreamedText {
  readonly hasBegun: boolean;
  /** The text as far as it is known; what is written already stays as it is. */
  tell(text: string, options: { isWhole: boolean }): void;
}

/**
 * A text that grows at its end, as wrapped lines. Only whole words are written, so a line never has to be taken back;
 * a text that differs from what was written is told again, after an empty line.
 */
export function streamText(write: (text: string) => void, width: number): StreamedText {
  const room = Math.max(NARROWEST, width);
  /** What is written, as it stands in the text. */
  let told = '';
  let column = 0;

  return {
    get hasBegun() {
      return told !== '';
    },
    tell(text, { isWhole }) {
      const all = isWhole ? printable(text).trimEnd() : printable(text);
      if (!all.startsWith(told)) {
        write('\n\n');
        told = '';
        column = 0;
      }
      // A word at the very end may still grow.
      const words = all.slice(told.length).matchAll(isWhole ? /(\s*)(\S+)/g : /(\s*)(\S+)(?=\s)/g);
      for (const [found, space, word] of words) {
        write(`${gapBefore(space!, word!)}${word!}`);
        told += found;
      }
      if (isWhole) write('\n');
    },
  };

  function gapBefore(space: string, word: string): string {
    const columns = columnsOf(word);
    const newlines = space.replace(/[^\n]/g, '');
    const isFirst = told === '';
    if (!isFirst && (newlines !== '' || column + 1 + columns > room)) {
      column = columns;
      return newlines === '' ? '\n' : newlines;
    }
    column += columns + (isFirst || space === '' ? 0 : 1);
    return isFirst || space === '' ? '' : ' ';
  }
}
