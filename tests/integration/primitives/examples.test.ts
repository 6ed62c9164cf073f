import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { openPlans } from '../../../src/runtime/open-plans.ts';
import { createCatalog } from '../../../src/workflows/catalog/catalog.ts';
import { exampleWorkflows } from '../../../src/workflows/examples/examples.ts';
import { runPlan, startPlan } from '../../support/durable-runner.ts';
import { testPorts } from '../../support/example-ports.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let h: Harness;
beforeAll(async () => {
  redis = await acquireRedis();
  h = await startHarness({ redisUrl: redis.url });
});
afterAll(async () => {
  await h?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

const TIMES: readonly string[] = ['first_token_ms', 'duration_ms', 'chunks_per_second', 'metrics'];

/** Without what only a watch decides. */
function timeless(output: unknown): unknown {
  const entries = Object.entries(output as object);
  return Object.fromEntries(
    entries.map(([key, value]) => (TIMES.includes(key) ? [key, typeof value] : [key, value])),
  );
}

/** Too dear for the large model. */
const LONG = 'a lantern '.repeat(500);

const CASES: readonly (readonly [string, unknown])[] = [
  ['rag', { query: 'How does box breathing work?' }],
  ['rag', { query: 'Who won the world cup?' }],
  ['agentic_rag', { query: 'What can I do about worries at night?' }],
  ['agentic_rag', { query: 'What is new in the latest release this year?' }],
  ['agentic_rag', { query: 'I am scared of storms, where can I go?' }],
  ['agentic_rag', { query: 'Who won the world cup?' }],
  ['cost_tracking', { topic: 'a lantern' }],
  ['cost_tracking', { topic: LONG }],
  ['streaming', { topic: 'a lantern' }],
  ['multi_agent', { request: 'Compute the sum of 1 and 2. Find the lighthouse. Ask the painter to paint.' }],
];

describe('examples on the fleet', () => {
  it.for(CASES)('[P13.14] %s gives the same output in process and durably', async ([name, input]) => {
    const durable = await runPlan(h, name, input);
    const here = await openPlans(h.config).runInProcess(name, input);
    expect(durable).toMatchObject({ status: 'completed', error: null });
    expect(here).toMatchObject({ status: 'completed', degraded: durable.degraded });
    expect(timeless(durable.output)).toEqual(timeless(here.output));
    const paths = durable.steps.filter(({ attempts }) => attempts > 0).map((step) => step.name);
    expect(paths.toSorted()).toEqual(here.trace.map((step) => step.path).toSorted());
  });

  it('a run that fails does so with the same code and path', async () => {
    const input = { request: 'Ask the painter to paint.' };
    const durable = await runPlan(h, 'multi_agent', input);
    const here = await openPlans(h.config).runInProcess('multi_agent', input);
    expect(durable).toMatchObject({
      status: 'failed',
      error: { code: 'all_subtasks_failed', path: 'report' },
    });
    expect(here).toMatchObject({ status: 'failed', error: { code: 'all_subtasks_failed', path: 'report' } });
  });

  it.for([
    ['rag', { query: ' ' }],
    ['rag', { query: 'where?', top_k: 1000 }],
    ['streaming', null],
    ['multi_agent', { request: 'x'.repeat(5000) }],
    ['cost_tracking', { topic: { $ref: 'input' } }],
  ] as const)('%s refuses %j before anything is queued, in both engines', async ([name, input]) => {
    const refusal = { code: 'validation_failed', kind: 'invalid_input' };
    await expect(startPlan(h, name, input)).rejects.toMatchObject(refusal);
    await expect(openPlans(h.config).runInProcess(name, input)).rejects.toMatchObject(refusal);
  });

  it('a second search for the same question is answered from the cache of the fleet', async () => {
    const query = 'Where does the baker of the market introduce shy travellers?';
    const first = await runPlan(h, 'rag', { query });
    const again = await runPlan(h, 'rag', { query: query.toLowerCase() });
    expect(first.output).toMatchObject({ cache: 'miss', sources: [{ id: 'market' }] });
    expect(again.output).toMatchObject({ cache: 'hit', sources: [{ id: 'market' }] });
  });

  it('runs side by side are charged to the one budget in Redis, to the last micro-dollar', async () => {
    const before = await spent(h);
    const ended = await Promise.all(
      Array.from({ length: 8 }, async (_, index) =>
        runPlan(h, 'cost_tracking', { topic: `lantern ${index}` }),
      ),
    );
    const costs = ended.map(({ output }) => Math.round((output as { cost_usd: number }).cost_usd * 1e6));
    expect((await spent(h)) - before).toBe(costs.reduce((sum, cost) => sum + cost, 0));
  });

  it('a story is followed while it is told, and is the output in the end', async () => {
    const runId = await startPlan(h, 'streaming', { topic: 'rain' });
    const pieces: string[] = [];
    const options = { signal: AbortSignal.timeout(20_000) };
    for await (const { text } of await h.operations.runTokens(runId, options, LOCAL_OPERATOR))
      pieces.push(text);
    expect(await h.ended(runId)).toMatchObject({ output: { text: pieces.join('') } });
    expect(pieces.join('')).toContain('rain');
  });

  it('cancelling a stream leaves its generator', async () => {
    let wasLeft = false;
    const model = {
      ...testPorts().model,
      stream: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => undefined),
          return: async () => {
            wasLeft = true;
            return { done: true as const, value: undefined };
          },
        }),
      }),
    };
    await using own = await startHarness({
      redisUrl: redis.url,
      catalog: createCatalog(exampleWorkflows(testPorts(undefined, { model }))),
    });
    const runId = await startPlan(own, 'streaming', { topic: 'rain' });
    await own.eventOf(runId, 'step.started', 'tell');
    await own.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    expect(await own.ended(runId)).toMatchObject({ status: 'cancelled' });
    await expect.poll(() => wasLeft).toBe(true);
  });

  it('are there outside of production only', () => {
    const names = (environment: 'testing' | 'production') =>
      openPlans({ ...h.config, environment })
        .list()
        .map(({ name }) => name);
    expect(names('testing')).toContain('multi_agent');
    expect(names('production')).toEqual([
      'collaborative',
      'input_processing',
      'narrative_generation',
      'world_building',
    ]);
  });

  it('a plan with agents needs the fleet', async () => {
    const plans = openPlans(h.config);
    expect(plans.list().find(({ name }) => name === 'collaborative')).toMatchObject({ engines: ['durable'] });
    await expect(plans.runInProcess('collaborative', { text: 'look' })).rejects.toMatchObject({
      code: 'engine_unfit',
    });
  });

  it('a budget without Redis is refused, and the others do not notice that there is none', async () => {
    const config = { ...h.config, redis: { ...h.config.redis, url: null } };
    const plans = openPlans(config);
    await expect(plans.runInProcess('cost_tracking', { topic: 'rain' })).rejects.toMatchObject({
      code: 'redis_not_configured',
    });
    expect(await plans.runInProcess('streaming', { topic: 'rain' })).toMatchObject({ status: 'completed' });
  });
});

