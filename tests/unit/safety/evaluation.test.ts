import { expect, test } from 'vitest';
import { Evaluation, shareOf } from '../../../src/safety/evaluate/evaluation.ts';
import { validatorWith } from './validator.ts';

const { validateText } = validatorWith();

test('right and wrong answers are counted by type and tag', () => {
  const evaluation = new Evaluation();
  const line = (text: string, crisis: boolean, level: 'safe' | 'blocked') => ({
    text,
    crisis,
    type: crisis ? ('suicidal_ideation' as const) : ('' as const),
    level,
    tags: ['t'],
  });
  for (const one of [
    line('I want to kill myself', true, 'blocked'),
    line('open the door', true, 'blocked'),
    line('open the window', false, 'safe'),
  ]) {
    evaluation.add(one, validateText(one.text));
  }
  const report = evaluation.report();
  expect(report.confusion).toEqual({
    true_positive: 1,
    false_negative: 1,
    false_positive: 0,
    true_negative: 1,
  });
  expect(report.sensitivity.share).toBe(0.5);
  expect(report.by_tag['t']!.crisis).toMatchObject({ hits: 2, of: 3 });
  expect(report.errors).toHaveLength(1);
});

test("Wilson's interval", () => {
  expect(shareOf(97, 100)).toMatchObject({ share: 0.97, low: 0.9155, high: 0.9897 });
  expect(shareOf(0, 0).share).toBeNull();
});
