import { describe, expect, test } from 'vitest';
import type { StepView } from '../../../src/contracts/run.ts';
import { degradationOf } from '../../../src/workflows/degradation.ts';

function step(name: string, status: StepView['status']): StepView {
  return { name, agent: name, status, attempts: 1, queued_ms: 0, duration_ms: 1 };
}
const failed = [step('ipa', 'completed'), step('nga', 'failed')];

describe('how much less an answer is than it could be', () => {
  test('is nothing when no agent says so', () => {
    const results = { ipa: { degraded: false }, wba: null, plain: 'text' };
    expect(degradationOf({ results, steps: [], isDegraded: false })).toEqual({ level: 0, reasons: [] });
  });

  test('is what the agents say, each reason once; what is no reason is passed over', () => {
    const results = {
      ipa: { degraded_reasons: ['sla_fallback'] },
      nga: { degraded_reasons: ['sla_fallback', 'circuit_open:provider.main', 'the cat', 7] },
      own: { degraded_reasons: 'many' },
    };
    const reasons = ['sla_fallback', 'circuit_open:provider.main'];
    expect(degradationOf({ results, steps: [], isDegraded: false })).toEqual({ level: 1, reasons });
  });

  test('counts a failed step only where the plan went on without it, or nothing else is left', () => {
    const facts = { results: {}, steps: failed };
    expect(degradationOf({ ...facts, isDegraded: false }).level).toBe(0);
    const reasons = ['step_skipped:nga'];
    expect(degradationOf({ ...facts, isDegraded: true })).toEqual({ level: 2, reasons });
    expect(degradationOf({ ...facts, isDegraded: false, isLastResort: true })).toEqual({ level: 3, reasons });
  });
});
