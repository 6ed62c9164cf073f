import { describe, expect, test } from 'vitest';
import { ANSWER_MS, stepBudgetMs } from '../../../src/agents/step-budget.ts';

const IPA = { path: 'ipa', queue: 'ipa' };
const WBA = { path: 'wba', queue: 'wba' };
const NGA = { path: 'nga', queue: 'nga' };
const softLeftMs = 2000 + ANSWER_MS;

function budgetOf(queue: string, ahead: readonly { path: string; queue: string }[], left = softLeftMs) {
  return stepBudgetMs({ queue, path: queue, cutMs: 10_000, softLeftMs: left, ahead });
}

describe('the budget of a step', () => {
  test('is its share of the time that is left, among the steps still to come', () => {
    expect(budgetOf('ipa', [IPA, WBA, NGA])).toBe(300);
    expect(budgetOf('wba', [WBA, NGA])).toBe(588);
    expect(budgetOf('nga', [NGA])).toBe(2000);
  });

  test('passes on what the steps before it did not use', () => {
    const unused = budgetOf('wba', [WBA, NGA], softLeftMs - 10);
    const used = budgetOf('wba', [WBA, NGA], softLeftMs - 300);
    expect(unused).toBeGreaterThan(used);
    expect(unused + budgetOf('nga', [NGA], softLeftMs - 10 - unused)).toBeLessThanOrEqual(2000);
  });

  test('is the time that cuts it short where the run takes its time, and never more', () => {
    expect(stepBudgetMs({ queue: 'nga', path: 'nga', cutMs: 700, softLeftMs: null, ahead: [] })).toBe(700);
    expect(stepBudgetMs({ queue: 'nga', path: 'nga', cutMs: 700, softLeftMs, ahead: [NGA] })).toBe(700);
  });

  test('is nothing when the time is used up', () => {
    expect(budgetOf('nga', [NGA], ANSWER_MS)).toBe(0);
    expect(budgetOf('nga', [NGA], -5_000)).toBe(0);
  });

  test('counts a step that only shows when it runs beside those that are known', () => {
    const dynamic = { queue: 'nga', path: 'items.3.tell', cutMs: 10_000, softLeftMs };
    expect(stepBudgetMs({ ...dynamic, ahead: [NGA] })).toBe(1000);
  });
});
