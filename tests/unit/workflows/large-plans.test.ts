import { describe, expect, it } from 'vitest';
import { compileAnew, definitionOf, LARGE_PLANS, MOST_NODES } from '../../support/large-plans.ts';
import { threadMs } from '../../support/thread-time.ts';

const LIMIT_MS = 50;
const ROUNDS = 7;

describe('the largest plan there may be', () => {
  it.each(Object.entries(LARGE_PLANS))(
    '%s: is checked, hashed and compiled into its first jobs within 50 ms',
    (_shape, make) => {
      const durations: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const definition = definitionOf(make(MOST_NODES)); // a plan nobody has seen before
        const started = threadMs();
        expect(compileAnew(definition)).toBeGreaterThan(0);
        durations.push(threadMs() - started);
      }
      expect(Math.min(...durations)).toBeLessThan(LIMIT_MS);
    },
  );
});
