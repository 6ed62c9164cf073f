import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentName } from '../../../src/contracts/agent-type.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { FleetOperations } from '../../../src/contracts/operations.ts';
import type { RunView } from '../../../src/contracts/run.ts';
import { agentsWith, startHarness, type Harness, type HarnessOptions } from '../../support/harness.ts';
import { NOTICE } from '../../../src/workflows/degradation.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const harness = (options: Partial<HarnessOptions> = {}): Promise<Harness> =>
  startHarness({ redisUrl: redis.url, ...options });

const put = (h: Pick<Harness, 'operations'>, definition: unknown) =>
  h.operations.putDefinition(definition, LOCAL_OPERATOR);

async function run(h: Harness, name: string, input: unknown, more: object = {}): Promise<RunView> {
  const request = { input, wait_ms: 0, ...more } as Parameters<FleetOperations['startRun']>[1];
  const started = await h.operations.startRun(name, request, LOCAL_OPERATOR);
  if (started.done) throw new Error('nobody waited');
  return h.ended(started.accepted.run_id);
}

type Around = NonNullable<Parameters<typeof agentsWith>[0][AgentName]>;

/** Agents that fail with an error that would be worth another try, for so many calls. */
function failing(agent: AgentName, times = Infinity) {
  let calls = 0;
  const agents = agentsWith({
    [agent]: (async (input, ctx, own) => {
      calls += 1;
      if (calls <= times) throw new Error(`${agent} is unwell`);
      return own.run(input, ctx);
    }) satisfies Around,
  });
  return { agents, calls: () => calls };
}

const ref = ($ref: string) => ({ $ref });

describe('a registered compact definition', () => {
  const two = { name: 'two_step', agent_sequence: [{ agent: 'ipa' }, { agent: 'nga' }] };

  test('runs on the fleet, each agent with what the built-in workflows give it [R1.2]', async () => {
    const seen: Partial<Record<AgentName, unknown>> = {};
    const watch =
      (name: AgentName): Around =>
      (input, ctx, own) => {
        seen[name] = input;
        return own.run(input, ctx);
      };
    await using h = await harness({ agents: agentsWith({ ipa: watch('ipa'), nga: watch('nga') }) });
    await put(h, two);
    const ended = await run(h, 'two_step', { text: 'go north' });
    expect(ended).toMatchObject({ status: 'completed', workflow: 'two_step', version: 1, degraded: false });
    expect(ended.output).toMatchObject({
      results: { ipa: { intent: 'move', direction: 'north' }, nga: { story: expect.any(String) } },
      skipped_steps: [],
    });
    expect(seen.ipa).toMatchObject({ text: 'go north' });
    expect(seen.nga).toMatchObject({ player_text: 'go north', intent: { intent: 'move' }, world: null });
  });

  test('in a session is a turn: it is told, changes the world and stands in the history', async () => {
    await using h = await harness();
    await put(h, {
      name: 'tour',
      agent_sequence: [{ agent: 'ipa', name: 'listen' }, { agent: 'wba', name: 'walk' }, { agent: 'nga' }],
    });
    const session = await h.newSession();
    const answer = await h.play(session, 'go north', { workflow: 'tour' });
    expect(answer.response_text.length).toBeGreaterThan(50);
    expect(answer.workflow_metadata).toMatchObject({
      workflow_name: 'tour',
      intent: 'move',
      degraded: false,
    });
    expect((await h.worldOf(session))?.version).toBe(1);
    const turns = await h.operations.listTurns(session, { limit: 5 }, LOCAL_OPERATOR);
    expect(turns.items).toMatchObject([{ turn: 1, intent: 'move', response_text: answer.response_text }]);
  });

  test('that begins without an IPA gets the text understood beforehand', async () => {
    await using h = await harness();
    await put(h, { name: 'straight', agent_sequence: [{ agent: 'wba' }] });
    const session = await h.newSession();
    const answer = await h.play(session, 'go north', { workflow: 'straight' });
    expect(answer.workflow_metadata.intent).toBe('move');
    expect((await h.worldOf(session))?.version).toBe(1);
  });

  test('runs a group side by side, and the next one after all of it', async () => {
    const begun = { first: Promise.withResolvers<void>(), second: Promise.withResolvers<void>() };
    const done: string[] = [];
    const doneBefore: number[] = [];
    const agents = agentsWith({
      ipa: async (input, ctx, own) => {
        begun.first.resolve();
        await begun.second.promise;
        const output = await own.run(input, ctx);
        done.push('ipa');
        return output;
      },
      nga: async (input, ctx, own) => {
        doneBefore.push(done.length);
        if (doneBefore.length === 1) {
          begun.second.resolve();
          await begun.first.promise;
        }
        const output = await own.run(input, ctx);
        done.push('nga');
        return output;
      },
    });
    await using h = await harness({ agents });
    await put(h, {
      name: 'groups',
      parallel_steps: [[{ agent: 'ipa' }, { agent: 'nga' }], [{ agent: 'nga' }]],
    });
    const ended = await run(h, 'groups', { text: 'look' });
    expect(ended.status).toBe('completed');
    expect(Object.keys((ended.output as { results: object }).results)).toEqual(['ipa', 'nga', 'nga_2']);
    // Each of the first two waited for the other to begin; the third began when both were done.
    expect(doneBefore).toEqual([expect.any(Number), 2]);
  });

  test('skip_on_error goes on without the step and says that it is degraded [R1.4]', async () => {
    const { agents, calls } = failing('ipa');
    await using h = await harness({ agents });
    await put(h, { ...two, error_handling: 'skip_on_error' });
    const ended = await run(h, 'two_step', { text: 'go north' });
    expect(ended).toMatchObject({ status: 'completed', degraded: true });
    expect(ended.output).toMatchObject({ results: { ipa: null }, skipped_steps: ['ipa'] });
    expect(calls()).toBe(1);
    const session = await h.newSession();
    const answer = await h.play(session, 'go north', { workflow: 'two_step' });
    expect(answer.workflow_metadata).toMatchObject({
      degraded: true,
      degraded_level: 2,
      degraded_reasons: ['step_skipped:ipa'],
    });
    expect(answer.response_text).toContain(NOTICE);
    const { items } = await h.operations.listTurns(session, { limit: 1 }, LOCAL_OPERATOR);
    expect(items[0]!.response_text).not.toContain(NOTICE);
  });

  test('skip_on_error fails when every step did', async () => {
    const { agents } = failing('ipa');
    await using h = await harness({ agents });
    await put(h, { name: 'alone', agent_sequence: [{ agent: 'ipa' }], error_handling: 'skip_on_error' });
    const ended = await run(h, 'alone', { text: 'look' });
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'step_failed' } });
  });

  test('retry tries again, fail_fast does not', async () => {
    const twice = failing('ipa', 1);
    await using h = await harness({ agents: twice.agents });
    await put(h, { ...two, error_handling: 'retry' });
    expect(await run(h, 'two_step', { text: 'look' })).toMatchObject({
      status: 'completed',
      degraded: false,
    });
    expect(twice.calls()).toBe(2);
    const once = failing('ipa');
    await using strict = await harness({ agents: once.agents });
    await put(strict, two);
    expect(await run(strict, 'two_step', { text: 'look' })).toMatchObject({ status: 'failed' });
    expect(once.calls()).toBe(1);
  });

  test('refuses an input that is no turn, before anything runs', async () => {
    await using h = await harness({ workers: [] });
    await put(h, two);
    const refused = h.operations.startRun('two_step', { input: { words: 'look' } }, LOCAL_OPERATOR);
    await expect(refused).rejects.toMatchObject({ code: 'validation_failed' });
  });

  test('is answered where it can be read when it ends while its caller waits', async () => {
    await using h = await harness();
    await put(h, two);
    const request = { input: { text: 'look' }, wait_ms: 20_000 };
    const submitted = await h.operations.startRun('two_step', request, LOCAL_OPERATOR);
    expect(submitted).toMatchObject({ done: false, accepted: { status: 'completed', progress: 100 } });
  });
});

