import { describe, expect, test } from 'vitest';
import { progressOfSteps } from '../../../src/primitives/plan/progress.ts';

const TURN = [
  { path: 'ipa', queue: 'ipa' },
  { path: 'wba', queue: 'wba' },
  { path: 'nga', queue: 'nga' },
];

function after(steps: readonly { path: string; queue: string }[], ...done: string[]): number {
  return progressOfSteps(steps, (path) => done.includes(path));
}

describe('how far a run is', () => {
  test('is the weight of its steps that are done, or their number, and never all while it is open', () => {
    expect(after(TURN)).toBe(0);
    expect(after(TURN, 'ipa')).toBe(33);
    expect(after(TURN, 'ipa', 'wba')).toBe(66);
    expect(after(TURN, 'nga')).toBe(50);
    expect(after(TURN, 'ipa', 'wba', 'nga')).toBe(99);
  });

  test('is nothing where no step is known beforehand', () => {
    expect(after([])).toBe(0);
    expect(after([{ path: 'own', queue: 'elsewhere' }], 'own')).toBe(99);
  });
});
