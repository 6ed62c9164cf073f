import { describe, expect, test } from 'vitest';
import { TextReading } from '../../../src/safety/read-text.ts';
import { stemOf, stretchesOf } from '../../../src/safety/weigh/features.ts';
import { lexicon, validatorWith } from './validator.ts';

const { validateText } = validatorWith();
const reading = new TextReading(lexicon);

function weigh(text: string) {
  reading.read(text);
  return lexicon.scale!.weigh(reading);
}

test('words that speak of a crisis weigh more than those of a story', () => {
  const crisis = weigh('nobody would notice if my chair stayed empty, I have written the letters')!;
  const story = weigh('we take the ferry to the market and sell the golden lute');
  expect(crisis.crisis).toBeGreaterThan(0);
  expect(story === null || story.crisis < -1).toBe(true);
});

test('a text without a word that tells is not weighed at all', () => {
  expect(weigh('')).toBeNull();
  expect(weigh('the the the')).toBeNull();
});

test('a sign in the middle of a long text is not drowned by it', () => {
  const sign = 'I cut my arms every night because I hate myself.';
  const story = 'We sail past the island and trade our amber for rope. The captain counts it twice. ';
  const hidden = weigh(story.repeat(8) + sign + story.repeat(8))!;
  const without = weigh(story.repeat(16));
  expect(hidden.crisis).toBeGreaterThan((without?.crisis ?? -9) + 2);
  expect(hidden.first).toBeGreaterThan(0);
});

test('stretches cover a text, overlap and are of bounded length', () => {
  reading.read('one two three. '.repeat(60));
  const stretches = stretchesOf(reading);
  expect(stretches[0]!.first).toBe(0);
  expect(stretches.at(-1)!.last).toBe(reading.tokens.count - 1);
  for (const [i, { first, last }] of stretches.entries()) {
    expect(last - first).toBeLessThan(36);
    if (i > 0) expect(first).toBeLessThanOrEqual(stretches[i - 1]!.last);
    if (i > 0) expect(first).toBeGreaterThan(stretches[i - 1]!.first);
  }
});

test('forms of a word share a stem', () => {
  expect(new Set(['hurt', 'hurts', 'hurting'].map(stemOf)).size).toBe(1);
  expect(stemOf('is')).toBe('is');
});

describe('words alone', () => {
  const text = 'My shoulder is out again. He says I bruise for attention.';

  test('find what no phrase foresees, with a confidence below that of a plain statement', () => {
    const result = validateText(text);
    expect(result).toMatchObject({ crisis_detected: true, crisis_types: ['abuse'], level: 'warning' });
    expect(result.findings[0]!.confidence).toBeLessThan(0.85);
  });

  test('never overrule a plain statement, nor what a phrase says is denied', () => {
    expect(validateText('I want to kill myself, said over tea and golden cakes').crisis_detected).toBe(true);
    expect(validateText("I don't want to kill myself")).toMatchObject({
      crisis_detected: false,
      level: 'warning',
    });
  });

  test('say nothing of what the narrator tells, and nothing where crises are switched off', () => {
    expect(validateText(text, { stage: 'output' }).crisis_detected).toBe(false);
  });
});
