import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCoordination, type Coordination } from '../../../src/entries/coordination.ts';
import { openMigration, type Migration } from '../../../src/coordination/migration/migration.ts';
import { OLD_AGENT, OLD_TARGET, OldFleet, oldMessage } from '../../support/old-layout.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await acquireRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  await redis.quit();
  await server.dispose();
});

interface Stage extends AsyncDisposable {
  readonly old: OldFleet;
  readonly migration: Migration;
  readonly coordination: Coordination;
}

function stage(more: { from?: string; queueSize?: number } = {}): Stage {
  const keyPrefix = testPrefix();
  const messaging = { queueSize: more.queueSize ?? 10_000, autoRecoverOnStart: false };
  const options = { connection: server.url, keyPrefix, messaging };
  const migration = openMigration({ ...options, from: more.from ?? keyPrefix });
  const coordination = createCoordination(options);
  return {
    old: new OldFleet(redis, more.from ?? keyPrefix),
    migration,
    coordination,
    async [Symbol.asyncDispose]() {
      await migration.close();
      await coordination.close();
    },
  };
}

/** Whatever lies in the mailbox, in the order in which it is handed out. */
async function drain({ coordinator }: Coordination): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const received = await coordinator.receive(OLD_TARGET);
    if (received === null) return ids;
    ids.push(received.queue_message.message.message_id);
    await coordinator.ack(OLD_TARGET, received.token);
  }
}

const PAST = 1_700_000_000;
const FUTURE = 9_000_000_000;

/** One of each: 9 messages to take over, 2 dead letters, and what cannot be. */
async function fill(old: OldFleet): Promise<void> {
  await old.send(oldMessage('low-0001', { priority: 1 }), 1, PAST);
  await old.send(oldMessage('normal-b'), 5, PAST + 2);
  await old.send(oldMessage('normal-a'), 5, PAST + 1);
  await old.send(oldMessage('high-0001', { priority: 9 }), 9, PAST + 3);
  await old.send(oldMessage('retried-1', { attempts: 2 }), 5, FUTURE);
  await old.reserve(oldMessage('expired-1'), 'res_1', PAST);
  await old.reserve(oldMessage('half-reserved'), 'res_2');
  await old.reserve(oldMessage('in-flight'), 'res_3', FUTURE);
  await old.bury(oldMessage('dead-0001', { attempts: 4 }));
  await old.bury(oldMessage('dead-0002', { attempts: 1 }));
  await redis.rpush(old.key('queue'), oldMessage('orphan-01'));
}
const TAKEN = ['high-0001', 'half-reserved', 'expired-1', 'normal-a', 'normal-b', 'retried-1', 'low-0001'];

