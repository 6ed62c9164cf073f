import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../config/schema.ts';
import type { CliPorts, Role } from '../../../src/cli/ports.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, queueView, tempDir } from './fakes.ts';

interface Recorded {
  role?: Role;
  config?: Config;
  redis: { dataDir: string; persistent: boolean; isStopped: boolean }[];
}

/** Ports that record what a role was started with and what is on disk while it runs. */
function recording(whileRunning?: () => void | Promise<void>) {
  const seen: Recorded = { redis: [] };
  const ports: Partial<CliPorts> = {
    async runRole(role, config, { onReady }) {
      seen.role = role;
      seen.config = config;
      onReady({
        url: 'http://127.0.0.1:8503',
        boardUrl: 'http://127.0.0.1:8503/admin/queues',
        metricsUrl: 'http://127.0.0.1:8503/metrics',
        redisUrl: config.redis.url ?? 'none',
        roles: [role.kind],
      });
      await new Promise((done) => setImmediate(done));
      await whileRunning?.();
      return 0;
    },
    async startRedis({ dataDir, persistent }) {
      const own = { dataDir, persistent, isStopped: false };
      seen.redis.push(own);
      return {
        url: 'redis://127.0.0.1:7777/0',
        port: 7777,
        pid: 1,
        stop: async () => void (own.isStopped = true),
      };
    },
  };
  return { seen, ports };
}

describe('ao worker', () => {
  it.each([
    [['nga'], ['nga']],
    [
      ['narrative_generator', 'ipa', 'nga'],
      ['ipa', 'nga'],
    ],
    [['all'], ['ipa', 'wba', 'nga', 'flow', 'safety']],
    [
      ['flow', 'all'],
      ['ipa', 'wba', 'nga', 'flow', 'safety'],
    ],
  ])('%j works on %j', async (words, agents) => {
    const { seen, ports } = recording();
    const result = await ao(['worker', ...words], { ports });
    expect(result.code).toBe(0);
    expect(seen.role).toEqual({ kind: 'worker', agents });
    expect(seen.redis).toEqual([]);
  });

  it('passes on concurrency, instance and the global options', async () => {
    const { seen, ports } = recording();
    const argv = ['worker', 'nga', 'wba', '--concurrency', '7', '--instance', 'w-1', '--prefix', 'other'];
    await ao([...argv, '--redis-url', 'redis://h:1/2'], { ports });
    expect(seen.role).toEqual({ kind: 'worker', agents: ['wba', 'nga'], concurrency: 7, instance: 'w-1' });
    expect(seen.config!.redis).toMatchObject({ url: 'redis://h:1/2', key_prefix: 'other' });
  });

  it('ends with the exit code of the role', async () => {
    const { ports } = recording();
    expect((await ao(['worker', 'nga'], { ports: { ...ports, runRole: async () => 1 } })).code).toBe(1);
  });

  it('a Redis that is away ends with 69', async () => {
    const error = new FleetError({
      code: 'redis_unavailable',
      kind: 'unavailable',
      message: 'no Redis at h:1',
    });
    const result = await ao(['worker', 'nga'], { ports: { runRole: () => Promise.reject(error) } });
    expect(result.code).toBe(69);
    expect(result.stderr).toBe('ao: no Redis at h:1\n');
  });
});

describe('ao dev', () => {
  it('brings a lasting Redis of its own, tells where everything is, and stops it at the end', async () => {
    const { seen, ports } = recording();
    const stateDir = tempDir();
    const result = await ao(['dev'], { ports, stateDir, env: { AO_PORT: '8611' } });
    expect(result.code).toBe(0);
    expect(seen.redis).toEqual([
      { dataDir: join(stateDir, 'dev-8611', 'redis'), persistent: true, isStopped: true },
    ]);
    expect(seen.config!.redis.url).toBe('redis://127.0.0.1:7777/0');
    // Plans change all the time where nobody else keeps runs.
    expect(seen.config!.workflow.accept_changed_plans).toBe(true);
    for (const text of ['http://127.0.0.1:8503/admin/queues', 'http://127.0.0.1:8503/metrics', 'curl -s']) {
      expect(result.stdout).toContain(text);
    }
  });

  it('with --json its addresses are one document', async () => {
    const { ports } = recording();
    const result = await ao(['dev', '--json'], { ports });
    expect(result.json()).toMatchObject({
      role: 'dev',
      url: 'http://127.0.0.1:8503',
      redis_url: 'redis://127.0.0.1:7777/0',
    });
  });

  it('on any free port it leaves nothing behind, even when it fails the moment it was ready', async () => {
    const { seen, ports } = recording();
    const stateDir = tempDir();
    const result = await ao(['dev'], {
      stateDir,
      env: { AO_PORT: '0' },
      ports: {
        ...ports,
        runRole: async (_role, _config, { onReady }) => {
          onReady({ redisUrl: 'redis://127.0.0.1:7777/0', roles: ['dev'] });
          throw new Error('crashed');
        },
      },
    });
    expect(result.code).toBe(1);
    expect(seen.redis[0]).toMatchObject({ persistent: false, isStopped: true });
    expect(readdirSync(stateDir)).toEqual([]);
  });

  it.each([
    [['dev'], { AO_REDIS__URL: 'redis://configured:1/0' }, 'redis://configured:1/0'],
    [['dev', '--redis-url', 'redis://named:1/0'], {}, 'redis://named:1/0'],
    [['dev', '--no-redis'], {}, 'redis://127.0.0.1:6379/0'],
  ])('%j with %j starts no Redis', async (argv, env, url) => {
    const { seen, ports } = recording();
    await ao(argv, { ports, env });
    expect(seen.redis).toEqual([]);
    expect(seen.config!.redis.url).toBe(url);
    expect(seen.config!.workflow.accept_changed_plans).toBe(false);
  });

  it('while it runs, other commands find its Redis by themselves; afterwards they do not', async () => {
    const stateDir = tempDir();
    const asked: (string | null)[] = [];
    const queues = () =>
      ao(['queues'], {
        stateDir,
        ports: {
          openFleet: async (config) => {
            asked.push(config.redis.url);
            return {
              operations: { listQueues: async () => [queueView('nga')] } as never,
              queues: [],
              redisInfo: () => Promise.reject(new Error('unused')),
              close: async () => undefined,
            };
          },
        },
      });
    const { ports } = recording(async () => {
      // The file is written right after the fleet said it was ready.
      while (!existsSync(join(stateDir, 'dev-8503', 'fleet.json')))
        await new Promise((done) => setImmediate(done));
      await queues();
    });
    await ao(['dev'], { ports, stateDir });
    await queues();
    expect(asked).toEqual(['redis://127.0.0.1:7777/0', 'redis://127.0.0.1:6379/0']);
  });
});
