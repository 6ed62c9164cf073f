import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { startHarness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const tale = { name: 'tale', agent_sequence: [{ agent: 'ipa' }, { agent: 'nga' }] };

test('a definition reaches workers that run already, and one that starts after another was killed in the middle', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  await using processes = fleetProcesses(h);
  const first = await processes.startOdd('worker', 'all');
  await h.operations.putDefinition(tale, LOCAL_OPERATOR);
  const request = { input: { text: 'look at the die' }, wait_ms: 0 };
  const started = await h.operations.startRun('tale', request, LOCAL_OPERATOR);
  if (started.done) throw new Error('nobody waited');
  // Its narrator takes the process with it.
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
  await processes.start('worker', 'all');
  const ended = await h.ended(started.accepted.run_id);
  expect(ended).toMatchObject({ status: 'completed', workflow: 'tale', version: 1 });
  expect(ended.output).toMatchObject({ results: { nga: { story: expect.any(String) } }, skipped_steps: [] });
});

test('a process whose plans differ from what the fleet knows under their versions does not start [R8.5]', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  const { redis: connection, keys } = h.core.store;
  const known = 'f'.repeat(64);
  await connection.hset(keys.definitionPins(), 'collaborative@1', known);
  await using processes = fleetProcesses(h);
  const refusal = await processes.start('worker', 'ipa').catch((error: unknown) => String(error));
  expect(refusal).toContain('version_exists');
  expect(refusal).toContain('collaborative@1');
  expect(refusal).toContain(known);
  await using accepting = fleetProcesses(h, { 'workflow.accept_changed_plans': 'true' });
  await accepting.start('worker', 'ipa');
  expect(await connection.hget(keys.definitionPins(), 'collaborative@1')).not.toBe(known);
});
