import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCoordination } from '../../src/coordination/create-coordination.ts';
import { QUICK_SETTINGS } from '../../src/testing/settings.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../support/redis.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'ao-reload-'));
const file = join(folder, 'fleet.yaml');
const prefix = testPrefix();
let server: TestRedis;
let child: ChildProcess;
let url: string;

/** What the process has logged, line by line. */
const lines: { level: string; msg: string; [field: string]: unknown }[] = [];
const logged = (msg: string) => lines.filter((line) => line.msg === msg);

beforeAll(async () => {
  server = await acquireRedis();
  const settings = {
    ...QUICK_SETTINGS,
    environment: 'testing',
    'log.level': 'info',
    'diagnostics.enabled': 'true',
    'redis.url': server.url,
    'redis.key_prefix': prefix,
    port: '0',
    'safety.enabled': 'false',
  };
  const env = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`AO_${key.toUpperCase().replaceAll('.', '__')}`, value]),
  );
  writeFileSync(file, 'router:\n  weight_queue: 0.3\n');
  child = spawn(process.execPath, [MAIN, '--json', '--config', file, 'api'], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout!, child.stderr!])
    createInterface({ input: stream }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const document = JSON.parse(line) as (typeof lines)[number] & { url?: string };
      if (document.url !== undefined && document.msg === undefined) listening.resolve(document.url);
      else lines.push(document);
    });
  url = await Promise.race([
    listening.promise,
    once(child, 'exit').then(() => Promise.reject(new Error('the process ended'))),
  ]);
});
afterAll(async () => {
  const gone = once(child, 'exit');
  if (child.kill('SIGTERM')) await gone;
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function weights(): Promise<unknown> {
  const response = await fetch(`${url}/v1/routing/preview?agent_type=bob`);
  return ((await response.json()) as { configured_weights: unknown }).configured_weights;
}

test('SIGHUP makes a process weigh agents as its file says now; a wrong file changes nothing', async () => {
  await using agents = createCoordination({ connection: server.url, keyPrefix: prefix });
  await agents.registry.register({ type: 'bob', instance: 'b1', process: async () => undefined });
  expect(await weights()).toEqual({ queue: 0.3, heartbeat: 0.4, success: 0.3 });

  writeFileSync(file, 'router:\n  weight_queue: 0.8\n  weight_success: 0\nmessaging:\n  queue_size: 77\n');
  child.kill('SIGHUP');
  await expect.poll(() => logged('the configuration was read anew').length).toBe(1);
  expect(logged('the configuration was read anew')[0]).toMatchObject({
    changed: expect.arrayContaining(['router.weight_queue', 'router.weight_success']) as string[],
    restart_required: ['messaging.queue_size'],
  });
  expect(await weights()).toEqual({ queue: 0.8, heartbeat: 0.4, success: 0 });

  writeFileSync(file, 'router:\n  weight_queue: -1\n  weight_heartbeat: 0.1\n');
  child.kill('SIGHUP');
  await expect.poll(() => logged('the configuration cannot be read anew; nothing changes').length).toBe(1);
  expect(JSON.stringify(logged('the configuration cannot be read anew; nothing changes'))).toContain(
    'router.weight_queue',
  );
  expect(await weights()).toEqual({ queue: 0.8, heartbeat: 0.4, success: 0 });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^agent_orchestration_config_last_reload_success(\{.*\})? 0$/m);
  expect(child.exitCode).toBeNull();
});
