import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlayerText, normalizePlayerText } from '../../../src/contracts/player-text.ts';

describe('player text', () => {
  it('is trimmed, composed to NFC and freed of control characters, but keeps its line breaks', () => {
    expect(PlayerText.parse('  go\u0007 north\r\nthen re\u0301st\u0000 ')).toBe('go north\nthen rést');
  });

  it('of blanks or controls only is refused as empty', () => {
    for (const text of ['', '   ', '\u0000\u0001', '\n\n']) {
      const result = PlayerText.safeParse(text);
      expect(result.error?.issues[0]?.message).toBe(
        'text is empty after trimming; expected 1 to 8000 characters',
      );
    }
  });

  it('of 9000 characters is refused with both numbers', () => {
    const result = PlayerText.safeParse('a'.repeat(9000));
    expect(result.error?.issues[0]).toMatchObject({
      code: 'too_big',
      message: 'text has 9000 characters; expected 1 to 8000',
    });
  });

  it('counts Unicode characters, so 8000 emoji fit and 8001 do not', () => {
    expect(PlayerText.safeParse('🌲'.repeat(8000)).success).toBe(true);
    expect(PlayerText.safeParse('🌲'.repeat(8001)).success).toBe(false);
  });

  it('does not change any more once it is normalised', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const once = normalizePlayerText(text);
        expect(normalizePlayerText(once)).toBe(once);
      }),
      { numRuns: 40 },
    );
  });
});