describe('taking over the layout of the original', () => {
  test('messages arrive in their order with attempts and dead letters, and the source stays', async () => {
    await using here = stage();
    const { old, migration, coordination } = here;
    await fill(old);
    const before = await old.dump();
    const report = await migration.takeOver();
    expect(report).toMatchObject({ is_complete: false, dry_run: false });
    expect(report.agents).toEqual({ [OLD_AGENT]: { moved: 9, in_flight: 1, orphan: 1 } });
    expect(report.problems.map(({ fate, message_id }) => [fate, message_id])).toEqual([
      ['in_flight', 'in-flight'],
      ['orphan', 'orphan-01'],
    ]);
    expect(await old.dump()).toEqual(before);

    const { coordinator } = coordination;
    const dead = await coordinator.listDeadLetters(OLD_TARGET);
    expect(dead.map(({ letter }) => [letter.reason, letter.attempts])).toEqual([
      ['attempts_exhausted', 4],
      ['permanent_failure', 1],
    ]);
    const first = await coordinator.receive(OLD_TARGET);
    expect(first?.queue_message).toMatchObject({
      message: {
        message_id: 'high-0001',
        sender: { type: 'input_processor', instance: 'worker-1' },
        recipient: OLD_TARGET,
        payload: { action: 'look', of: 'high-0001' },
        timestamp: '2025-10-28T10:00:00.123456+00:00',
      },
      enqueued_at: '2025-10-28T10:00:00.654Z',
      delivery_attempts: 0,
    });
    await coordinator.release(OLD_TARGET, first!.token);
    expect(await drain(coordination)).toEqual(TAKEN);
  });

  test('a second run takes over nothing again, also when the messages were handled meanwhile', async () => {
    await using here = stage({ from: testPrefix() });
    await fill(here.old);
    await here.migration.takeOver();
    expect(await drain(here.coordination)).toHaveLength(TAKEN.length);
    for (const { id } of await here.coordination.coordinator.listDeadLetters(OLD_TARGET))
      await here.coordination.coordinator.discard(OLD_TARGET, id);
    const { total } = await here.migration.takeOver();
    expect(total).toMatchObject({ moved: 0, moved_before: 9 });
    expect(await drain(here.coordination)).toEqual([]);
    expect(await here.coordination.coordinator.listDeadLetters(OLD_TARGET)).toEqual([]);
  });

  test('a dry run says the same and changes nothing', async () => {
    await using here = stage();
    await fill(here.old);
    const keys = (await redis.keys(`${here.old.prefix}:*`)).sort();
    const { agents, dry_run } = await here.migration.takeOver({ dryRun: true });
    expect({ agents, dry_run }).toEqual({
      agents: { [OLD_AGENT]: { moved: 9, in_flight: 1, orphan: 1 } },
      dry_run: true,
    });
    expect((await redis.keys(`${here.old.prefix}:*`)).sort()).toEqual(keys);
  });

  test('what is no message is told without its content, and stays', async () => {
    await using here = stage();
    const corrupt = ['no json', '{"message": {"message_id": "short"}}', '[]', '{"secret": "of a player"}'];
    for (const [n, raw] of corrupt.entries()) await here.old.send(raw, 5, PAST + n);
    await here.old.bury('broken too');
    await here.old.send(oldMessage('good-0001'), 5, PAST + 9);
    const report = await here.migration.takeOver();
    expect(report.total).toMatchObject({ moved: 1, corrupt: 5 });
    expect(JSON.stringify(report)).not.toContain('of a player');
    expect(report.problems.every(({ issues, digest }) => issues.length > 0 && digest.length === 32)).toBe(
      true,
    );
    expect(await here.migration.removeSource()).toMatchObject({ deleted: 1, left: 5 });
    expect(await redis.zcard(here.old.key('sched', ':prio:5'))).toBe(4);
    expect(await redis.llen(here.old.key('dlq'))).toBe(1);
    expect(await here.migration.verify()).toMatchObject({ left: 5, is_complete: false });
  });

  test('two messages of one id are both delivered: the second by a later run', async () => {
    await using here = stage();
    await here.old.send(oldMessage('same-id'), 5, PAST);
    await here.old.send(oldMessage('same-id', { attempts: 1 }), 5, PAST + 1);
    expect((await here.migration.takeOver()).total).toMatchObject({ moved: 1, id_taken: 1 });
    expect((await here.migration.takeOver()).total).toMatchObject({ moved_before: 1, id_taken: 1 });
    expect(await drain(here.coordination)).toEqual(['same-id']);
    expect((await here.migration.takeOver()).total).toMatchObject({ moved: 1, moved_before: 1 });
    expect(await drain(here.coordination)).toEqual(['same-id']);
  });

  test('a full mailbox takes what it may, in order, and the rest with a later run', async () => {
    await using here = stage({ queueSize: 2 });
    for (const n of [1, 2, 3, 4]) await here.old.send(oldMessage(`many-000${n}`), 5, PAST + n);
    expect((await here.migration.takeOver()).total).toMatchObject({ moved: 2, queue_full: 2 });
    expect(await drain(here.coordination)).toEqual(['many-0001', 'many-0002']);
    expect((await here.migration.takeOver()).total).toMatchObject({ moved: 2, moved_before: 2 });
    expect(await drain(here.coordination)).toEqual(['many-0003', 'many-0004']);
  });

  test('the source goes when it is asked for, with what has no counterpart; the new layout stays', async () => {
    await using here = stage();
    await fill(here.old);
    await redis.sadd(here.old.key('subs'), 'request');
    await redis.sadd(`${here.old.prefix}:agents:index`, `${here.old.prefix}:agents:${OLD_AGENT}`);
    const report = await here.migration.takeOver({ orphans: true });
    expect(report.total).toMatchObject({ moved: 10, orphan: 0 });
    expect(report.obsolete.map(({ key }) => key)).toEqual([
      here.old.key('subs'),
      `${here.old.prefix}:agents:index`,
    ]);
    expect(await here.migration.verify()).toMatchObject({ taken_over: 10, left: 1 });
    expect(await here.migration.removeSource()).toEqual({ deleted: 10, left: 1, obsolete_deleted: 2 });
    await redis.zadd(here.old.key('reserved_deadlines'), PAST, 'res_3');
    expect((await here.migration.takeOver()).total).toMatchObject({ moved: 1, moved_before: 0 });
    expect(await here.migration.removeSource()).toEqual({ deleted: 1, left: 0, obsolete_deleted: 0 });
    expect(await here.old.dump()).toEqual({});
    expect(await here.migration.verify()).toMatchObject({ taken_over: 0, left: 0, is_complete: true });
    // The last one was in flight when the others came.
    expect(await drain(here.coordination)).toEqual([
      ...TAKEN.slice(0, -1),
      'orphan-01',
      'in-flight',
      'low-0001',
    ]);
    // A new agent of the same name can be registered where the sets of the original were.
    await here.coordination.runAgent({ ...OLD_TARGET, process: async () => undefined });
    await here.coordination.coordinator.subscribe(OLD_TARGET, ['event']);
  });

  test(
    'killed at any command and run again: nothing is lost, nothing doubled',
    { timeout: 60_000 },
    async () => {
      for (let dieAt = 1; ; dieAt += 1) {
        await using here = stage();
        await fill(here.old);
        const before = await here.old.dump();
        const isDead = await dyingAt(dieAt, here.migration, () => here.migration.takeOver());
        expect(await here.old.dump()).toEqual(before);
        // What arrived is handled before the second run: only what is remembered can prevent doubles.
        const first = await drain(here.coordination);
        await using again = openMigration({ connection: server.url, keyPrefix: here.old.prefix });
        await again.takeOver();
        const second = await drain(here.coordination);
        expect([...first, ...second].toSorted(), `killed at ${dieAt}`).toEqual(TAKEN.toSorted());
        expect(await here.coordination.coordinator.listDeadLetters(OLD_TARGET)).toHaveLength(2);
        if (!isDead) break;
      }
    },
  );

  test(
    'killed at any command of deleting: nothing that was not taken over is gone',
    { timeout: 60_000 },
    async () => {
      for (let dieAt = 1; ; dieAt += 1) {
        await using here = stage();
        await fill(here.old);
        await here.migration.takeOver();
        const isDead = await dyingAt(dieAt, here.migration, () => here.migration.removeSource());
        await using again = openMigration({ connection: server.url, keyPrefix: here.old.prefix });
        expect((await again.takeOver()).total, `killed at ${dieAt}`).toMatchObject({ moved: 0 });
        expect(await again.removeSource()).toMatchObject({ left: 2 });
        expect(await drain(here.coordination)).toEqual(TAKEN);
        expect(await redis.hkeys(here.old.key('reserved'))).toEqual(['res_3']);
        expect(await redis.lrange(here.old.key('queue'), 0, -1)).toHaveLength(2);
        if (!isDead) break;
      }
    },
  );
});

const QUIET = new Set(['info', 'hello', 'client', 'select', 'quit']);

/** From command `dieAt` on nothing reaches Redis from the clients of this run, as if its process had been killed. */
async function dyingAt(dieAt: number, migration: Migration, work: () => Promise<unknown>): Promise<boolean> {
  // oxlint-disable-next-line unbound-method -- it is called with the client it was called on
  const send = Redis.prototype.sendCommand;
  let commands = 0;
  let isWithin = false;
  Redis.prototype.sendCommand = function dying(...args: Parameters<typeof send>) {
    if (QUIET.has(args[0].name)) return send.apply(this, args);
    const { name } = args[0];
    // A transaction happens with its last command, or not at all.
    if (!isWithin || name === 'exec') commands += 1;
    isWithin = name === 'multi' || (isWithin && name !== 'exec');
    if (commands < dieAt) return send.apply(this, args);
    args[0].reject(new Error('Connection is closed.'));
    return args[0].promise;
  };
  try {
    await work();
    return commands >= dieAt;
  } catch {
    return true;
  } finally {
    Redis.prototype.sendCommand = send;
    await migration.close();
  }
}
