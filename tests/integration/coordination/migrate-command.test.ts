import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFleetMigration } from '../../../src/runtime/open-migration.ts';
import { OldFleet, oldMessage } from '../../support/old-layout.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { ao as run, type RunResult, type RunSetup } from '../../unit/cli/fakes.ts';

let server: TestRedis;
let redis: Redis;
let prefixes = 0;
beforeAll(async () => {
  server = await acquireRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  await redis.quit();
  await server.dispose();
});

/** `ao migrate` of a fleet with a prefix of its own. */
function command(prefix: string): (args: readonly string[], setup?: RunSetup) => Promise<RunResult> {
  return (args, setup = {}) =>
    run(['migrate', '--redis-url', server.url, '--prefix', prefix, ...args], {
      ports: { openMigration: async (...given) => openFleetMigration(...given) },
      ...setup,
    });
}

async function fleetOf(...ids: string[]): Promise<{ old: OldFleet; prefix: string }> {
  const prefix = `migrate-${process.pid}-${(prefixes += 1)}`;
  const old = new OldFleet(redis, prefix);
  for (const [n, id] of ids.entries()) await old.send(oldMessage(id), 5, 1_700_000_000 + n);
  return { old, prefix };
}

describe('ao migrate', () => {
  test('looks, takes over, verifies and deletes, one step at a time', async () => {
    const { prefix, old } = await fleetOf('message-1', 'message-2');
    const ao = command(prefix);
    const dry = await ao(['--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([
      0,
      `Would take over from "${prefix}" to "${prefix}":\n  world_builder:w1: 2 moved\n2 taken over\n`,
    ]);
    expect((await ao(['--verify'])).code).toBe(1);
    expect((await ao([])).stdout).toContain('2 taken over\n');
    expect((await ao([])).stdout).toContain('2 taken over before\n');
    expect((await ao(['--verify', '--json'])).json()).toMatchObject({
      taken_over: 2,
      left: 0,
      is_complete: true,
    });

    const unasked = await ao(['--delete-source', '--json']);
    expect([unasked.code, unasked.json()]).toMatchObject([2, { error: { code: 'confirmation_required' } }]);
    expect(await redis.zcard(old.key('sched', ':prio:5'))).toBe(2);
    const removed = await ao(['--delete-source', '--yes', '--json']);
    expect([removed.code, removed.json()]).toEqual([0, { deleted: 2, left: 0, obsolete_deleted: 0 }]);
    expect(await old.dump()).toEqual({});
    expect(await redis.zcard(`${prefix}:msg.world_builder.w1:prioritized`)).toBe(2);
  });

  test('takes over from another prefix, and ends with 1 while something is left', async () => {
    const { prefix, old } = await fleetOf('message-1');
    await old.send('{"message": "of a player"}', 9, 1);
    const ao = command(`${prefix}-new`);
    const { code, stdout } = await ao(['--from', prefix]);
    expect(code).toBe(1);
    expect(stdout).toContain(`world_builder:w1: 1 corrupt, 1 moved`);
    expect(stdout).toMatch(/corrupt {2}world_builder:w1 {2}[0-9a-f]{32} {2}\S+:prio:9 {2}message: /);
    expect(stdout).not.toContain('player');
    expect(await redis.zcard(`${prefix}-new:msg.world_builder.w1:prioritized`)).toBe(1);
    expect((await ao([])).stdout).toContain('No messages of the original were found.');
  });

  test('says what is wrong with its use, and that Redis is away', async () => {
    const ao = command('migrate-nowhere');
    for (const args of [
      ['--verify', '--dry-run'],
      ['--verify', '--orphans'],
      ['--api-url', 'http://127.0.0.1:1'],
    ])
      expect((await ao(args)).code).toBe(2);
    const away = await ao(['--redis-url', 'redis://name:secret@127.0.0.1:1/0', '--json']);
    expect([away.code, away.json()]).toMatchObject([69, { error: { code: 'redis_unavailable' } }]);
    expect(away.stdout + away.stderr).not.toContain('secret');
  });
});
