import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFleetClient, type FleetClient } from '../../src/client/client.ts';
import { eventually, startHarness, type Harness } from '../support/harness.ts';
import { fleetProcesses, type FleetProcess, type Processes } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/**
 * Two agents in a folder of somebody else: `again` may be repeated, `once` may not. A job that is given `hang` takes as
 * long as there is no file `healed`; one that is given `fail` fails as long. Who was called leaves a file for each job.
 */
const MODULE = `
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const here = (name) => import.meta.dirname + '/' + name;
const agent = (type, idempotent) => ({
  type,
  idempotent,
  version: '1.2.0',
  capabilities: [{ name: type + '_saying', type: 'communication', version: '1.0.0' }],
  async process({ text, hang, fail }, { job, message, signal }) {
    if (message !== null) return { text: text + ' to you' };
    writeFileSync(here(type + '-' + job.workflow + '-' + job.attempt), '');
    if (!existsSync(here('healed'))) {
      if (fail) throw new Error('the module is ill');
      if (hang) await setTimeout(600_000, undefined, { signal });
    }
    return { said: text, step: job.step };
  },
});
export default [agent('again', true), agent('once', false)];
`;

let redis: TestRedis;
let folder: string;
let h: Harness;
let processes: Processes;
let client: FleetClient;
let api: FleetProcess;
let module: FleetProcess;

const isThere = (name: string): boolean => existsSync(join(folder, name));
const heal = (): void => writeFileSync(join(folder, 'healed'), '');
const sicken = (): void => rmSync(join(folder, 'healed'), { force: true });
const startModule = (instance: string): Promise<FleetProcess> =>
  processes.start('worker', '--module', join(folder, 'agents.mjs'), '--instance', instance);

async function start(workflow: string, input: unknown): Promise<string> {
  const submitted = await client.startRun(workflow, { input, wait_ms: 0 });
  return submitted.done ? submitted.response.workflow_metadata.run_id! : submitted.accepted.run_id;
}

beforeAll(async () => {
  redis = await acquireRedis();
  folder = mkdtempSync(join(tmpdir(), 'ao-module-'));
  writeFileSync(join(folder, 'agents.mjs'), MODULE);
  h = await startHarness({ redisUrl: redis.url, workers: [] });
  processes = fleetProcesses(h, { 'shutdown.grace': '2', environment: 'development' });
  [api] = await Promise.all([
    processes.start('api'),
    processes.start('worker', 'ipa', 'flow'),
    startModule('a').then((started) => (module = started)),
  ]);
  client = createFleetClient({ baseUrl: String(api.ready['url']) });
});
afterAll(async () => {
  await processes[Symbol.asyncDispose]();
  await h[Symbol.asyncDispose]();
  await redis.dispose();
  rmSync(folder, { recursive: true });
});

