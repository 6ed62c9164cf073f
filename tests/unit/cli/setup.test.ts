import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeHost, judgeNode, judgeRedis, judgeStateDir } from '../../../src/cli/doctor/findings.ts';
import { answersAlive, isPortFree, isWritable } from '../../../src/cli/doctor/probes.ts';
import type { HostDescription } from '../../../src/resources/host.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { loadConfig } from '../../../config/load.ts';
import { ao, REDIS_FACTS, tempDir } from './fakes.ts';

const HOST: HostDescription = {
  cpu_threads: 4,
  memory_total_bytes: 8 * 1024 ** 3,
  memory_available_bytes: 4 * 1024 ** 3,
  is_memory_limited: false,
  disk_total_bytes: 100 * 1024 ** 3,
  disk_free_bytes: 50 * 1024 ** 3,
  load_1m: 0.5,
};
const FREE_PORTS = { AO_PORT: '0', AO_METRICS__PORT: '0' };

interface Report {
  ok: boolean;
  checks: { name: string; status: string; detail: string; fix?: string }[];
}

describe('ao doctor', () => {
  it('finds nothing wrong on a well machine', async () => {
    const channel = { ENABLED: 'true', URL: 'https://chat.example/hook' };
    const channels = Object.fromEntries(
      Object.entries(channel).map(([key, value]) => [`AO_SAFETY__CHANNELS__CHAT__${key}`, value]),
    );
    const result = await ao(['doctor', '--json'], {
      env: { ...FREE_PORTS, ...channels },
      ports: { describeHost: async () => HOST },
    });
    expect((result.json() as Report).checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(result.code).toBe(0);
  });

  it('a Redis that evicts is a failure with its fix', async () => {
    const result = await ao(['doctor'], {
      env: FREE_PORTS,
      ports: {
        describeHost: async () => HOST,
        openFleet: async () => ({
          operations: {} as never,
          queues: [],
          redisInfo: async () => ({ ...REDIS_FACTS, maxmemoryPolicy: 'allkeys-lru' }),
          close: async () => undefined,
        }),
      },
    });
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/^fail {2}redis eviction +allkeys-lru/m);
    expect(result.stdout).toContain('fix: CONFIG SET maxmemory-policy noeviction');
  });

  it.each([
    ['configured and away', { AO_REDIS__URL: 'redis://h:1/0' }, '/usr/bin/redis-server', 'fail'],
    ['not configured, but one can be started', {}, '/usr/bin/redis-server', 'warn'],
    ['not configured and none here', {}, null, 'fail'],
  ])('a Redis that is %s', async (_, env, server, status) => {
    const away = new FleetError({ code: 'redis_unavailable', kind: 'unavailable', message: 'refused' });
    const result = await ao(['doctor', '--json'], {
      env: { ...FREE_PORTS, ...env },
      ports: {
        describeHost: async () => HOST,
        openFleet: () => Promise.reject(away),
        findRedisServer: () => server,
      },
    });
    const report = result.json() as Report;
    expect(report.checks.find(({ name }) => name === 'redis')).toMatchObject({ status });
    expect(result.code).toBe(status === 'fail' ? 1 : 0);
  });

  it('a wrong configuration is a finding among others', async () => {
    const result = await ao(['doctor', '--json'], {
      env: { AO_PORT: 'abc' },
      ports: { describeHost: async () => HOST },
    });
    const report = result.json() as Report;
    expect(report.checks.find(({ name }) => name === 'configuration')).toMatchObject({ status: 'fail' });
    expect(report.checks.map(({ name }) => name)).toContain('memory');
    expect(result.code).toBe(1);
  });

  it.each([
    [{ version: '6.0.9' }, 'redis version', 'fail'],
    [{ version: '6.2.0' }, 'redis version', 'warn'],
    [{ version: '8.0.1' }, 'redis version', 'ok'],
    [{ version: 'unreadable' }, 'redis version', 'fail'],
    [{ appendOnly: false }, 'redis persistence', 'warn'],
    [{ latencyMs: 21 }, 'redis latency', 'warn'],
    [{ clockSkewMs: -1500 }, 'clock', 'fail'],
    [{ maxMemoryBytes: 1_100_000 }, 'redis memory', 'warn'],
    [{ maxMemoryBytes: 10_000_000 }, 'redis memory', 'ok'],
  ])('%j: %s is %s', (facts, name, status) => {
    const found = judgeRedis({ ...REDIS_FACTS, ...facts }).find((each) => each.name === name);
    expect(found!.status).toBe(status);
    expect(found!.fix === undefined).toBe(status === 'ok');
  });

  it.each([
    ['v24.12.0', 'ok'],
    ['v25.0.0', 'ok'],
    ['v24.11.9', 'fail'],
    ['v22.20.0', 'fail'],
  ])('Node %s is %s', (version, status) => {
    expect(judgeNode(version).status).toBe(status);
  });

  it('little memory and little disk are warnings', () => {
    const tight = { ...HOST, memory_available_bytes: 1000, disk_free_bytes: 1000 };
    expect(judgeHost(tight).filter(({ status }) => status === 'warn')).toHaveLength(2);
  });

  it('what the host does not tell is unknown, not wrong', () => {
    const silent = { ...HOST, cpu_threads: null, memory_available_bytes: null, disk_free_bytes: null };
    expect(judgeHost(silent).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    expect(judgeHost(silent)[2]!.detail).toContain('unknown');
  });

  it('a port on which a process of a fleet answers is no finding', async () => {
    const server = createHttpServer((_, response) => response.end('{"status":"alive"}'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const result = await ao(['doctor', '--json'], {
      env: { ...FREE_PORTS, AO_PORT: String(port) },
      ports: { describeHost: async () => HOST },
    });
    const { checks } = result.json() as Report;
    expect(checks.find(({ name }) => name === `port ${port}`)).toMatchObject({ status: 'ok' });
    await new Promise((closed) => server.close(closed));
    expect(await answersAlive('0.0.0.0', port)).toBe(false);
  });

  it('a state folder that cannot be written is a failure only where a Redis of our own would need it', () => {
    expect(judgeStateDir('/.ao', false, true).status).toBe('fail');
    expect(judgeStateDir('/.ao', false, false).status).toBe('ok');
  });

  it('sees whether a port is taken', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    expect(await isPortFree('127.0.0.1', port)).toBe(false);
    await new Promise((closed) => server.close(closed));
    expect(await isPortFree('127.0.0.1', port)).toBe(true);
  });

  it('sees whether a folder that does not exist yet could be made', async () => {
    const dir = tempDir();
    expect(await isWritable(join(dir, 'a', 'b'))).toBe(true);
    // Root may write everywhere, so only the shape of the answer is certain for it.
    const closed = join(dir, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    expect(await isWritable(join(closed, 'a'))).toBe(process.getuid?.() === 0);
  });
});

describe('ao config', () => {
  it('check counts what is set', async () => {
    const result = await ao(['config', 'check', '--json'], { env: { AO_PORT: '9000' } });
    expect(result.json()).toMatchObject({
      ok: true,
      set: [{ key: 'port', value: 9000, source: 'env AO_PORT' }],
    });
  });

  it('show tells where each value came from and never a secret', async () => {
    const file = join(tempDir(), 'ao.yaml');
    writeFileSync(file, 'redis:\n  url: redis://user:hunter2@h:1/0\n');
    const result = await ao(['config', 'show', '--config', file], { env: {} });
    expect(result.stdout).toMatch(/^redis\.url .*ao\.yaml/m);
    expect(result.stdout).not.toContain('hunter2');
  });

  it('explain tells range, default and variable of a key, and of all keys of a section', async () => {
    const one = await ao(['config', 'explain', 'port'], { env: { AO_PORT: '9000' } });
    for (const text of ['AO_PORT', '8503', '9000', 'expected']) expect(one.stdout).toContain(text);
    const section = await ao(['config', 'explain', 'shutdown', '--json'], { env: {} });
    expect((section.json() as { key: string }[]).map(({ key }) => key)).toEqual([
      'shutdown.grace',
      'shutdown.drain_delay',
    ]);
  });

  it('an unknown key ends with 3 and a suggestion', async () => {
    const result = await ao(['config', 'explain', 'redis.ulr'], { env: {} });
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('did you mean "redis.url"?');
  });
});

describe('ao keys generate', () => {
  it('makes a key whose hash the printed snippet holds, and a configuration accepts', async () => {
    const result = await ao(['keys', 'generate', '--id', 'game-1', '--roles', 'enqueue, read']);
    const [key, , ...snippet] = result.stdout.split('\n');
    const secret = /^ao_game-1_([A-Za-z0-9_-]{43})$/.exec(key!)![1]!;
    expect(Buffer.from(secret, 'base64url').byteLength).toBeGreaterThanOrEqual(32);

    const file = join(tempDir(), 'ao.yaml');
    writeFileSync(file, snippet.join('\n'));
    const { api_keys: keys } = loadConfig({ configFile: file, env: {} }).auth;
    const sha256 = createHash('sha256').update(secret).digest('hex');
    expect(keys).toEqual([{ id: 'game-1', sha256, roles: ['enqueue', 'read'] }]);
    expect(snippet.join('\n')).not.toContain(secret);
  });

  it('never makes the same key twice', async () => {
    const make = async () =>
      ((await ao(['keys', 'generate', '--id', 'a', '--roles', 'read', '--json'])).json() as { key: string })
        .key;
    expect(await make()).not.toBe(await make());
  });
});

describe('ao version and ao metrics', () => {
  it('tells its version and that of Node', async () => {
    const result = await ao(['version', '--json']);
    expect(result.json()).toMatchObject({ name: 'tta-agent-fleet', node: process.versions.node });
  });

  it('lists the metrics', async () => {
    const metric = {
      name: 'agent_orchestration_x_total',
      type: 'counter',
      labels: ['queue'],
      help: 'Counts x',
    };
    const result = await ao(['metrics', 'list'], {
      ports: { listMetrics: () => [{ ...metric, type: 'counter' }] },
    });
    expect(result.stdout).toContain('agent_orchestration_x_total  counter  queue   Counts x');
  });
});
