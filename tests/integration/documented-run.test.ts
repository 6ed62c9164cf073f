import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUEUE_NAMES } from '../../queues/catalogue.ts';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { RUN_EVENT_TYPES, type RunEvent } from '../../src/contracts/run.ts';
import { noteEarlyWarning } from '../../src/primitives/durable/early-warning.ts';
import { noteStillWorking } from '../../src/primitives/durable/still-working.ts';
import { runWatchdog } from '../../src/workflows/watchdog.ts';
import { documentedEvents } from '../architecture/documented-events.ts';
import { documentedKeys } from '../architecture/documented-keys.ts';
import { agentsWith, eventually, quickCatalog, startHarness, type Harness } from '../support/harness.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** Runs that end in every way there is, one of them resumed. */
async function everyEvent(): Promise<{ events: RunEvent[]; keys: Map<string, string> }> {
  let isBroken = false;
  const agents = agentsWith({
    wba: (input, ctx, agent) =>
      isBroken ? Promise.reject(new Error('broken on purpose')) : agent.run(input, ctx),
  });
  const settings = { 'workflow.error_handling.circuit_breaker.enabled': 'false' };
  await using h = await startHarness({ redisUrl: redis.url, agents, catalog: quickCatalog(), settings });
  const sessionId = await h.newSession();
  const completed = await h.play(sessionId, 'look around');
  isBroken = true;
  const failed = await h.submit(sessionId, 'go north');
  await h.ended(failed);
  await h.quiet();
  // Replayed in vain, then with success.
  for (const generation of [1, 2]) {
    const [letter] = await h.operations.listDeadLetters({ limit: 1 });
    isBroken = generation === 1;
    await h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR);
    await eventually(async () => {
      const { status, generation: reached } = await h.operations.getRun(failed, LOCAL_OPERATOR);
      expect([status, reached]).toEqual([isBroken ? 'failed' : 'completed', generation]);
    });
    await h.quiet();
  }
  await h.operations.rollbackRun(failed, {}, LOCAL_OPERATOR);
  const events = await eventsOf(h, [failed, completed.workflow_metadata.run_id]);

  let nowMs = Date.now();
  await using idle = await startHarness({ redisUrl: redis.url, workers: [], clock: { now: () => nowMs } });
  const idleSession = await idle.newSession();
  const late = await idle.submit(idleSession, 'wait');
  const waiting = await idle.submit(idleSession, 'wait');
  await idle.operations.cancelRun(waiting, {}, LOCAL_OPERATOR);
  await noteEarlyWarning(
    idle.core.store,
    { runId: late, scope: 'step', step: 'ipa', agent: 'ipa', elapsedMs: 3, limitMs: 4 },
    { nowMs, keepSeconds: 60 },
  );
  await noteStillWorking(idle.core.store, { runId: late, path: 'ipa', agent: 'ipa', nowMs });
  nowMs += 3_600_000;
  await runWatchdog(idle.core.workflows);
  events.push(...(await eventsOf(idle, [late, waiting])));
  return { events, keys: new Map([...(await ownKeys(h)), ...(await ownKeys(idle))]) };
}

async function eventsOf(h: Harness, runIds: readonly string[]): Promise<RunEvent[]> {
  const pages = runIds.map((runId) => h.operations.listRunEvents(runId, { limit: 500 }, LOCAL_OPERATOR));
  return (await Promise.all(pages)).flatMap(({ items }) => items);
}

/** Every key that is not BullMQ's, as `<pfx>:…`, with its type. */
async function ownKeys(h: Harness): Promise<[string, string][]> {
  const prefix = h.core.store.keys.prefix;
  const found: [string, string][] = [];
  for (const key of await h.core.store.redis.keys(`${prefix}:*`)) {
    const isOfBullMq = QUEUE_NAMES.some((queue) => key.startsWith(`${prefix}:${queue}:`));
    if (!isOfBullMq) found.push([key.replace(prefix, '<pfx>'), await h.core.store.redis.type(key)]);
  }
  return found;
}

test('what runs emit and leave in Redis is what docs/events.md and docs/redis-keys.md say', async () => {
  const { events, keys } = await everyEvent();
  const documented = documentedEvents();
  expect([...new Set(events.map(({ type }) => type))].sort()).toEqual([...RUN_EVENT_TYPES].sort());

  const optionalSeen = new Set<string>();
  for (const { type, data = {}, step, agent } of events) {
    const { required, optional } = documented.get(type)!;
    const names = Object.keys(data);
    expect(names.filter((name) => !optional.includes(name)).sort(), type).toEqual(required.toSorted());
    for (const name of names) if (optional.includes(name)) optionalSeen.add(`${type} ${name}`);
    const isOfStep = type.startsWith('step.') || data['scope'] === 'step';
    expect([step !== undefined, agent !== undefined], type).toEqual(Array(2).fill(isOfStep));
  }
  const optional = [...documented].flatMap(([type, event]) =>
    event.optional.map((name) => `${type} ${name}`),
  );
  expect([...optionalSeen].sort()).toEqual(optional.sort());

  const patterns = documentedKeys().map(({ key, type }) => ({ pattern: patternOf(key), type }));
  expect(keys.size).toBeGreaterThan(10);
  for (const [key, type] of keys) {
    const types = patterns
      .filter(({ pattern }) => pattern.test(key))
      .map((documentedKey) => documentedKey.type);
    expect(types, key).toEqual([type]);
  }
});

/** `<pfx>:wf:<runId>:err`: what is in angle brackets may be any text without a colon. */
function patternOf(key: string): RegExp {
  return new RegExp(`^${key.replace(/<(?!pfx)\w+>/g, '[^:]+')}$`);
}
