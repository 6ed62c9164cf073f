import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../config/schema.ts';
import type { CliPorts } from '../../../src/cli/ports.ts';
import type { FleetOperations } from '../../../src/contracts/operations.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { openPlans } from '../../../src/runtime/open-plans.ts';
import type { PrimitivesBench } from '../../../src/runtime/primitives-bench.ts';
import { ao, event, fakeOperations, RUN_ID, runView, stream, tempDir, type RunSetup } from './fakes.ts';

const EXAMPLES = ['rag', 'agentic_rag', 'cost_tracking', 'streaming', 'multi_agent'];
/** The real plans, and none of the rest of the product. */
const plans = (argv: readonly string[], setup: RunSetup = {}) =>
  ao(['primitives', ...argv], {
    ...setup,
    ports: { openPlans: async (config) => openPlans(config), ...setup.ports },
  });

const QUERY = JSON.stringify({ query: 'Where is the lighthouse?' });

/** A fleet on which every run ends as given. */
function fleetThat(ends: Parameters<typeof runView>[0], seen: unknown[] = []): Partial<FleetOperations> {
  return {
    startRun: async (...args) => {
      seen.push(args);
      const location = `/v1/workflows/runs/${RUN_ID}`;
      return {
        done: false,
        accepted: { run_id: RUN_ID, status: 'pending', progress: 0, location, queued_behind: 0 },
      };
    },
    runEvents: () => stream([event(1, 'run.completed')]),
    getRun: async () => runView(ends),
  };
}

describe('ao primitives list', () => {
  it('has every example with version, nodes by kind and engines', async () => {
    const { primitives } = (await plans(['list', '--json'])).json() as { primitives: { name: string }[] };
    const listed = new Map(primitives.map((plan) => [plan.name, plan]));
    for (const name of EXAMPLES) {
      expect(listed.get(name)).toMatchObject({ version: 1, engines: ['in-process', 'durable'] });
    }
    expect(listed.get('streaming')).toMatchObject({
      kinds: { sequence: 1, fn: 1, step: 1 },
      needs_redis: false,
    });
    expect(listed.get('cost_tracking')).toMatchObject({ needs_redis: true });
    expect(listed.get('collaborative')).toMatchObject({ engines: ['durable'] });
    expect((await plans(['list'])).stdout).toMatch(/^cost_tracking .*\(needs Redis\)$/m);
  });
});

describe('ao primitives graph', () => {
  it.for(EXAMPLES)('draws %s as its document shows it', async (name) => {
    const { code, stdout } = await plans(['graph', name, '--format', 'mermaid', '--check']);
    expect(code).toBe(0);
    const document = readFileSync(join(import.meta.dirname, '../../../docs/examples.md'), 'utf8');
    expect(document).toContain(`\`\`\`mermaid\n${stdout}\`\`\``);
  });

  it('gives the structure as JSON', async () => {
    const { code, stdout } = await plans(['graph', 'streaming', '--format', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ hash: expect.stringMatching(/^[0-9a-f]{64}$/), notes: [] });
    expect((await plans(['graph', 'streaming', '--json'])).json()).toHaveProperty('mermaid');
  });

  it('--check says what will be regretted, and fails', async () => {
    const notes = [{ path: '1', rule: 'unnamed_composite' as const, message: 'a parallel without a name' }];
    const drawn = { hash: '', nodes: [], edges: [], notes };
    const fake = { graph: () => ({ drawn, mermaid: 'flowchart TD' }) } as Partial<
      ReturnType<typeof openPlans>
    >;
    const ports = { openPlans: async () => fake as ReturnType<typeof openPlans> };
    expect((await plans(['graph', 'x'], { ports })).code).toBe(0);
    const checked = await plans(['graph', 'x', '--check'], { ports });
    expect(checked).toMatchObject({ code: 1, stderr: '1: unnamed_composite: a parallel without a name\n' });
  });

  it('a name nobody knows ends with 3 and the nearest one', async () => {
    const { code, stderr } = await plans(['graph', 'ragg']);
    expect(code).toBe(3);
    expect(stderr).toContain('did you mean "rag"?');
  });
});

