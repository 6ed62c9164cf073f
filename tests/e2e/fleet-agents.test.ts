import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFleetClient, type FleetClient } from '../../src/client/client.ts';
import { createCoordination, type Coordination } from '../../src/coordination/create-coordination.ts';
import type { AgentEvent } from '../../src/coordination/models/agent-event.ts';
import { QUICK_SETTINGS } from '../../src/testing/settings.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../support/redis.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
/** Long enough that a process that waits for a core is not taken for dead. */
const TTL_S = 3;
const prefix = testPrefix();

let server: TestRedis;
let env: Record<string, string>;
let client: FleetClient;
let agents: Coordination;
const children: ChildProcess[] = [];

async function start(...args: string[]): Promise<{ child: ChildProcess; ready: { url: string } }> {
  const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, ready: JSON.parse(line) as { url: string } };
}

/** What happened to agents, as soon as it has happened to this one. */
async function happens(agent: string, kind: AgentEvent['kind']): Promise<readonly AgentEvent[]> {
  for (;;) {
    const events = (await agents.registry.events({ limit: 1000 })).filter((each) => each.agent_id === agent);
    if (events.some((event) => event.kind === kind)) return events;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  server = await acquireRedis();
  const settings = {
    ...QUICK_SETTINGS,
    environment: 'development',
    'log.level': 'error',
    'redis.url': server.url,
    'redis.key_prefix': prefix,
    port: '0',
    'metrics.port': '0',
    'safety.enabled': 'false',
    'agents.auto_register': 'true',
    'agents.heartbeat_ttl': String(TTL_S),
    'agents.input_processor.auto_register_enabled': 'true',
  };
  env = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`AO_${key.toUpperCase().replaceAll('.', '__')}`, value]),
  );
  agents = createCoordination({ connection: server.url, keyPrefix: prefix });
  client = createFleetClient({ baseUrl: (await start('api')).ready.url });
});
afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  await agents.close();
  await server[Symbol.asyncDispose]();
});

test('[C3.6] [R6.2] workers that may register are there, work on messages, and leave as they should', async () => {
  const [one, other] = await Promise.all([
    start('worker', 'ipa', '--instance', 'a'),
    start('worker', 'ipa', '--instance', 'b'),
  ]);
  const [a, b] = ['input_processor:a', 'input_processor:b'] as const;
  const listed = await promisify(execFile)(process.execPath, [MAIN, 'agents', 'list'], {
    env: { PATH: process.env['PATH'] ?? '', ...env, COLUMNS: '160' },
  });
  expect(listed.stdout).toMatch(/^input_processor:a +idle +healthy/m);
  expect(listed.stdout).toMatch(/^input_processor:b +idle +healthy/m);
  const sets = await client.capabilities();
  expect(sets.map(({ agent_id: id }) => id)).toEqual([a, b]);

  const answer = await agents.coordinator.request(
    {
      message_id: 'what-does-it-mean',
      sender: { type: 'tester', instance: 't1' },
      recipient: { type: 'input_processor' },
      message_type: 'request',
      payload: { text: 'go north' },
    },
    { timeoutMs: 30_000 },
  );
  expect(answer.payload).toMatchObject({ in_reply_to: 'what-does-it-mean', intent: expect.anything() });

  const { command_id: asked } = await client.restartAgent(b, { reason: 'a test' });
  const restarted = (await happens(b, 'restarted')).find(({ kind }) => kind === 'restarted');
  expect(restarted?.details).toMatchObject({ command_id: asked, asked_because: 'a test' });

  one.child.kill('SIGKILL');
  const events = await happens(a, 'lost');
  expect(events.filter(({ kind }) => kind === 'lost')).toHaveLength(1);
  expect(await client.agent(a)).toMatchObject({ alive: false, status: 'lost', health: 'unhealthy' });
  const preview = await client.previewRouting({ agentType: 'ipa', showAllCandidates: true });
  expect(preview).toMatchObject({
    selected: 'b',
    candidates: [{ instance: 'b' }, { instance: 'a', exclusion_reason: 'stale_heartbeat' }],
  });
  const found = await client.discoverCapabilities({ criteria: { capability_name: 'text_analysis' } });
  expect(found.matches.map(({ agent_id: id }) => id)).toEqual([b]);

  const gone = once(other.child, 'exit');
  other.child.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
  expect((await client.agents()).map(({ agent_id: id }) => id)).toEqual([a]);
  expect(await client.capabilities()).toEqual([]);
});

test('[C7] an agent of a module is there, is found by what it can do, and answers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ao-agent-'));
  const file = join(folder, 'echo.mjs');
  writeFileSync(
    file,
    `export default {
      type: 'echo',
      capabilities: [{ name: 'echoing', type: 'communication', version: '2.0.0' }],
      process: async ({ text }) => ({ text: text + ' ' + text }),
    };`,
  );
  const { child } = await start('worker', '--module', file, '--instance', 'e1');
  const found = await client.discoverCapabilities({ criteria: { capability_name: 'echoing' } });
  expect(found.matches.map(({ agent_id: id }) => id)).toEqual(['echo:e1']);
  expect(await client.agent('echo:e1')).toMatchObject({ status: 'idle', capabilities: ['echoing@2.0.0'] });
  expect(await client.discoveryStatus()).toMatchObject({ enabled: true, environment: 'development' });
  const answer = await agents.coordinator.request(
    {
      message_id: 'say-it-again',
      sender: { type: 'tester', instance: 't1' },
      recipient: { type: 'echo' },
      message_type: 'request',
      payload: { text: 'cuckoo' },
    },
    { timeoutMs: 30_000 },
  );
  expect(answer.payload).toEqual({ text: 'cuckoo cuckoo', in_reply_to: 'say-it-again' });
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
  expect(await client.agents({ type: 'echo' })).toEqual([]);
  rmSync(folder, { recursive: true });
});
