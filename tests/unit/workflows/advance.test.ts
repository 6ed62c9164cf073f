import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunError } from '../../../src/contracts/run.ts';
import { advance } from '../../../src/workflows/advance.ts';

const STEPS = [{ id: 'ipa' }, { id: 'wba' }, { id: 'nga' }];
const ERROR: RunError = { code: 'step_failed', message: 'broken' };

describe('advance', () => {
  it('[R1.2] adds the first step without an outcome, so steps run in the order of the definition', () => {
    expect(advance(STEPS, { status: 'running', results: {}, errors: {} })).toEqual({
      kind: 'add',
      fromStep: 0,
    });
    expect(advance(STEPS, { status: 'running', results: { ipa: 1 }, errors: {} })).toEqual({
      kind: 'add',
      fromStep: 1,
    });
  });

  it('completes when every step has a result, whatever the result is', () => {
    const results = { ipa: null, wba: 0, nga: '' };
    expect(advance(STEPS, { status: 'running', results, errors: {} })).toEqual({ kind: 'complete' });
  });

  it('fails with the error of the first step that failed, even when later ones were recorded', () => {
    const facts = { status: 'running', results: { ipa: 1, nga: 1 }, errors: { wba: ERROR } } as const;
    expect(advance(STEPS, facts)).toEqual({ kind: 'fail', error: ERROR });
  });

  it('prefers a result over an error of the same step: the effect has happened', () => {
    const facts = { status: 'running', results: { ipa: 1, wba: 1, nga: 1 }, errors: { wba: ERROR } } as const;
    expect(advance(STEPS, facts)).toEqual({ kind: 'complete' });
  });

  it.each(['completed', 'failed', 'cancelled', 'timed_out', 'rolled_back'] as const)(
    'decides nothing any more about a run that is %s',
    (status) => {
      expect(advance(STEPS, { status, results: {}, errors: {} })).toEqual({ kind: 'ended', status });
    },
  );

  it('does not take inherited names for results', () => {
    const steps = [{ id: 'constructor' }];
    expect(advance(steps, { status: 'running', results: {}, errors: {} })).toEqual({
      kind: 'add',
      fromStep: 0,
    });
  });

  it('from any prefix of outcomes decides the same again, and reaches the end step by step', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.option(fc.nat(11)), (count, failing) => {
        const steps = Array.from({ length: count }, (_, i) => ({ id: `s${i}` }));
        const results: Record<string, unknown> = {};
        const errors: Record<string, RunError> = {};
        for (let round = 0; round <= count; round++) {
          const facts = { status: 'running' as const, results: { ...results }, errors: { ...errors } };
          const decision = advance(steps, facts);
          expect(advance(steps, facts)).toEqual(decision);
          if (decision.kind === 'complete') return failing === null || failing >= count;
          if (decision.kind === 'fail') return failing === round - 1;
          expect(decision).toEqual({ kind: 'add', fromStep: round });
          if (round === failing) errors[`s${round}`] = ERROR;
          else results[`s${round}`] = round;
        }
        return false;
      }),
    );
  });
});
