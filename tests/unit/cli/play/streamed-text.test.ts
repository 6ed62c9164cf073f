import { array, assert, nat, property, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamText } from '../../../../src/cli/play/streamed-text.ts';

function streamed(pieces: readonly string[], whole: string, width = 30): string {
  let written = '';
  const text = streamText((part) => (written += part), width);
  let known = '';
  for (const piece of pieces) text.tell((known += piece), { isWhole: false });
  text.tell(whole, { isWhole: true });
  return written;
}

describe('a text that is told as it grows', () => {
  it('shows whole words at once, and holds the last one back until it is whole', () => {
    let written = '';
    const text = streamText((part) => (written += part), 30);
    text.tell('Rain fell on the hil', { isWhole: false });
    expect(written).toBe('Rain fell on the');
    text.tell('Rain fell on the hills.', { isWhole: true });
    expect(written).toBe('Rain fell on the hills.\n');
  });

  it('wraps between words and keeps paragraphs', () => {
    expect(streamed([], 'Rain fell on the hills and on the town.\n\nThe sun came.')).toBe(
      'Rain fell on the hills and on\nthe town.\n\nThe sun came.\n',
    );
  });

  it('is the same in pieces as at once, wherever it is cut', () => {
    const words = array(stringMatching(/^[a-zé“.!]{1,12}$/), { minLength: 1, maxLength: 40 });
    assert(
      property(words, array(nat(300)), (parts, cuts) => {
        const whole = parts.join(' ').replaceAll('! ', '!\n\n');
        const places = [...new Set(cuts.map((cut) => cut % whole.length))].toSorted((a, b) => a - b);
        const pieces = places.map((place, index) => whole.slice(places[index - 1] ?? 0, place));
        expect(streamed(pieces, whole)).toBe(streamed([], whole));
      }),
    );
  });

  it('is told anew when it turns out different', () => {
    expect(streamed(['The night was ', 'dark and '], 'A warm morning.')).toBe(
      'The night was dark and\n\nA warm morning.\n',
    );
  });

  it('brings no escape sequence to the terminal', () => {
    expect(streamed([], 'red \u001b[31malert\u0007 here')).toBe('red alert here\n');
  });
});