describe('ao primitives bench', () => {
  const report = (ratio: number): PrimitivesBench => ({
    machine: { processor: 'a processor', cores: 2, node: 'v24.0.0' },
    rounds: 7,
    shapes: [
      { name: 'sequence', off: { median: 50, p95: 51 }, on: { median: 55, p95: 56 }, ratio, addedCpu: 1 },
    ],
    noop: { fn: { off: 1, on: 10 }, step: { off: 4, on: 30 } },
    ok: ratio <= 1.1,
  });

  it.each([
    [1.02, 0, 'within the limit'],
    [1.2, 1, 'beyond the limit'],
  ])('a ratio of %d ends with %d', async (ratio, code, verdict) => {
    const asked: unknown[] = [];
    const ports = {
      benchPrimitives: async ({ rounds }: { rounds: number }) => {
        asked.push(rounds);
        return report(ratio);
      },
    };
    const shown = await plans(['bench', '--rounds', '7'], { ports });
    expect(shown.code).toBe(code);
    expect(shown.stdout).toContain(verdict);
    expect(shown.stdout).toContain('2 cores (a processor), node v24.0.0, 7 rounds each');
    expect((await plans(['bench', '--json'], { ports })).json()).toEqual(report(ratio));
    expect(asked).toEqual([7, 30]);
  });
});

describe('ao primitives run', () => {
  it('prints one JSON document, with the steps when asked', async () => {
    const run = await plans(['run', 'rag', '--input', QUERY, '--correlation-id', 'c-7', '--json']);
    expect(run).toMatchObject({ code: 0 });
    expect(run.json()).toEqual({
      status: 'completed',
      output: expect.objectContaining({ model: 'scripted-large', cache: 'miss' }),
      run_id: expect.stringMatching(/^wf_/),
      correlation_id: 'c-7',
      degraded: false,
      duration_ms: expect.any(Number),
    });
    const traced = await plans(['run', 'rag', '--input', '-', '--trace'], { input: QUERY });
    expect(JSON.parse(traced.stdout)).toHaveProperty('trace.0', {
      path: 'found',
      status: 'completed',
      attempts: 1,
      duration_ms: expect.any(Number),
    });
  });

  it('reads its input from a file', async () => {
    const file = join(tempDir(), 'input.json');
    writeFileSync(file, QUERY);
    expect((await plans(['run', 'rag', '--input', `@${file}`])).code).toBe(0);
  });

  it('a failed run is a document too, and exit code 1', async () => {
    const input = JSON.stringify({ request: 'Ask the painter to paint.' });
    const { code, stdout } = await plans(['run', 'multi_agent', '--input', input]);
    expect(code).toBe(1);
    const document = JSON.parse(stdout) as object;
    expect(document).toMatchObject({
      status: 'failed',
      error: { code: 'all_subtasks_failed', path: 'report', details: { failed: [{ error: 'no_case' }] } },
    });
    expect(document).not.toHaveProperty('output');
  });

  it.for([
    ['an input that is not JSON', ['rag', '--input', '{'], 2],
    ['an input the workflow refuses', ['rag', '--input', '{"query": ""}'], 2],
    ['no input', ['rag'], 2],
    ['a workflow of agents in process', ['collaborative', '--input', '{"text": "look"}'], 2],
    ['a name nobody knows', ['rags'], 3],
    ['an engine nobody knows', ['rag', '--engine', 'steam'], 2],
    ['a limit that is none', ['rag', '--timeout', '0'], 2],
    ['a correlation id with a blank', ['rag', '--correlation-id', 'a b'], 2],
    ['a private fleet at an address', ['rag', '--embedded', '--api-url', 'http://127.0.0.1:1'], 2],
  ] as const)('%s is refused before anything runs', async ([, args, code]) => {
    expect((await plans(['run', ...args])).code).toBe(code);
  });

  it('a run that takes longer than it may is timed out, and ends with 5', async () => {
    const { code, stdout } = await plans(['run', 'agentic_rag', '--input', QUERY, '--timeout', '1']);
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'timed_out', error: { code: 'deadline_exceeded' } });
  });

  it('an interrupted run is cancelled and ends with 130', async () => {
    const listeners: (() => void)[] = [];
    const signals = { on: (_: string, call: () => void) => listeners.push(call), off: () => undefined };
    const interrupting = async (config: Config) => {
      const real = openPlans(config);
      const fake: typeof real = {
        ...real,
        runInProcess: (...args) => {
          listeners[0]?.();
          return real.runInProcess(...args);
        },
      };
      return fake;
    };
    const run = await plans(['run', 'rag', '--input', QUERY], {
      signals,
      ports: { openPlans: interrupting },
    });
    expect(run.code).toBe(130);
    expect(JSON.parse(run.stdout)).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
  });

  it('says that a budget needs Redis, and which one could not be reached', async () => {
    const configs: Config[] = [];
    const failing = async (config: Config) => {
      configs.push(config);
      const refusal = new FleetError({
        code: 'redis_unavailable',
        kind: 'unavailable',
        message: 'no Redis there',
      });
      return { ...openPlans(config), runInProcess: () => Promise.reject(refusal) };
    };
    const run = await plans(['run', 'cost_tracking', '--input', '{"topic": "rain"}'], {
      ports: { openPlans: failing },
    });
    expect(run).toMatchObject({ code: 69, stdout: '' });
    expect(run.stderr).toContain('--embedded brings a private one');
    expect(run.stderr).toContain('no Redis there');
    expect(configs.at(-1)?.redis.url).toBe('redis://127.0.0.1:6379/0');
  });
});

