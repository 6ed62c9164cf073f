import { describe, expect, it } from 'vitest';
import { INTENTS, IpaInput, IpaOutput, lastEntityOf } from '../../../src/contracts/intent.ts';
import { parseText } from '../../../src/agents/ipa/parse.ts';

describe('the intent contract', () => {
  it('names the twenty-two intents of the specification', () => {
    expect(INTENTS).toHaveLength(22);
  });

  it('refuses unknown fields on both sides', () => {
    expect(IpaInput.safeParse({ text: 'look', mood: 'x' }).success).toBe(false);
    expect(IpaOutput.safeParse({ ...parseText('look', null, null), extra: 1 }).success).toBe(false);
  });

  it('gives the last thing or person as what the next turn’s pronouns mean', () => {
    expect(lastEntityOf(parseText('examine the goblin', null, null))).toBe('goblin');
    expect(lastEntityOf(parseText('go north', null, null))).toBeNull();
  });
});
