import { describe, expect, test } from 'vitest';
import type { DeadLetterFilter } from '../../../src/contracts/operations.ts';
import type { DeadLetter } from '../../../src/contracts/operator.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { onDeadLetters } from '../../../src/runtime/operations/bulk-dead-letters.ts';

/** Newest first, one a second. */
const letters = Array.from({ length: 1200 }, (_, i): DeadLetter => ({
  dlq_id: `ipa~${1200 - i}`,
  queue: 'ipa',
  job_id: String(1200 - i),
  workflow_id: null,
  reason: 'r',
  error: 'e',
  attempts: 1,
  first_failed_at: null,
  dead_at: new Date(1_800_000_000_000 - i * 1000).toISOString(),
  replays: 0,
}));
const list = async ({ limit, after }: DeadLetterFilter): Promise<DeadLetter[]> => {
  const start = after === undefined ? 0 : letters.findIndex(({ dlq_id: id }) => id === after.id) + 1;
  return letters.slice(start, start + limit);
};

const request = { filter: {}, max: 3, dryRun: false };
const away = new FleetError({ code: 'backend_unavailable', kind: 'unavailable', message: 'away' });
const late = new FleetError({ code: 'already_replayed', kind: 'conflict', message: 'late' });

describe('many dead letters', () => {
  test('the newest are chosen, and the oldest of them goes first', async () => {
    const done: string[] = [];
    const act = async (id: string) => (done.push(id), { job_id: `j ${id}` });
    expect(await onDeadLetters(list, request, act)).toEqual({
      items: ['ipa~1198', 'ipa~1199', 'ipa~1200'].map((dlqId) => ({ dlqId, jobId: `j ${dlqId}` })),
      more: true,
    });
    expect(done).toEqual(['ipa~1198', 'ipa~1199', 'ipa~1200']);
  });

  test('as many as are asked for, over several pages', async () => {
    const { items, more } = await onDeadLetters(list, { ...request, max: 1000 }, async () => ({}));
    expect([items.length, items[0]?.dlqId, items.at(-1)?.dlqId, more]).toEqual([
      1000,
      'ipa~201',
      'ipa~1200',
      true,
    ]);
  });

  test('are only named by a dry run', async () => {
    const act = () => Promise.reject(new Error('must not be called'));
    expect((await onDeadLetters(list, { ...request, dryRun: true }, act)).items).toEqual([
      { dlqId: 'ipa~1198' },
      { dlqId: 'ipa~1199' },
      { dlqId: 'ipa~1200' },
    ]);
  });

  test('do not stand in the way of each other', async () => {
    const act = async (id: string) => {
      if (id === 'ipa~1199') throw late;
      return {};
    };
    const { items } = await onDeadLetters(list, request, act);
    expect(items.map(({ error }) => error?.code)).toEqual([undefined, 'already_replayed', undefined]);
  });

  test('are not tried any more once Redis is away', async () => {
    const tried: string[] = [];
    const act = (id: string) => {
      tried.push(id);
      return tried.length === 2 ? Promise.reject(away) : Promise.resolve({});
    };
    const { items } = await onDeadLetters(list, request, act);
    expect(items.map(({ error }) => error?.code)).toEqual([
      undefined,
      'backend_unavailable',
      'backend_unavailable',
    ]);
    expect(tried).toHaveLength(2);
  });
});
