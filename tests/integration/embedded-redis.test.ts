import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findRedisServer, redisMissing } from '../../src/redis/embedded/find-server.ts';
import { startEmbeddedRedis } from '../../src/redis/embedded/start.ts';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ao embedded '));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test('a private Redis listens on 127.0.0.1 only, evicts nothing and keeps an append-only file', async () => {
  await using server = await startEmbeddedRedis({ dataDir, persistent: true });
  await withClient(server.url, async (redis) => {
    expect(await redis.config('GET', 'maxmemory-policy')).toContain('noeviction');
    expect(await redis.config('GET', 'appendonly')).toContain('yes');
    expect(await redis.config('GET', 'appendfsync')).toContain('everysec');
    expect(await redis.config('GET', 'bind')).toContain('127.0.0.1');
  });
});

test('data survives a restart, a crash and a stop, on the same port', async () => {
  const server = await startEmbeddedRedis({ dataDir, persistent: true });
  const firstPid = server.pid;
  await withClient(server.url, (redis) => redis.set('kept', 'over restart'));
  await server.restart();
  expect(server.pid).not.toBe(firstPid);
  await withClient(server.url, async (redis) => {
    expect(await redis.get('kept')).toBe('over restart');
    // Asks for the sync that everysec would do within a second.
    await redis.config('SET', 'appendfsync', 'always');
    await redis.set('kept', 'over crash');
  });
  await server.kill();
  expect(isAlive(server.pid)).toBe(false);
  await server.restart();
  await withClient(server.url, async (redis) => expect(await redis.get('kept')).toBe('over crash'));
  await server.stop();
  await server.stop();

  await using again = await startEmbeddedRedis({ dataDir, port: server.port, persistent: true });
  await withClient(again.url, async (redis) => expect(await redis.get('kept')).toBe('over crash'));
});

test('a data dir serves one private Redis at a time, also while that one is down for a restart', async () => {
  await using first = await startEmbeddedRedis({ dataDir, persistent: true });
  const conflict = { code: 'data_dir_in_use', kind: 'conflict' };
  await expect(startEmbeddedRedis({ dataDir, persistent: true })).rejects.toMatchObject({
    ...conflict,
    message: expect.stringContaining(String(first.pid)),
  });
  await first.kill();
  await expect(startEmbeddedRedis({ dataDir, persistent: true })).rejects.toMatchObject(conflict);
});

test('two starts at once on one data dir: one gets it', async () => {
  const starts = await Promise.allSettled([
    startEmbeddedRedis({ dataDir, persistent: true }),
    startEmbeddedRedis({ dataDir, persistent: true }),
  ]);
  expect(starts.map((start) => start.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  for (const start of starts) if (start.status === 'fulfilled') await start.value.stop();
});

test('a claim left behind by a crash does not stand in the way', async () => {
  const left = { starterPid: 1, redis: { pid: process.pid, port: 1 } };
  writeFileSync(join(dataDir, 'private-redis.json'), JSON.stringify(left));
  await using server = await startEmbeddedRedis({ dataDir, persistent: true });
  expect(isAlive(server.pid)).toBe(true);
});

test('a wanted port that is taken is refused by name, and the data dir is free again', async () => {
  const mute: Socket[] = [];
  const other = createServer((socket) => mute.push(socket)).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(startEmbeddedRedis({ dataDir, port, persistent: false })).rejects.toMatchObject({
    code: 'redis_port_in_use',
    message: expect.stringContaining(String(port)),
  });
  other.close();
  for (const socket of mute) socket.destroy();
  await once(other, 'close');
  await using server = await startEmbeddedRedis({ dataDir, port, persistent: false });
  expect(server.port).toBe(port);
});

test('another Redis on the wanted port is not mistaken for our own', async () => {
  await using other = await startEmbeddedRedis({ dataDir, persistent: false });
  const start = startEmbeddedRedis({ dataDir: join(dataDir, 'second'), port: other.port, persistent: false });
  await expect(start).rejects.toMatchObject({ code: 'redis_port_in_use' });
});

test('without a server program the error names three ways to get one', () => {
  expect(findRedisServer(['/nowhere/redis-server'])).toBeNull();
  expect(redisMissing()).toMatchObject({
    code: 'redis_missing',
    kind: 'unavailable',
    message: expect.stringMatching(/1\. [^]*2\. [^]*3\. /),
  });
});

test('it dies with its parent, also when the parent is killed without warning', async () => {
  using parent = startInChildProcess();
  const redisPid = await parent.redisPid;
  expect(isAlive(redisPid)).toBe(true);
  parent.process.kill('SIGKILL');
  await untilGone(redisPid);
  // The next start waits for the old server to leave instead of refusing.
  await using next = await startEmbeddedRedis({ dataDir, persistent: true });
  expect(next.pid).not.toBe(redisPid);
});

test('a start right after a killed parent takes over its data dir', async () => {
  using parent = startInChildProcess();
  const redisPid = await parent.redisPid;
  parent.process.kill('SIGKILL');
  await once(parent.process, 'exit');
  await using next = await startEmbeddedRedis({ dataDir, persistent: true });
  expect(next.pid).not.toBe(redisPid);
});

test('a Ctrl-C in the terminal reaches the parent and leaves Redis to it', async () => {
  // The parent leads a process group of its own and outlives SIGINT, as a fleet that drains does.
  using parent = startInChildProcess();
  const redisPid = await parent.redisPid;
  process.kill(-parent.process.pid!, 'SIGINT');
  expect(await parent.nextLine()).toBe('interrupted, PONG');
  // A server that got the signal would still answer for a moment; its log would say so at once.
  expect(readFileSync(join(dataDir, 'redis.log'), 'utf8')).not.toContain('SIGINT');
  parent.process.kill('SIGKILL');
  await untilGone(redisPid);
});

/** Another process that starts a private Redis, prints its pid, and after SIGINT what a PING answers. Killed at the end. */
function startInChildProcess() {
  const room = new URL('../../src/redis/embedded/start.ts', import.meta.url);
  const program = `
    import { Redis } from 'ioredis';
    import { startEmbeddedRedis } from ${JSON.stringify(room.href)};
    const server = await startEmbeddedRedis({ dataDir: ${JSON.stringify(dataDir)}, persistent: true });
    const redis = new Redis(server.url, { maxRetriesPerRequest: 0 });
    process.on('SIGINT', async () => console.log('interrupted, ' + (await redis.ping().catch(String))));
    console.log(server.pid);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  return {
    process: child,
    redisPid: nextLine().then(Number),
    nextLine,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

async function withClient(url: string, use: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    await use(redis);
  } finally {
    redis.disconnect();
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A process of another process tells nobody here that it ended, so this has to look. */
const untilGone = (pid: number) => vi.waitUntil(() => !isAlive(pid), { timeout: 10_000, interval: 20 });
