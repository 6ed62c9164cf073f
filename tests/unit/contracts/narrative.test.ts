import { describe, expect, it } from 'vitest';
import { NgaInput } from '../../../src/contracts/narrative.ts';

const input = { player_text: 'look', intent: null, world: null, view: null, recent_turns: [], turn: 1 };

describe('the narrative contract', () => {
  it('tells stories of 500 characters unless the style says otherwise', () => {
    expect(NgaInput.parse({ ...input, style: {} }).style?.max_chars).toBe(500);
  });

  it('takes at most five turns of memory', () => {
    const turns = (length: number) =>
      Array.from({ length }, (_, turn) => ({ turn, text: 'x', intent: 'look', response_text: 'y' }));
    expect(NgaInput.safeParse({ ...input, recent_turns: turns(5) }).success).toBe(true);
    expect(NgaInput.safeParse({ ...input, recent_turns: turns(6) }).success).toBe(false);
  });
});