describe('[R8.1] a type of agents that only a module knows', () => {
  test('is a step of a workflow that is registered over HTTP, and is seen like every other', async () => {
    const { created } = await client.putDefinition({
      name: 'after_ipa',
      agent_sequence: [{ agent: 'ipa' }, { agent: 'again' }],
      parallel_steps: [[{ agent: 'again' }, { agent: 'again', name: 'beside' }]],
    });
    expect(created).toBe(true);
    const done = await client.waitForRun(await start('after_ipa', { text: 'go north' }));
    expect(done).toMatchObject({ status: 'completed', output: { skipped_steps: [] } });
    const { results } = done.output as { results: Record<string, unknown> };
    expect(results).toEqual({
      ipa: expect.objectContaining({ intent: 'move' }),
      again: { said: 'go north', step: 'again' },
      again_2: { said: 'go north', step: 'group_1.again_2.again_2' },
      beside: { said: 'go north', step: 'group_1.beside.beside' },
    });
    expect(await client.getQueue('again')).toMatchObject({ agent_type: 'again', workers: 1, dlq: 0 });
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'queues'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        AO_REDIS__URL: redis.url,
        AO_REDIS__KEY_PREFIX: h.config.redis.key_prefix,
        COLUMNS: '160',
      },
    });
    expect(stdout).toMatch(/^again /m);
    const metrics = await (await fetch(String(module.ready['metrics_url']))).text();
    expect(metrics).toContain('agent_orchestration_jobs_completed_total{queue="again"} 3');
    const board = `${String(api.ready['url'])}/admin/queues/api/queues?page=1&jobsPerPage=1`;
    const shown = await (await fetch(board)).text();
    expect(shown).toContain('"name":"again"');
    const listed = await client.agents({ type: 'again' });
    expect(listed).toMatchObject([{ agent_id: 'again:a', version: '1.2.0', metadata: { queue: 'again' } }]);
  });

  test('is refused where nobody knows it, or where its name is not free', async () => {
    const unknown = { name: 'typo', agent_sequence: [{ agent: 'agian' }] };
    await expect(client.putDefinition(unknown)).rejects.toMatchObject({
      status: 422,
      problem: {
        errors: [{ code: 'unknown_agent', message: expect.stringContaining('did you mean "again"?') }],
      },
    });
    const file = join(folder, 'taken.mjs');
    writeFileSync(file, `export default { type: 'flow', process: async () => ({}) };`);
    await expect(processes.start('worker', '--module', file)).rejects.toThrow(
      /agent_module_invalid.*\\"flow\\" is a queue of the fleet itself/s,
    );
  });

  test('is a dead letter after its retries, and completes its run when it is healed and replayed', async () => {
    await client.putDefinition({
      name: 'ill',
      nodes: [
        {
          kind: 'step',
          id: 'try',
          agent: 'again',
          input: { fail: true, text: 'well' },
          retry: { attempts: 2, delay_ms: 10 },
        },
      ],
      output: { $ref: 'steps.try' },
    });
    const failed = await client.waitForRun(await start('ill', null));
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'step_failed', attempts: 2 } });
    expect([isThere('again-ill-1'), isThere('again-ill-2'), isThere('again-ill-3')]).toEqual([
      true,
      true,
      false,
    ]);
    const { items } = await client.listDeadLetters({ queue: 'again' });
    expect(items).toMatchObject([{ workflow_id: failed.run_id, error: 'step_failed: the module is ill' }]);
    heal();
    await client.replayDeadLetter(items[0]!.dlq_id);
    expect(await client.waitForRun(failed.run_id)).toMatchObject({
      status: 'completed',
      output: { said: 'well', step: 'try' },
    });
    sicken();
  });

  test('is done by another when its worker is killed in the middle, unless it may not be repeated', async () => {
    for (const agent of ['again', 'once'])
      await client.putDefinition({ name: `kill_${agent}`, agent_sequence: [{ agent }] });
    const runs = await Promise.all(
      ['again', 'once'].map((agent) => start(`kill_${agent}`, { hang: true, text: 'alive' })),
    );
    await eventually(async () =>
      expect([isThere('again-kill_again-1'), isThere('once-kill_once-1')]).toEqual([true, true]),
    );
    module.signal('SIGKILL');
    await module.ended;
    const [waiting] = runs;
    const { reasons } = await client.whyRun(waiting!);
    expect(reasons.map(({ subject }) => subject)).toContain('again');
    heal();
    module = await startModule('b');
    const [again, once] = await Promise.all(runs.map((runId) => client.waitForRun(runId)));
    expect(again).toMatchObject({ status: 'completed', output: { results: { again: { said: 'alive' } } } });
    expect(once).toMatchObject({ status: 'failed', error: { code: 'outcome_unknown', path: 'once' } });
    sicken();
  });

  test('gives its job back when its worker must end, and goes on elsewhere', async () => {
    await client.putDefinition({ name: 'give_back', agent_sequence: [{ agent: 'again' }] });
    const runId = await start('give_back', { hang: true, text: 'later' });
    await eventually(async () => expect(isThere('again-give_back-1')).toBe(true));
    module.signal('SIGTERM');
    expect(await module.ended).toEqual({ code: 0, signal: null });
    expect(await client.getQueue('again')).toMatchObject({
      workers: 0,
      counts: { active: 0, prioritized: 1 },
    });
    await eventually(async () => {
      const { reasons } = await client.whyRun(runId);
      expect(reasons).toContainEqual(expect.objectContaining({ kind: 'no_worker', subject: 'again' }));
    });
    heal();
    module = await startModule('c');
    expect(await client.waitForRun(runId)).toMatchObject({ status: 'completed' });
    // No attempt was spent.
    expect(isThere('again-give_back-2')).toBe(false);
  });
});
