import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Intervention } from '../../src/contracts/intervention.ts';
import { acknowledgeEscalation } from '../../src/safety/escalations/respond.ts';
import { crisesOf, crisisOf, webhookAt } from '../support/crises.ts';
import { eventually, startHarness } from '../support/harness.ts';
import { pageReceiver } from '../support/page-receiver.ts';
import { fleetProcesses, type FleetProcess } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

// Acceptance 9 of the spec's safety chapter, with real processes that are killed at named moments.

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const KILLS = 4;
const SETTINGS = { 'safety.notify.delay_s': '0.2' };

async function fleet(url: string) {
  const settings = { ...SETTINGS, ...webhookAt(url) };
  const h = await startHarness({ redisUrl: redis.url, workers: [], settings });
  const processes = fleetProcesses(h, settings);
  return {
    processes,
    crises: await crisesOf(h),
    async [Symbol.asyncDispose]() {
      await processes[Symbol.asyncDispose]();
      await h[Symbol.asyncDispose]();
    },
  };
}

const kill = async (doomed: FleetProcess): Promise<void> => {
  doomed.signal('SIGKILL');
  await doomed.ended;
};

test('a worker that is killed while it sends a page loses none, and the next one sends it under the same key', async () => {
  await using hook = await pageReceiver();
  await using people = await fleet(hook.url);
  const { processes, crises } = people;
  hook.answer = (_, nth) => (nth === 1 ? 'hang' : 204);
  const doomed = await processes.start('worker', 'safety');
  const crisis = await crises.write(crisisOf());
  await crises.caller.tell(crisis);
  await eventually(async () => expect(hook.seen).toHaveLength(1));
  await kill(doomed);
  await processes.start('worker', 'safety');
  const key = `esc-${crisis.intervention_id}-1-t0-webhook`;
  await eventually(async () => {
    expect(hook.taken.map((page) => page.key)).toEqual([key]);
    expect(await crises.intervention(crisis.intervention_id)).toMatchObject({ human_notified: true });
  });
  expect(hook.seen.map((page) => page.key)).toEqual([key, key]);
});

test('a worker that is killed between the delivery and its record sends the page once more at most, under the same key', async () => {
  await using hook = await pageReceiver();
  await using people = await fleet(hook.url);
  const { processes, crises } = people;
  const doomed = await processes.start('worker', 'safety');
  hook.answer = async (_, nth) => {
    // Taken, and the worker never hears of it.
    if (nth === 1) await kill(doomed);
    return 204;
  };
  const crisis = await crises.write(crisisOf());
  await crises.caller.tell(crisis);
  await eventually(async () => expect(hook.seen).toHaveLength(1));
  await Promise.all([processes.start('worker', 'safety'), processes.start('worker', 'safety')]);
  await eventually(async () => {
    expect((await crises.intervention(crisis.intervention_id)).human_notified).toBe(true);
  });
  const key = `esc-${crisis.intervention_id}-1-t0-webhook`;
  expect(hook.seen.map((page) => page.key)).toEqual([key, key]);
  const { notifications } = (await crises.escalation(crisis))!;
  expect(notifications.filter(({ channel }) => channel === 'webhook')).toHaveLength(1);
});

test('an acknowledgement whose process dies behind it ends the calls, and its intervention learns of it', async () => {
  await using hook = await pageReceiver();
  await using people = await fleet(hook.url);
  const { processes, crises } = people;
  await processes.start('worker', 'safety');
  const crisis = await crises.write(crisisOf());
  await crises.caller.tell(crisis);
  await eventually(async () => {
    expect((await crises.intervention(crisis.intervention_id)).human_notified).toBe(true);
  });
  const { context, tokens } = crises.people;
  const dying = {
    ...context,
    interventions: {
      ...context.interventions,
      change: () => Promise.reject(new Error('the process is gone')),
    },
  };
  const by = { humanId: 'anna', notes: null, token: null, actor: 'admin' };
  await acknowledgeEscalation(dying, tokens, `${crisis.intervention_id}-1`, by);
  await eventually(async () => {
    expect(await crises.intervention(crisis.intervention_id)).toMatchObject({
      state: 'acknowledged',
      escalation_status: 'completed',
      follow_up_required: true,
    });
  });
  const left = await crises.dueEntries();
  expect(left).toEqual([`follow_up|${crisis.intervention_id}|1`]);
});

test('whatever is killed, each of many crises is told, in deadlines too, and no page is another one', async () => {
  await using hook = await pageReceiver();
  await using people = await fleet(hook.url);
  const { processes, crises } = people;
  const all: Intervention[] = [];
  let worker = await processes.start('worker', 'safety');
  for (let round = 0; round < KILLS; round++) {
    // Half of them are told by a process that dies before it can queue anything.
    for (let i = 0; i < 5; i++) {
      const crisis = await crises.write(crisisOf(i % 2 === 0 ? 'critical' : 'high'));
      all.push(crisis);
      if (i % 2 === 0) await crises.caller.tell(crisis);
    }
    const before = hook.seen.length;
    await eventually(async () => expect(hook.seen.length).toBeGreaterThan(before));
    await kill(worker);
    worker = await processes.start('worker', 'safety');
  }
  await eventually(async () => {
    for (const crisis of all) {
      expect(await crises.intervention(crisis.intervention_id)).toMatchObject({ human_notified: true });
    }
  }, 30_000);
  const times = new Map<string, number>();
  for (const { key } of hook.taken) times.set(key, (times.get(key) ?? 0) + 1);
  expect([...times.keys()].toSorted()).toEqual(
    all.map(({ intervention_id: id }) => `esc-${id}-1-t0-webhook`).toSorted(),
  );
  // Each kill can hit a page between its delivery and its record once; the key tells the receiver.
  expect(Math.max(...times.values())).toBeLessThanOrEqual(1 + KILLS);
});

test('a worker that is stopped while a receiver hangs gives the page back without losing an attempt', async () => {
  await using hook = await pageReceiver();
  await using people = await fleet(hook.url);
  const { processes, crises } = people;
  hook.answer = (_, nth) => (nth === 1 ? 'hang' : 204);
  const stopped = await processes.start('worker', 'safety');
  const crisis = await crises.write(crisisOf());
  await crises.caller.tell(crisis);
  await eventually(async () => expect(hook.seen).toHaveLength(1));
  stopped.signal('SIGTERM');
  expect((await stopped.ended).code).toBe(0);
  await processes.start('worker', 'safety');
  await eventually(async () => {
    expect((await crises.intervention(crisis.intervention_id)).human_notified).toBe(true);
  });
  const { notifications } = (await crises.escalation(crisis))!;
  const webhook = notifications.filter(({ channel }) => channel === 'webhook');
  expect(webhook.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([[1, 'delivered']]);
});