async function spent({ core }: Harness): Promise<number> {
  const { redis: client, keys } = core.store;
  const day = new Date().toISOString().slice(0, 10);
  return Number((await client.hget(keys.budget('example_cost_tracking', day), 'spent')) ?? 0);
}

describe('example scripts', () => {
  const FOLDER = join(import.meta.dirname, '../../../examples/primitives');
  const runScript = async (name: string, ...args: string[]): Promise<string> => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(FOLDER, name), ...args]);
    expect(stderr).toBe('');
    return stdout;
  };

  it('rag.ts answers twice, the second time from the cache', async () => {
    const told = await runScript('rag.ts');
    expect(told.match(/"cache": "(miss|hit)"/g)).toEqual(['"cache": "miss"', '"cache": "hit"']);
    expect(told).toContain('Slow breathing calms a racing heart [1].');
  });

  it('agentic-rag.ts shows its way to an answer', async () => {
    const told = await runScript('agentic-rag.ts');
    expect(told).toContain('result.attempt~r0.found.search chose vectorstore');
    expect(told).toContain('"refinements": 1');
  });

  it('cost-tracking.ts says what a call cost, and what all of them did', async () => {
    const told = await runScript('cost-tracking.ts', redis.url, 'a lantern');
    expect(told).toMatch(/"cost_usd": 0\.00\d+/);
    expect(told).toContain('"key": "scripted-large"');
  });

  it('streaming.ts prints the pieces as they come, then the aggregate', async () => {
    const told = await runScript('streaming.ts', 'rain');
    const [pieces = '', ...rest] = told.split('\n');
    const { text } = JSON.parse(rest.join('\n')) as { text: string };
    expect(pieces.replaceAll('|', '')).toBe(text);
    expect(pieces.split('|').length).toBeGreaterThan(5);
  });

  it('multi-agent.ts has results of four and a failure of one', async () => {
    const { results, failed } = JSON.parse(await runScript('multi-agent.ts')) as {
      results: object;
      failed: unknown[];
    };
    expect(Object.keys(results)).toHaveLength(4);
    expect(failed).toHaveLength(1);
  });

  it('are all tested here', () => {
    const tested = readFileSync(import.meta.filename, 'utf8');
    for (const name of readdirSync(FOLDER)) expect(tested).toContain(`runScript('${name}'`);
  });
});
