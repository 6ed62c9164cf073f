import { describe, expect, test } from 'vitest';
import { beginEscalation, subjectOf } from '../../../src/safety/escalations/transitions.ts';
import { crisisOf } from '../../support/crises.ts';
import { ao } from './fakes.ts';

const crisis = crisisOf('critical');
const about = { nowMs: 1_700_000_000_000, ackMs: 300_000, skipped: ['sms'] as const };
const one = beginEscalation(
  `${crisis.intervention_id}-1`,
  subjectOf(crisis, ['webhook', 'sms'], 'do not call back'),
  about,
);
const id = one.escalation_id;

describe('ao safety', () => {
  test('lists and shows escalations', async () => {
    const asked: unknown[] = [];
    const operations = {
      listEscalations: async (filter: unknown) => (asked.push(filter), [one]),
      getEscalation: async () => one,
    };
    const listed = await ao(['safety', 'escalations', '--status', 'pending'], { operations });
    expect(listed.stdout).toContain('critical');
    expect(asked).toEqual([{ limit: 50, status: 'pending' }]);
    const shown = await ao(['safety', 'escalations', 'show', id], { operations });
    expect(shown.stdout).toContain('sms skipped (attempt 1)');
    expect((await ao(['safety', 'escalations', 'show', id, '--json'], { operations })).json()).toEqual(one);
  });

  test('acknowledges in the name of a person, and says who was first', async () => {
    const given: unknown[] = [];
    const acknowledge = (by: string | null) => ({
      acknowledgeEscalation: async (...args: unknown[]) => {
        given.push(args.slice(0, 2));
        return { ...one, already_acknowledged_by: by };
      },
    });
    const argv = ['safety', 'escalations', 'ack', id, '--human', 'ben', '--notes', 'calling'];
    expect((await ao(argv, { operations: acknowledge(null) })).stdout).toContain('is yours');
    expect((await ao(argv, { operations: acknowledge('anna') })).stdout).toContain('taken by anna already');
    expect(given[0]).toEqual([id, { human_id: 'ben', notes: 'calling' }]);
    expect((await ao(['safety', 'escalations', 'ack', id])).code).toBe(2);
  });

  test('shows a page of the console once, however often it was sent', async () => {
    const entry = (n: number, data: Record<string, unknown>) =>
      ({ id: `${n}-0`, kind: 'page', at: '2026-01-01T00:00:00.000Z', data }) as const;
    const page = { idempotency_key: 'k', subject: '[HIGH] safety escalation: abuse', escalation_id: id };
    const operations = { listSafetyAlerts: async () => [entry(1, page), entry(2, page)] };
    const { stdout } = await ao(['safety', 'alerts'], { operations });
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).toContain('[HIGH] safety escalation: abuse');
  });

  test('a channel that does not deliver fails the test of it', async () => {
    const outcome = (of: 'delivered' | 'failed' | 'skipped') => ({
      testChannel: async (channel: 'webhook', { tier }: { tier: 'on_call' }) => ({
        channel,
        tier,
        outcome: of,
        recipient_masked: 'hooks.example',
        response_time_ms: 12,
        ...(of === 'failed' ? { error: 'channel_refused: hooks.example answered 500' } : {}),
      }),
    });
    const run = (of: Parameters<typeof outcome>[0]) =>
      ao(['safety', 'channels', 'test', 'webhook'], { operations: outcome(of) });
    expect((await run('delivered')).code).toBe(0);
    expect((await run('failed')).stdout).toContain('answered 500');
    expect([(await run('failed')).code, (await run('skipped')).code]).toEqual([1, 1]);
    expect((await ao(['safety', 'channels', 'test', 'pigeon'])).code).toBe(2);
  });
});
