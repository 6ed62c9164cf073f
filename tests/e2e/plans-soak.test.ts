import { afterAll, beforeAll, expect, test } from 'vitest';
import { countOpenRuns } from '../../src/primitives/durable/open-runs.ts';
import { startPlan } from '../support/durable-runner.ts';
import { eventually, startHarness } from '../support/harness.ts';
import { fleetProcesses, type FleetProcess } from '../support/processes.ts';
import { catalogOf, disagreements, randomCases, NO_TIME } from '../support/random-plans.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

const PLANS = { seed: 20_261_122, count: 300 };
const ROLES = ['ipa', 'wba', 'nga', 'flow'] as const;
const KILLS = 12;
const SETTINGS = {
  'queues.lock_duration': '2',
  'queues.stalled_interval': '1',
  // Steps fail by the script here, which says nothing about anything they depend on.
  'workflow.error_handling.circuit_breaker.enabled': 'false',
};

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

test(`[R1.2] ${PLANS.count} random plans give what they give in process, although a worker is killed ${KILLS} times`, async () => {
  const cases = randomCases({ ...PLANS, clock: NO_TIME });
  await using h = await startHarness({
    redisUrl: redis.url,
    workers: [],
    catalog: catalogOf(cases),
    settings: SETTINGS,
  });
  await using processes = fleetProcesses(h, SETTINGS);
  const workers = new Map<string, FleetProcess>();
  const start = async (role: string) => workers.set(role, await processes.startPlans(PLANS, 'worker', role));
  await Promise.all(ROLES.map(start));

  const runIds: string[] = [];
  const starting = (async () => {
    for (const { definition, input } of cases) runIds.push(await startPlan(h, definition.name, input));
  })();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const role = ROLES[kill % ROLES.length]!;
    await eventually(async () => {
      const begun = runIds.length - (await countOpenRuns(h.core.store));
      expect(begun).toBeGreaterThanOrEqual((PLANS.count / (KILLS + 2)) * kill);
    }, 60_000);
    workers.get(role)!.signal('SIGKILL');
    expect(await workers.get(role)!.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await start(role);
  }
  await starting;
  await eventually(async () => expect(await countOpenRuns(h.core.store)).toBe(0), 90_000);

  const complaints = await Promise.all(
    cases.map(async (one, index) => {
      const found = await disagreements(h, one, runIds[index]!, 'killed');
      return found.map((difference) => `${one.definition.name}: ${difference}`);
    }),
  );
  expect(complaints.flat()).toEqual([]);
  expect(await h.core.queues.get('flow')!.getJobCountByTypes('waiting-children')).toBe(0);
}, 240_000);
