import { z } from 'zod';

export const PLAYER_TEXT_MAX_CHARS = 8000;

/** Unicode control characters except the newline. */
const CONTROL_EXCEPT_NEWLINE = /[^\P{Cc}\n]/gu;

/** Player text in the one form that is stored, hashed and parsed: NFC, LF line ends, no controls, trimmed. */
export function normalizePlayerText(text: string): string {
  return text.normalize('NFC').replace(/\r\n?/g, '\n').replace(CONTROL_EXCEPT_NEWLINE, '').trim();
}

/**
 * What a player typed: cleaned first, then 1 to 8000 Unicode characters (code points, not UTF-16 units).
 *
 * Source: spec, workflows 2.1, `text`
 */
export const PlayerText = z
  .string()
  .transform(normalizePlayerText)
  .superRefine((text, ctx) => {
    if (text.length === 0) {
      ctx.addIssue({
        code: 'too_small',
        origin: 'string',
        minimum: 1,
        inclusive: true,
        input: text,
        message: 'text is empty after trimming; expected 1 to 8000 characters',
      });
      return;
    }
    const length = countCharacters(text);
    if (length > PLAYER_TEXT_MAX_CHARS) {
      ctx.addIssue({
        code: 'too_big',
        origin: 'string',
        maximum: PLAYER_TEXT_MAX_CHARS,
        inclusive: true,
        input: text,
        message: `text has ${length} characters; expected 1 to ${PLAYER_TEXT_MAX_CHARS}`,
      });
    }
  });
export type PlayerText = z.output<typeof PlayerText>;

function countCharacters(text: string): number {
  if (text.length <= PLAYER_TEXT_MAX_CHARS) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}
