import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../../src/primitives/durable/read-run.ts';
import { foldSteps } from '../../../src/workflows/fold-steps.ts';

const STEPS = [
  { path: 'ipa', queue: 'ipa' },
  { path: 'nga', queue: 'nga' },
];

function event(type: string, step: string, data?: Record<string, unknown>): StoredEvent {
  return { id: '1-0', type, at: 1, step, agent: step, data };
}

describe('foldSteps', () => {
  it('shows steps nobody has touched as waiting, in the order of the definition', () => {
    expect(foldSteps(STEPS, []).map((step) => [step.name, step.status])).toEqual([
      ['ipa', 'waiting'],
      ['nga', 'waiting'],
    ]);
  });

  it('counts attempts, keeps the first queue time, and forgets the error once the step completed', () => {
    const [ipa] = foldSteps(STEPS, [
      event('step.started', 'ipa', { attempt: 1, queued_ms: 3 }),
      event('step.retrying', 'ipa', { error_code: 'step_failed', delay_ms: 500 }),
      event('step.started', 'ipa', { attempt: 2, queued_ms: 600 }),
      event('step.completed', 'ipa', { duration_ms: 7, source: 'local' }),
    ]);
    expect(ipa).toEqual({
      name: 'ipa',
      agent: 'ipa',
      status: 'completed',
      attempts: 2,
      queued_ms: 3,
      duration_ms: 7,
      source: 'local',
    });
  });

  it('shows a failed step with its code and the ones after it as skipped', () => {
    const steps = foldSteps(STEPS, [
      event('step.started', 'ipa', { attempt: 1, queued_ms: 0 }),
      event('step.failed', 'ipa', { error_code: 'step_timeout', duration_ms: 10 }),
      event('step.skipped', 'nga', { because: 'ipa' }),
    ]);
    expect(steps.map((step) => [step.status, step.error_code])).toEqual([
      ['failed', 'step_timeout'],
      ['skipped', undefined],
    ]);
  });

  it('shows steps that only showed when it ran after those known beforehand', () => {
    const steps = foldSteps(STEPS, [event('step.completed', 'all.0', { duration_ms: 1 })]);
    expect(steps.map((step) => [step.name, step.status])).toEqual([
      ['ipa', 'waiting'],
      ['nga', 'waiting'],
      ['all.0', 'completed'],
    ]);
  });

  it('shows nothing as waiting once the run has ended: what was never reached is skipped', () => {
    const failed = [event('step.started', 'ipa'), event('step.failed', 'ipa', { error_code: 'step_failed' })];
    expect(foldSteps(STEPS, failed).map(({ status }) => status)).toEqual(['failed', 'waiting']);
    expect(foldSteps(STEPS, failed, { results: {} }).map(({ status }) => status)).toEqual([
      'failed',
      'skipped',
    ]);
  });

  it('shows a step with a result as completed when its events are no longer kept', () => {
    const [ipa, nga] = foldSteps(STEPS, [], { results: { ipa: null } });
    expect([ipa?.status, nga?.status]).toEqual(['completed', 'skipped']);
  });
});
