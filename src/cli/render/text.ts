import { stripVTControlCharacters } from 'node:util';

const CONTROL_EXCEPT_NEWLINE = /[^\P{Cc}\n]/gu;
/** East Asian wide and emoji code points take two columns of a terminal. */
const WIDE =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const SEGMENTS = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Text from outside, made harmless for a terminal: no escape sequences, no control characters but newlines. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL_EXCEPT_NEWLINE, ' ');
}

/** Columns a text takes in a terminal, without its colours. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const { segment } of SEGMENTS.segment(stripVTControlCharacters(text))) {
    columns += WIDE.test(segment) ? 2 : 1;
  }
  return columns;
}

/** The text, cut with an ellipsis when it takes more than `width` columns. */
export function truncate(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let kept = '';
  let columns = 0;
  for (const { segment } of SEGMENTS.segment(text)) {
    columns += columnsOf(segment);
    if (columns > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Lines of at most `width` columns, broken between words; a longer word keeps its own line. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const room = Math.max(20, width - columnsOf(indent));
  return printable(text)
    .split('\n')
    .flatMap((paragraph) => wrapParagraph(paragraph, room))
    .map((line) => `${indent}${line}`.trimEnd());
}

function wrapParagraph(paragraph: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(/\s+/).filter(Boolean)) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
