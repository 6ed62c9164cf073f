import type { Avoidance } from './avoidance.ts';
import type { Draft } from './fit.ts';
import { BARE_INVITATIONS, BARE_LINES } from './grammar/closings.ts';
import type { Picker } from './select.ts';
import { sentencesOf } from './sentences.ts';

const MIN_CHARS = 50;

/**
 * The last look at a draft: whatever still says what is to be avoided goes, sentence by sentence, and what is missing
 * then (a beginning, an end, some length) is made up with sentences that speak of nothing.
 */
export function clean(draft: Draft, avoidance: Avoidance, picker: Picker): Draft {
  const kept = (text: string): string =>
    avoidance.isEmpty
      ? text
      : sentencesOf(text)
          .filter((sentence) => !avoidance.mentions(sentence))
          .join(' ');
  const bare = (): string => picker.pick('bare.line', BARE_LINES) || BARE_LINES[5];
  const must = draft.must.map((line) => ({ full: kept(line.full), brief: kept(line.brief) }));
  const may = draft.may.map(kept);
  const closing = kept(draft.closing);
  let opening = kept(draft.opening) || bare();
  const end = closing.includes('?') ? closing : picker.pick('bare.invitation', BARE_INVITATIONS) || 'And?';
  const sure = must.reduce((sum, line) => sum + Math.min(line.full.length, line.brief.length), 0);
  if (opening.length + sure + end.length < MIN_CHARS && may.every((text) => text === '')) {
    opening = `${opening} ${bare()}`;
  }
  return { opening, must, may, closing: end };
}
