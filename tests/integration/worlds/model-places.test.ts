import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorldAccess } from '../../../src/agents/agent.ts';
import { agentsWith, quickCatalog, startHarness, type Harness } from '../../support/harness.ts';
import { startLanguageServer, type LanguageServer } from '../../support/language-server.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const PLACE = {
  name: 'the kettle shelf',
  description:
    'A broad shelf of rock has been swept clean by the wind. Someone keeps a blackened kettle here, still warm.',
  mood: 'homely',
  objects: [],
  people: [],
};

const settingsFor = (server: LanguageServer) => ({
  'llm.base_url': server.url,
  'llm.model': 'first',
  'real_agents.retry.base_delay': '0.01',
});

/** Up the mountain, and off the map. */
async function discover(h: Harness, sessionId: string) {
  await h.play(sessionId, 'go north', { workflow: 'world_building' });
  return h.play(sessionId, 'go north', { workflow: 'world_building' });
}

describe('a world builder with a model', () => {
  test('asks it for a place nobody has walked, and pays once, although its worker fails after the answer', async () => {
    await using server = await startLanguageServer({ answer: () => ({ say: PLACE }) });
    let failures = 0;
    const agents = agentsWith({
      async wba(input, ctx, agent) {
        const { worlds } = ctx;
        const transact: WorldAccess['transact'] = async (worldId, apply, options) => {
          if (server.calls.length > 0 && failures++ === 0) throw new Error('gone');
          return worlds.transact(worldId, apply, options);
        };
        return agent.run(input, { ...ctx, worlds: { transact } });
      },
    });
    await using h = await startHarness({
      redisUrl: redis.url,
      agents,
      catalog: quickCatalog({}, { max_attempts: 3 }),
      settings: settingsFor(server),
    });
    const sessionId = await h.newSession();
    const { updated_context: context, workflow_metadata: told } = await discover(h, sessionId);
    expect(context.world_state?.location).toMatchObject({
      id: 'kettle_shelf',
      description: PLACE.description,
    });
    expect(told.steps[0]).toMatchObject({ name: 'wba', attempts: 2, source: 'llm' });
    expect(server.calls).toHaveLength(1);
    expect(JSON.stringify(server.calls[0]!.body)).not.toContain('go north');
    expect((await h.worldOf(sessionId))?.version).toBe(2);
  });

  test('goes on without it when it is down, and says so', async () => {
    await using server = await startLanguageServer({ answer: () => ({ status: 500 }) });
    await using h = await startHarness({ redisUrl: redis.url, settings: settingsFor(server) });
    const sessionId = await h.newSession('w_without');
    const { updated_context: context, workflow_metadata: told } = await discover(h, sessionId);
    expect(told.steps[0]).toMatchObject({ name: 'wba', source: 'local' });
    const { redis: client, keys } = h.core.store;
    const output = JSON.parse((await client.hget(keys.runResults(told.run_id), 'wba'))!) as unknown;
    expect(output).toMatchObject({ degraded: true, degraded_reasons: ['provider_error'] });
    expect(context.world_state?.location.exits.map(({ direction }) => direction)).toContain('south');
    expect(server.calls.length).toBeGreaterThan(0);
  });
});