describe('a registered full definition', () => {
  const listen = { kind: 'step', id: 'listen', agent: 'ipa', input: { text: ref('item'), view: null } };
  const full = {
    name: 'many_lines',
    nodes: [
      { kind: 'map', id: 'all', items: ref('input.lines'), nodes: [listen], concurrency: 2 },
      {
        kind: 'when',
        id: 'polite',
        test: { ref: 'input.lines', op: 'exists' },
        do: [{ kind: 'step', id: 'hear', agent: 'ipa', input: { text: ref('input.greeting'), view: null } }],
      },
      {
        kind: 'route',
        id: 'way',
        on: ref('input.way'),
        branches: { left: [{ kind: 'step', id: 'l', agent: 'ipa', input: { text: 'west', view: null } }] },
        default: [{ kind: 'step', id: 'd', agent: 'ipa', input: { text: 'wait', view: null } }],
      },
    ],
    output: {
      intents: ref('steps.all'),
      greeting: ref('steps.polite.hear.intent'),
      way: ref('steps.way'),
    },
  };

  test('reads its references, conditions, choices and lists on the fleet', async () => {
    await using h = await harness();
    await put(h, full);
    const ended = await run(h, 'many_lines', { lines: ['go north', 'look'], greeting: 'help', way: 'left' });
    expect(ended.status).toBe('completed');
    expect(ended.output).toMatchObject({
      intents: [{ listen: { intent: 'move' } }, { listen: { intent: 'look' } }],
      greeting: 'help',
      way: { l: { intent: 'move', direction: 'west' } },
    });
    const other = await run(h, 'many_lines', { lines: [], greeting: 'help', way: 'up' });
    expect(other.output).toMatchObject({ intents: [], way: { d: { intent: 'wait' } } });
  });

  test('gives an agent that is given nothing what the built-in workflows give it', async () => {
    await using h = await harness();
    await put(h, {
      name: 'full_defaults',
      nodes: [
        { kind: 'step', id: 'heard', agent: 'ipa' },
        { kind: 'step', id: 'told', agent: 'nga' },
      ],
      output: { story: ref('steps.told.story'), mood: ref('input.mood') },
    });
    const ended = await run(h, 'full_defaults', { text: 'go north', mood: 'calm' });
    expect(ended.output).toEqual({ story: expect.stringMatching(/.{50}/s), mood: 'calm' });
  });
});