describe('ao primitives run --engine durable', () => {
  it('starts a run on the configured fleet and waits for its end', async () => {
    const seen: unknown[][] = [];
    const operations = fleetThat({ degraded: true }, seen);
    const argv = ['run', 'rag', '--engine', 'durable', '--input', QUERY, '--timeout', '1500', '--json'];
    const run = await plans([...argv, '--correlation-id', 'c-7'], { operations });
    expect(run.code).toBe(0);
    expect(run.json()).toEqual({
      status: 'completed',
      output: { told: 'yes' },
      run_id: RUN_ID,
      correlation_id: 'c-1',
      degraded: true,
      duration_ms: 1000,
    });
    const [name, request, , options] = seen[0]!;
    expect(name).toBe('rag');
    expect(request).toEqual({ input: JSON.parse(QUERY), wait_ms: 0, timeout_s: 1.5 });
    expect(options).toMatchObject({ requestId: 'c-7' });
  });

  it.for([
    ['failed', 1],
    ['timed_out', 5],
    ['cancelled', 1],
  ] as const)('a run that ends as %s exits with %i', async ([status, code]) => {
    const error = { code: 'step_failed', message: 'no', path: 'a.b' };
    const run = await plans(['run', 'rag', '--engine', 'durable', '--input', QUERY], {
      operations: fleetThat({ status, error, output: null }),
    });
    expect(run.code).toBe(code);
    expect(JSON.parse(run.stdout)).toMatchObject({ status, error });
  });

  it('--embedded brings a Redis and a fleet, and takes both away again', async () => {
    const log: string[] = [];
    const ports: Partial<CliPorts> = {
      startRedis: async () => ({
        url: 'redis://127.0.0.1:7999',
        port: 7999,
        pid: 1,
        stop: async () => void log.push('redis stopped'),
      }),
      startDevFleet: async (config) => {
        log.push(`fleet at ${config.redis.url}`);
        return {
          operations: fakeOperations(fleetThat({})),
          url: '',
          boardUrl: '',
          metricsUrl: '',
          clearFault: () => undefined,
          stop: async () => void log.push('fleet stopped'),
        };
      },
    };
    const run = await plans(['run', 'rag', '--engine', 'durable', '--embedded', '--input', QUERY], { ports });
    expect(run.code).toBe(0);
    expect(log).toEqual(['fleet at redis://127.0.0.1:7999', 'fleet stopped', 'redis stopped']);
  });
});
