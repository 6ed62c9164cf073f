import type { Line } from './tell-outcomes.ts';

/** The parts of a story before it is cut to size. */
export interface Draft {
  readonly opening: string;
  readonly must: readonly Line[];
  /** In falling order of worth; each goes in only if there is room. */
  readonly may: readonly string[];
  readonly closing: string;
}

const PARAGRAPH_FROM_CHARS = 200;

/**
 * A story of at most `maxChars` characters, in whole sentences: everything that must be told, then what
 * there is room for. Above 200 characters there is a paragraph break before the second half.
 */
export function fitStory(draft: Draft, maxChars: number): string {
  const told = draft.must.filter((line) => line.full !== '' || line.brief !== '');
  const full = told.map((line) => line.full || line.brief);
  const brief = told.map((line) => line.brief || line.full);
  const must =
    lengthOf([draft.opening, ...full, draft.closing]) <= maxChars
      ? full
      : shortened(draft, full, brief, maxChars);
  const first = [draft.opening, ...must];
  if (lengthOf([...first, draft.closing]) > maxChars) return squeeze([...brief, draft.closing], maxChars);
  const extra: string[] = [];
  for (const sentence of draft.may) {
    if (sentence === '') continue;
    if (lengthOf([...first, ...extra, sentence, draft.closing]) <= maxChars) extra.push(sentence);
  }
  // A quiet turn has nothing it must tell: its first addition keeps the opening company.
  const beside = must.length === 0 && extra.length > 1 ? 1 : 0;
  const head = [...first, ...extra.slice(0, beside)].join(' ');
  const tail = [...extra.slice(beside), draft.closing].join(' ');
  return head.length + 1 + tail.length > PARAGRAPH_FROM_CHARS ? `${head}\n\n${tail}` : `${head} ${tail}`;
}

/** Brief forms from the last line forward, only as many as needed. */
function shortened(
  draft: Draft,
  full: readonly string[],
  brief: readonly string[],
  maxChars: number,
): string[] {
  const lines = [...full];
  for (let i = lines.length - 1; i >= 0; i--) {
    lines[i] = brief[i] ?? lines[i] ?? '';
    if (lengthOf([draft.opening, ...lines, draft.closing]) <= maxChars) return lines;
  }
  return lines;
}

/** Even the brief forms are too long: keep the whole sentences that fit, and the last one. */
function squeeze(sentences: readonly string[], maxChars: number): string {
  const closing = sentences.at(-1) ?? '';
  const kept: string[] = [];
  for (const sentence of sentences
    .slice(0, -1)
    .flatMap((text) => text.match(/[^.!?]+[.!?]+[”’]?/gu) ?? [text])) {
    if (lengthOf([...kept, sentence.trim(), closing]) > maxChars) break;
    kept.push(sentence.trim());
  }
  const body = kept.join(' ');
  const text = `${body} ${closing}`.trim();
  return text.length > PARAGRAPH_FROM_CHARS ? `${body}\n\n${closing}` : text;
}

/** One character more than the parts and single spaces, because a paragraph break takes two. */
function lengthOf(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + part.length + 1, 0);
}
