import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acquireRedis, type TestRedis } from '../support/redis.ts';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** The Node of this test, for everything that npm starts. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` };

let project: string;
let files: string[];
let redis: TestRedis;

// What a stranger does: an empty project, the packed package, its dependencies, nothing else.
beforeAll(async () => {
  redis = await acquireRedis();
  project = mkdtempSync(join(tmpdir(), 'ao-package-'));
  const packed = await run('npm', ['pack', '--json', '--pack-destination', project], {
    cwd: ROOT,
    env,
    maxBuffer: 10_000_000,
  });
  files = packedFiles(packed.stdout);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], {
    cwd: project,
    env,
  });
}, 120_000);
afterAll(async () => {
  await redis.dispose();
  rmSync(project, { recursive: true, force: true });
});

/** Scripts of npm may print before its JSON. */
function packedFiles(stdout: string): string[] {
  const [report] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ files: { path: string }[] }];
  return report.files.map(({ path }) => path);
}

async function evaluate(code: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: project });
  return JSON.parse(stdout);
}

test('it holds the compiled product, its boards and its documents, but neither sources nor tests', () => {
  expect([...new Set(files.map((path) => path.split('/', 1).join()))].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin',
    'config',
    'dashboards',
    'dist',
    'docs',
    'examples',
    'package.json',
    'public',
  ]);
  expect(files).toContain('dist/src/index.d.ts');
  const config = files.filter((path) => path.startsWith('config/'));
  expect(config.filter((path) => !path.startsWith('config/safety/'))).toEqual(['config/model-prices.yaml']);
  expect(config).toContain('config/safety/en/lexicon/suicidal_ideation.yaml');
  const isSource = /(?<!\.d)\.ts$|\.map$|\.test\./;
  expect(files.filter((path) => isSource.test(path))).toEqual([]);
});

test('its parts can be imported, and only those', async () => {
  expect(
    await evaluate(`
      import { createFleetClient } from 'tta-agent-fleet/client';
      import * as fleet from 'tta-agent-fleet';
      const refused = await import('tta-agent-fleet/dist/src/index.js').catch((error) => error.code);
      const answer = await createFleetClient({ baseUrl: 'http://127.0.0.1:1', maxRetries: 0 })
        .readiness()
        .catch((error) => error.code);
      const data = fleet.DirectJobData.safeParse({ v: fleet.JOB_DATA_VERSION, input: { text: 'look' } }).success;
      console.log(JSON.stringify({ queues: fleet.QUEUE_NAMES, data, answer, refused }));
    `),
  ).toEqual({
    queues: ['ipa', 'wba', 'nga', 'flow', 'maintenance', 'safety-protocol', 'safety-escalation'],
    data: true,
    answer: 'NO_ANSWER',
    refused: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
  });
});

test('its types are found and checked', async () => {
  writeFileSync(
    join(project, 'consumer.ts'),
    `import { createFleetClient, type FleetClient } from 'tta-agent-fleet/client';
     import { FleetError, type OrchestrationResponse, type RunStatus } from 'tta-agent-fleet';
     export const client: FleetClient = createFleetClient({ baseUrl: '' });
     export const status = async (): Promise<RunStatus> => (await client.getRun('wf_1')).status;
     export const text = (response: OrchestrationResponse): string => response.response_text;
     export const kind = (error: FleetError): string => error.kind;
     // @ts-expect-error: a session has no such field
     export const wrong = async () => (await client.getSession('a')).colour;
    `,
  );
  writeFileSync(
    join(project, 'composer.ts'),
    `import { fn, match, pipe, saga, step, type Primitive } from 'tta-agent-fleet/primitives';
     import { asDefinition, type WorkflowDefinition } from 'tta-agent-fleet/primitives/durable';
     import { mockPrimitive, testRun, type KillPoint } from 'tta-agent-fleet/primitives/testing';
     import { z } from 'zod';
     const size = step({ name: 'size', queue: 'ipa', input: z.string(), output: z.number(), run: async (s) => s.length });
     const text = fn('text', (n: number) => n.toFixed(1));
     export const right: Primitive<string, string> = pipe(size, text);
     export const named: WorkflowDefinition = asDefinition(right, { name: 'right' });
     export const output = async (): Promise<string | undefined> =>
       (await testRun(right, 'a', { overrides: { size: mockPrimitive({ name: 'size', returns: 1 }) } })).output;
     export const point: KillPoint = { at: 'step.after_effect', path: 'size' };
     // @ts-expect-error: a number is no text
     pipe(size, size);
     // @ts-expect-error: a case is missing
     match('which', (n: number): 'a' | 'b' => (n > 0 ? 'a' : 'b'), { a: text });
     // @ts-expect-error: an undo must bear what the step gave
     saga<string>('s').step(size, { compensate: fn('undo', (i: { output: string }) => i.output) });
     // @ts-expect-error: a plan needs a name
     asDefinition(right);
     // @ts-expect-error: there is no such moment
     export const nowhere: KillPoint = { at: 'step.after_lunch' };
    `,
  );
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
  writeFileSync(
    join(project, 'coordinator.ts'),
    `import { createCoordination, type CoordinatedAgent, type MetricsSink } from 'tta-agent-fleet/coordination';
     import { retry, type Breakers } from 'tta-agent-fleet/coordination/resilience';
     const metrics: MetricsSink = { inc: () => {}, set: () => {}, observe: () => {} };
     const coordination = createCoordination({ connection: { host: '127.0.0.1', port: 6379 }, metrics });
     const echo: CoordinatedAgent = { type: 'my-custom_Type1', process: async (payload) => payload };
     export const circuits: Breakers = coordination.circuits;
     export const started = (): Promise<string> => retry(async () => (await coordination.runAgent(echo)).text);
     // @ts-expect-error: there is no such option
     createCoordination({ connection: '', conection: '' });
     // @ts-expect-error: an agent does something
     export const idle: CoordinatedAgent = { type: 'idle' };
    `,
  );
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', ...types];
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, ...options, 'consumer.ts', 'composer.ts', 'coordinator.ts'], {
    cwd: project,
  }).catch((error: { stdout: string }) => expect.fail(error.stdout));
});

const IMPORTS = /^(?:import|export)(?:[^'"=;]*? from)? ?'([^']+)';$/gm;

/** The packages that a file of the package brings with it, directly or not. */
function broughtBy(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  for (const [, module] of readFileSync(file, 'utf8').matchAll(IMPORTS)) {
    if (module!.startsWith('.')) {
      for (const name of broughtBy(join(dirname(file), module!), seen)) packages.add(name);
    } else if (!module!.startsWith('node:')) packages.add(module!);
  }
  return packages;
}

test('composing plans brings schemas, a cache and the interface of tracing, and starts nothing', async () => {
  const entries = join(project, 'node_modules/tta-agent-fleet/dist/src/entries');
  const brought = (entry: string): string[] => [...broughtBy(join(entries, entry))].sort();
  expect(brought('primitives.js')).toEqual(['@opentelemetry/api', 'lru-cache', 'zod']);
  expect(brought('primitives-testing.js')).toEqual(['@opentelemetry/api', 'zod']);
  expect(broughtBy(join(entries, 'primitives-durable.js'))).toContain('bullmq');
  expect(
    await evaluate(`
      for (const part of ['primitives', 'primitives/testing', 'primitives/durable'])
        await import('tta-agent-fleet/' + part);
      const open = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Process/.test(name));
      console.log(JSON.stringify(open));
    `),
  ).toEqual([]);
});

test('the coordination package brings its four libraries, starts nothing and lets the process end', async () => {
  const entries = join(project, 'node_modules/tta-agent-fleet/dist/src/entries');
  const brought = (entry: string): string[] =>
    [...new Set([...broughtBy(join(entries, entry))].map((name) => name.split('/', 1).join()))].sort();
  expect(brought('coordination.js')).toEqual(['bullmq', 'ioredis', 'opossum', 'zod']);
  expect(brought('coordination-resilience.js')).toEqual(['opossum', 'zod']);
  expect(
    await evaluate(`
      const before = [process.listenerCount('SIGTERM'), process.listenerCount('exit')];
      const coordination = await import('tta-agent-fleet/coordination');
      const { retry } = await import('tta-agent-fleet/coordination/resilience');
      const after = [process.listenerCount('SIGTERM'), process.listenerCount('exit')];
      const open = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Process/.test(name));
      console.log(JSON.stringify({ open, isQuiet: String(before) === String(after), retry: typeof retry }));
    `),
  ).toEqual({ open: [], isQuiet: true, retry: 'function' });
});

test('the first lines of its guide do what they say', async () => {
  const guide = readFileSync(join(ROOT, 'docs/coordination/README.md'), 'utf8');
  const [, code = ''] = /```ts\n(.*?)```/s.exec(guide) ?? [];
  const script = join(project, 'guide.ts');
  writeFileSync(script, code.replace('redis://127.0.0.1:6379/0', redis.url));
  const { stdout, stderr } = await run(process.execPath, [script], { cwd: project });
  expect([stdout, stderr]).toEqual(['hello Ann\n', '']);
});

/** What an example prints that imports the package instead of our source. */
async function runExample(name: string): Promise<string> {
  const source = readFileSync(join(ROOT, 'examples/coordination', name), 'utf8');
  const script = join(project, name);
  writeFileSync(
    script,
    source
      .replaceAll(`'../../src/entries/coordination.ts'`, `'tta-agent-fleet/coordination'`)
      .replaceAll(
        `'../../src/entries/coordination-resilience.ts'`,
        `'tta-agent-fleet/coordination/resilience'`,
      ),
  );
  expect(source).not.toContain('process.exit');
  const { stdout, stderr } = await run(process.execPath, [script, redis.url, 'examples'], { cwd: project });
  expect(stderr).toBe('');
  return stdout;
}

test('the examples of the coordination package run on the package alone', async () => {
  const [basic, custom, faults] = await Promise.all(
    ['basic-usage.ts', 'custom-agent-types.ts', 'fault-tolerance.ts'].map(runExample),
  );
  expect(basic!.split('\n')).toEqual([
    'hello Ann',
    'delivered: true, heard of: weather',
    'no answer to message ask-nobody within 500 ms',
    'dead: permanent_failure, a greeting needs a name',
    '',
  ]);
  const able = 'can count words: my-custom_Type1:a, my-custom_Type1:b';
  expect(custom!.split('\n')).toEqual([able, '4 words, 4 so far', able, '2 words, 6 so far', '']);
  expect(faults!.split('\n')).toEqual([
    'retry: done after 3 calls',
    'circuit: open, refused: true',
    'killed: the other courier finished 3 letters',
    '',
  ]);
}, 120_000);

test('plans are composed, tested with doubles, and run on a fleet, with what it exports', async () => {
  writeFileSync(
    join(project, 'plans.mjs'),
    `import { pipe, step } from 'tta-agent-fleet/primitives';
     import { asDefinition } from 'tta-agent-fleet/primitives/durable';
     import { z } from 'zod';
     const part = (name, queue, run) => step({ name, queue, input: z.string(), output: z.string(), run });
     export const shout = pipe(
       part('greet', 'ipa', async (name) => 'hello ' + name),
       part('louder', 'nga', async (text) => text.toUpperCase()),
     );
     export const plans = [asDefinition(shout, { name: 'shout' })];
    `,
  );
  expect(
    await evaluate(`
      import { mockPrimitive, testRun, durableHarness } from 'tta-agent-fleet/primitives/testing';
      import { shout } from './plans.mjs';
      const greet = mockPrimitive({ name: 'greet', returns: 'good day' });
      const { output, paths } = await testRun(shout, 'ada', { overrides: { greet } });
      await using harness = await durableHarness({
        plans: new URL('plans.mjs', 'file://' + process.cwd() + '/'),
        redisUrl: ${JSON.stringify(redis.url)},
      });
      const { gone } = await harness.kill('worker', { at: 'step.after_effect', path: 'greet' });
      const run = await harness.run('shout', 'ada');
      const { signal } = await gone;
      console.log(JSON.stringify({ output, paths, calls: greet.callCount, fleet: run.output, signal }));
    `),
  ).toEqual({
    output: 'GOOD DAY',
    paths: ['greet', 'louder'],
    calls: 1,
    fleet: 'HELLO ADA',
    signal: 'SIGKILL',
  });
}, 120_000);

test('a process of its own works on plans of its own, and another one follows their runs', async () => {
  expect(
    await evaluate(`
      import { openPlanFleet, startPlanWorkers } from 'tta-agent-fleet/primitives/durable';
      import { plans } from './plans.mjs';
      const settings = {
        environment: 'testing',
        'redis.url': ${JSON.stringify(redis.url)},
        'redis.key_prefix': 'package',
        'log.level': 'silent',
      };
      await using workers = await startPlanWorkers({ plans, settings });
      await using fleet = await openPlanFleet({ plans, settings });
      const { status, output } = await fleet.run('shout', 'ada');
      const refused = await fleet.start('shuot', 'ada').catch((error) => error.code);
      console.log(JSON.stringify({ status, output, refused }));
    `),
  ).toEqual({ status: 'completed', output: 'HELLO ADA', refused: 'workflow_not_found' });
}, 120_000);

test('its command runs', async () => {
  const { stdout } = await run('npx', ['--no-install', 'ao', 'version', '--json'], { cwd: project, env });
  expect(JSON.parse(stdout)).toMatchObject({ version: packageJson.version });
});
