import { afterAll, beforeAll, expect, test } from 'vitest';
import { sleep } from '../../src/kernel/abort.ts';
import { eventually, startHarness } from '../support/harness.ts';
import { startLanguageServer } from '../support/language-server.ts';
import { askedFor, LINE, wellSpoken } from '../support/lying-provider.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

test('a provider that is down is left alone, and asked again when its circuit lets a trial through', async () => {
  await using own = await startLanguageServer({ answer: () => ({ status: 500 }) });
  await using fleet = await startHarness({
    redisUrl: redis.url,
    workers: ['ipa', 'wba', 'flow', 'maintenance'],
  });
  const circuit = 'workflow.error_handling.circuit_breaker';
  await using narrators = fleetProcesses(
    fleet,
    { [`${circuit}.timeout_seconds`]: '2', [`${circuit}.failure_threshold`]: '2' },
    { LLM_BASE_URL: own.url, LLM_MODEL: 'first' },
  );
  await narrators.start('worker', 'nga');
  const id = await fleet.newSession();
  const failed = await fleet.play(id, 'go north');
  expect(failed.workflow_metadata.degraded_reasons).toEqual(['provider_error']);
  expect(own.calls).toHaveLength(2);
  own.answerWith(wellSpoken);
  const open = await fleet.play(id, 'go south');
  expect(open.workflow_metadata.degraded_reasons).toEqual(['circuit_open:provider.main']);
  expect(own.calls).toHaveLength(2);
  await eventually(async () => {
    const { workflow_metadata: told } = await fleet.play(id, 'rest');
    expect(told.degraded_reasons).not.toContain('circuit_open:provider.main');
    expect(own.calls.length).toBeGreaterThan(2);
  });
});

test('a provider that is slow for a line and a place tells the story of a fast turn, and soon all of its time is the story’s', async () => {
  // A share of a turn as in "700 ms of 2 s", with room for machines that are busy otherwise.
  const slaSeconds = 4;
  await using own = await startLanguageServer({
    answer: async (call) => {
      await sleep(slaSeconds * 350);
      return wellSpoken(call);
    },
  });
  const settings = { 'performance.response_time_target': String(slaSeconds) };
  await using fleet = await startHarness({ redisUrl: redis.url, workers: [], settings });
  const models = { LLM_BASE_URL: own.url, LLM_MODEL: 'first' };
  await using slow = fleetProcesses(fleet, settings, models);
  await slow.start('worker', 'all');
  const asked: string[][] = [];
  // A machine that is busy otherwise takes a few turns more to see what is slow.
  while (asked.length < 4 || (asked.length < 8 && asked.at(-1)!.length > 1)) {
    const id = await fleet.newSession(`slow_${asked.length + 1}`);
    await fleet.play(id, 'go north', { workflow: 'world_building' });
    const earlier = own.calls.length;
    const { workflow_metadata: told, performance_metrics: took } = await fleet.play(id, LINE);
    expect(told.steps.map(({ name, source }) => [name, source])).toEqual([
      ['ipa', 'local'],
      ['wba', 'local'],
      ['nga', 'llm'],
    ]);
    expect(told.degraded_reasons).toEqual(['sla_fallback']);
    expect(took.total_ms / took.sla_ms).toBeLessThan(1.5);
    asked.push(own.calls.slice(earlier).map(askedFor));
  }
  expect(asked[0]).toEqual(['player_actions', 'place', 'story']);
  expect(asked.at(-1)).toEqual(['story']);
}, 60_000);
