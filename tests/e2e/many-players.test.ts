import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFleetClient, type FleetClient } from '../../src/client/client.ts';
import type { OrchestrationResponse } from '../../src/contracts/turn.ts';
import { startHarness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const PLAYERS = 40;
/** The stated target is 2 s on a machine of one's own; `npm run bench` measures against it. Here others are busy, too. */
const settings = { 'performance.response_time_target': '10' };
const WALK = ['go north', 'go south', 'look around', 'I feel calm'];

async function say(client: FleetClient, sessionId: string, text: string): Promise<OrchestrationResponse> {
  const turn = { text, create_session: true, wait_ms: 30_000 };
  const submitted = await client.submitTurn(sessionId, turn);
  if (!submitted.done) throw new Error(`not answered: ${submitted.accepted.status}`);
  return submitted.response;
}

function shareInTime(answers: readonly OrchestrationResponse[]): number {
  return answers.filter((answer) => answer.performance_metrics.sla_met).length / answers.length;
}

describe('a fleet of real processes', () => {
  test('[R7.1] answers a player, turn after turn, in the time that is set', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: ['maintenance'] });
    await using processes = fleetProcesses(h, settings);
    const [api] = await Promise.all([processes.start('api'), processes.start('worker', 'all')]);
    const client = createFleetClient({ baseUrl: String(api.ready['url']) });
    const answers: OrchestrationResponse[] = [];
    for (let turn = 0; turn < 40; turn++) answers.push(await say(client, 'me', WALK[turn % WALK.length]!));
    expect(answers.map((answer) => answer.updated_context.turn)).toEqual(answers.map((_, i) => i + 1));
    expect(shareInTime(answers)).toBeGreaterThanOrEqual(0.95);
    expect(answers.flatMap((answer) => answer.workflow_metadata.degraded_reasons)).toEqual([]);
  });

  test('[R7.3] tells forty players at once their own stories in time, sooner than one after the other', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: ['maintenance'] });
    await using processes = fleetProcesses(h, settings);
    const [api] = await Promise.all([processes.start('api'), processes.start('worker', 'all')]);
    const client = createFleetClient({ baseUrl: String(api.ready['url']) });
    const names = Array.from({ length: PLAYERS }, (_, i) => `player_${i}`);
    const round = (text: (i: number) => string) =>
      Promise.all(names.map((name, i) => say(client, name, text(i))));
    await round((i) => `I feel calm, and my name is number${i}`);

    let startedAt = performance.now();
    const answers = await round((i) => (i % 2 === 0 ? 'go north' : 'go south'));
    const togetherMs = performance.now() - startedAt;
    startedAt = performance.now();
    for (let i = 0; i < PLAYERS; i++) await say(client, 'alone', WALK[i % WALK.length]!);
    const oneByOneMs = performance.now() - startedAt;

    expect(answers.map(({ updated_context: context }) => [context.session_id, context.turn])).toEqual(
      names.map((name) => [name, 2]),
    );
    expect(answers.map((answer) => answer.updated_context.world_state?.location.id)).toEqual(
      names.map((_, i) => (i % 2 === 0 ? 'mountain_path' : 'village_center')),
    );
    expect(shareInTime(answers)).toBeGreaterThanOrEqual(0.95);
    // Both on the same machine in the same minute: whatever it is busy with besides slows both.
    expect(togetherMs).toBeLessThan(oneByOneMs * 1.5);
    for (const [i, name] of names.entries()) {
      const { items } = await client.listTurns(name);
      expect(items.map(({ text }) => text)).toEqual([
        i % 2 === 0 ? 'go north' : 'go south',
        `I feel calm, and my name is number${i}`,
      ]);
    }
  });
});
