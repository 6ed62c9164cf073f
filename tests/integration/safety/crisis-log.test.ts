import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CrisisLog } from '../../../src/safety/interventions/log.ts';
import { withLog } from '../../../src/safety/interventions/with-log.ts';
import { everythingOf, placesOf } from '../../support/everything.ts';
import { crisisOf, NOW, openStore, quietLog, type StoreBundle } from '../../support/interventions.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';
import { tcpGate, type TcpGate } from '../../support/tcp-gate.ts';

let redis: TestRedis;
let folder: string;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ao-wal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const WRITER = join(import.meta.dirname, '../../support/crisis-writer.ts');

function gateTo(url: string): Promise<TcpGate> {
  const { hostname, port } = new URL(url);
  return tcpGate({ host: hostname, port: Number(port || 6379) });
}

function throughGate(url: string, port: number): string {
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  return through.href;
}

function logOf(h: StoreBundle, errors: string[] = []): CrisisLog {
  return new CrisisLog({
    file: join(folder, 'safety.wal'),
    write: (crisis) => h.interventions.writeCrisis(crisis),
    log: quietLog(errors),
  });
}

async function runWriter(prefix: string, ...args: string[]): Promise<{ signal: string | null; out: string }> {
  const child = spawn(process.execPath, [WRITER, redis.url, prefix, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [out, [, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { signal: signal as string | null, out };
}

describe('while Redis is away', () => {
  test('crises wait on the disk, and stand in Redis exactly once and in order when it is back', async () => {
    await using gate = await gateTo(redis.url);
    const prefix = testPrefix();
    await using h = await openStore(throughGate(redis.url, gate.port), { prefix });
    await using direct = await openStore(redis.url, { prefix });
    const errors: string[] = [];
    const log = logOf(h, errors);
    const store = withLog(h.interventions, { log });

    await gate.close();
    const crises = [1, 2, 3].map((n) => crisisOf({ requestId: `r${n}`, atMs: NOW + n }));
    for (const crisis of crises) {
      const written = await store.writeCrisis(crisis);
      expect(written).toMatchObject({ isNew: true, isLogged: true, tellsPeople: false });
      expect(written.intervention.intervention_id).toBe(crisis.interventionId);
    }
    // The player asked again.
    await store.writeCrisis(crisisOf({ requestId: 'r2', atMs: NOW + 2 }));
    expect(log.pending).toBe(4);
    await log.runOnce();
    expect(log.pending).toBe(4);
    expect(errors.join()).toContain('crises wait on disk');

    await gate.open();
    const ready = once(h.redis, 'ready');
    await ready;
    await Promise.all([log.runOnce(), log.runOnce()]);
    expect(log.pending).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    const { items } = await direct.interventions.list({ limit: 10 });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ intervention_id: crises[0]!.interventionId, event_count: 3 });
    expect(items[0]!.events.map((event) => [event.request_id, event.origin])).toEqual([
      ['r1', 'log'],
      ['r2', 'log'],
      ['r3', 'log'],
    ]);
    expect(await direct.redis.zrange(direct.store.keys.safetyDue(), '0', '-1')).toEqual([
      `tell|${crises[0]!.interventionId}|1`,
    ]);
  });

  test('a Redis that says nothing is given up on within the time for an answer, and what it took late is no second one', async () => {
    await using gate = await gateTo(redis.url);
    const prefix = testPrefix();
    await using h = await openStore(throughGate(redis.url, gate.port), { prefix });
    const log = logOf(h);
    const held = Promise.withResolvers<void>();
    const slow: StoreBundle['interventions'] = {
      ...h.interventions,
      async writeCrisis(crisis) {
        const written = await h.interventions.writeCrisis(crisis);
        await held.promise;
        return written;
      },
    };
    const written = await withLog(slow, { log, withinMs: 50 }).writeCrisis(crisisOf({ requestId: 'r1' }));
    expect(written.isLogged).toBe(true);
    held.resolve();
    await log.runOnce();
    const { items } = await h.interventions.list({ limit: 10 });
    expect(items.map(({ event_count: count }) => count)).toEqual([1]);
  });
});

describe('the log on disk', () => {
  test('of a process that was killed is taken over by the next one, a torn line included, once by one of two', async () => {
    const prefix = testPrefix();
    await using h = await openStore(redis.url, { prefix });
    const base = join(folder, 'safety.wal');
    expect((await runWriter(prefix, 'log', 'gone', base)).signal).toBe('SIGKILL');
    const [left] = readdirSync(folder);
    appendFileSync(join(folder, left!), '{"v":1,"crisis":{"interventionId":"0190');
    const [one, two] = [logOf(h), logOf(h)];
    await Promise.all([one.runOnce(), two.runOnce()]);
    expect(one.pending + two.pending).toBe(0);
    const { items } = await h.interventions.list({ limit: 10 });
    expect(items).toHaveLength(1);
    expect(items[0]!.events.map((event) => event.request_id)).toEqual(['gone-0', 'gone-1', 'gone-2']);
    const kept = readdirSync(folder);
    expect(kept).toHaveLength(1);
    expect(readFileSync(join(folder, kept[0]!), 'utf8')).toContain('0190');
    expect(kept[0]).toMatch(/\.unreadable$/);
  });

  test('of a living process is left to it', async () => {
    const prefix = testPrefix();
    await using h = await openStore(redis.url, { prefix });
    const [one, two] = [logOf(h), logOf(h)];
    await one.append(crisisOf());
    await two.runOnce();
    expect(one.pending).toBe(1);
    expect((await h.interventions.list({ limit: 1 })).items).toEqual([]);
    await one.start();
    await one.stop();
    expect((await h.interventions.list({ limit: 1 })).items).toHaveLength(1);
  });

  test('keeps an entry that is refused, and lets the others pass', async () => {
    const prefix = testPrefix();
    await using h = await openStore(redis.url, { prefix });
    const errors: string[] = [];
    const log = logOf(h, errors);
    await log.append(crisisOf({ sessionId: 'broken' }));
    await log.append(crisisOf({ sessionId: 'whole' }));
    await h.redis.set(h.store.keys.safetySession('broken'), 'no hash');
    await log.runOnce();
    expect(log.pending).toBe(1);
    expect(errors.join()).toContain('stays there');
    await h.redis.del(h.store.keys.safetySession('broken'));
    await log.runOnce();
    expect(log.pending).toBe(0);
    expect((await h.interventions.list({ limit: 10 })).items).toHaveLength(2);
  });

  test('that cannot be written is an error, and nobody is told that all is well', async () => {
    await using h = await openStore(redis.url);
    const noFolder = join(folder, 'a-file');
    appendFileSync(noFolder, '');
    const log = new CrisisLog({
      file: join(noFolder, 'safety.wal'),
      write: (crisis) => h.interventions.writeCrisis(crisis),
      log: quietLog([]),
    });
    await expect(log.append(crisisOf())).rejects.toMatchObject({ code: 'safety_log_failed' });
  });
});

describe('processes', () => {
  test('that race on one session open one intervention and lose no event', async () => {
    const prefix = testPrefix();
    await using h = await openStore(redis.url, { prefix });
    const ended = await Promise.all(['a', 'b'].map((name) => runWriter(prefix, 'race', name, '15')));
    expect(ended.map(({ out }) => Number(out)).toSorted((a, b) => a - b)).toEqual([0, 1]);
    const { items } = await h.interventions.list({ limit: 10 });
    expect(items).toHaveLength(1);
    expect(new Set(items[0]!.events.map((event) => event.request_id)).size).toBe(30);
    expect(items[0]).toMatchObject({ event_count: 30, version: 30 });
    expect((await h.interventions.playerSafety('s1', items[0]!.user_hash)).crisisCount).toBe(30);
    expect(await h.redis.xlen(h.store.keys.safetyEvents())).toBeGreaterThanOrEqual(30);
  });

  test('that are killed between writing and answering leave one intervention when the request is made again', async () => {
    const prefix = testPrefix();
    await using h = await openStore(redis.url, { prefix });
    expect((await runWriter(prefix, 'die', 'r1')).signal).toBe('SIGKILL');
    const { items } = await h.interventions.list({ limit: 10 });
    expect(items).toHaveLength(1);
    const again = await h.interventions.writeCrisis(crisisOf({ requestId: 'r1' }));
    expect(again).toMatchObject({
      isRepeat: true,
      intervention: { intervention_id: items[0]!.intervention_id },
    });
    expect(await h.redis.zcard(h.store.keys.safetyDue())).toBe(1);
  });

  test('leave no word of a player anywhere', async () => {
    const prefix = testPrefix();
    await using h = await openStore(redis.url, { prefix });
    const log = logOf(h);
    await h.interventions.writeCrisis(crisisOf());
    await log.append(crisisOf());
    const disk = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    await log.runOnce();
    const everything = await everythingOf(h.redis, prefix);
    expect(everything.size).toBeGreaterThan(5);
    expect(placesOf(everything, ['zebrafinch', '\\"ada\\"'])).toEqual([]);
    expect(disk.join()).not.toMatch(/zebrafinch|"ada"/);
  });
});
