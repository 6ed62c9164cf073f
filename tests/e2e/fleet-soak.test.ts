import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { newRunId, type RunId } from '../../src/kernel/ids.ts';
import { countOpenRuns } from '../../src/primitives/durable/open-runs.ts';
import { startEmbeddedRedis, type EmbeddedRedis } from '../../src/redis/embedded/start.ts';
import { eventually, startHarness, type Harness } from '../support/harness.ts';
import { fleetProcesses, type FleetProcess } from '../support/processes.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'ao-soak-'));
let redis: EmbeddedRedis;
beforeAll(async () => {
  redis = await startEmbeddedRedis({ dataDir, persistent: true });
});
afterAll(async () => {
  await redis.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const SESSIONS = 20;
const TURNS = 10;
const ROLES = ['ipa', 'wba', 'nga', 'flow'] as const;
const SETTINGS = {
  'queues.lock_duration': '2',
  'queues.stalled_interval': '1',
  // Each player sends all their lines at once.
  'sessions.max_pending': String(TURNS),
};

test('[R6.3] 200 turns are told, each once and in order, although every worker is killed and Redis restarted', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [], settings: SETTINGS });
  await using processes = fleetProcesses(h, SETTINGS);
  const workers = new Map<string, FleetProcess>();
  await Promise.all(ROLES.map(async (role) => workers.set(role, await processes.start('worker', role))));
  const startedAt = performance.now();

  // There and back again: the last line of each session is told where the first one began.
  const lines = Array.from({ length: TURNS }, (_, index) => (index % 2 === 0 ? 'go north' : 'go south'));
  const sessions = await Promise.all(
    Array.from({ length: SESSIONS }, async () => ({ sessionId: await h.newSession(), runs: [] as RunId[] })),
  );
  const submitting = Promise.all(
    sessions.map(async ({ sessionId, runs }) => {
      for (const text of lines) runs.push(await submitUntilAccepted(h, sessionId, text));
    }),
  );

  for (const role of ROLES) {
    // Each is killed while its queue has work, and replaced.
    await turnsTold(h, sessions, SESSIONS * 2 * ROLES.indexOf(role) + 5);
    const victim = workers.get(role)!;
    victim.signal('SIGKILL');
    expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
    workers.set(role, await processes.start('worker', role));
    if (role === 'wba') await redis.restart();
  }
  await submitting;
  await eventually(async () => expect(await countOpenRuns(h.core.store)).toBe(0), 60_000);
  await eventually(() => h.quiet(), 30_000);
  const tookS = (performance.now() - startedAt) / 1000;

  for (const { sessionId, runs } of sessions) {
    const { items } = await h.operations.listTurns(sessionId, { limit: 100 }, LOCAL_OPERATOR);
    expect(items.toReversed().map((turn) => [turn.turn, turn.run_id, turn.text])).toEqual(
      runs.map((runId, index) => [index + 1, runId, lines[index]]),
    );
    expect(items.every((turn) => turn.response_text.length >= 50)).toBe(true);
    // Every line moves the player, so every turn changed the world, once.
    expect(await h.worldOf(sessionId)).toMatchObject({
      version: TURNS,
      player: { location_id: 'forest_clearing' },
    });
  }
  const flow = h.core.queues.get('flow')!;
  expect(await flow.getJobCounts('completed', 'failed', 'waiting-children')).toEqual({
    completed: SESSIONS * TURNS,
    failed: 0,
    'waiting-children': 0,
  });
  expect(await h.operations.listDeadLetters({ limit: 5 })).toEqual([]);
  for (const worker of workers.values()) {
    worker.signal('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
  }
  expect(tookS).toBeLessThan(60);
}, 120_000);

/** As a good client does: the same id until it is accepted, whatever happens in between. */
async function submitUntilAccepted(h: Harness, sessionId: string, text: string): Promise<RunId> {
  const runId = newRunId(Date.now());
  await eventually(async () => {
    await h.operations.submitTurn(sessionId, { text, wait_ms: 0 }, LOCAL_OPERATOR, { runId });
  }, 20_000);
  return runId;
}

async function turnsTold(
  h: Harness,
  sessions: readonly { readonly sessionId: string }[],
  atLeast: number,
): Promise<void> {
  await eventually(async () => {
    const views = await Promise.all(
      sessions.map(({ sessionId }) => h.operations.getSession(sessionId, LOCAL_OPERATOR)),
    );
    expect(views.reduce((sum, view) => sum + view.turn, 0)).toBeGreaterThanOrEqual(atLeast);
  }, 40_000);
}
