/** @typedef {string[][]} Paragraphs sentences, with the space that follows them */

const SEGMENTS = 'Segmenter' in Intl ? new Intl.Segmenter('en', { granularity: 'sentence' }) : undefined;

/**
 * A text as paragraphs of sentences.
 *
 * @param {string} text
 * @param {{ isWhole: boolean }} options  of a text that still grows, the sentence at its end is left out
 * @returns {Paragraphs}
 */
export function sentencesOf(text, { isWhole }) {
  const paragraphs = text.split(/\n{2,}/).map((paragraph) => split(paragraph.replace(/\s*\n\s*/g, ' ')));
  if (!isWhole) {
    const last = paragraphs.at(-1);
    // Closed by its own mark and a space, a sentence at the end cannot grow any more.
    if (last !== undefined && !/[.!?…]["'”’)]*\s+$/.test(last.at(-1) ?? '')) last.pop();
  }
  return paragraphs.filter((sentences) => sentences.some((sentence) => sentence.trim() !== ''));
}

/** @param {string} paragraph @returns {string[]} */
function split(paragraph) {
  if (SEGMENTS === undefined)
    return paragraph.match(/[^.!?…]*(?:[.!?…]+["'”’)]*\s*|$)/g)?.filter(Boolean) ?? [];
  return [...SEGMENTS.segment(paragraph)].map(({ segment }) => segment);
}
