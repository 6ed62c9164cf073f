import type { Job } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentJob, CoordinatedAgent } from '../../../src/coordination/agents/agent.ts';
import { PermanentFailure } from '../../../src/coordination/errors.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { sleep } from '../../../src/kernel/abort.ts';
import type { RunView } from '../../../src/contracts/run.ts';
import { eventually, startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let h: Harness;
beforeAll(async () => {
  redis = await acquireRedis();
  h = await startHarness({
    redisUrl: redis.url,
    workers: ['ipa', 'flow', 'maintenance'],
    settings: { 'agents.heartbeat_interval': '0.2' },
  });
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  await redis.dispose();
});

const put = (definition: object) => h.operations.putDefinition(definition, LOCAL_OPERATOR);

async function start(workflow: string, input: unknown): Promise<string> {
  const started = await h.operations.startRun(workflow, { input, wait_ms: 0 }, LOCAL_OPERATOR);
  return started.done ? started.response.workflow_metadata.run_id! : started.accepted.run_id;
}

const run = async (workflow: string, input: unknown): Promise<RunView> =>
  h.ended(await start(workflow, input));

async function problemsOf(definition: object): Promise<string[]> {
  const refused = await put(definition).then(
    () => ({ problems: [] }),
    (error: unknown) => error as { problems: { code: string; message: string }[] },
  );
  return refused.problems.map(({ code, message }) => `${code}: ${message}`);
}

async function delayedJob(queue: string): Promise<Job> {
  for (;;) {
    const [job] = await h.core.queues.get(queue)!.getDelayed();
    if (job !== undefined) return job;
    await sleep(20);
  }
}

/** Answers what it was given, and for which job. */
const echo = (type: string, more: Partial<CoordinatedAgent> = {}): CoordinatedAgent => ({
  type,
  instance: 'one',
  process: async (payload, { job, message }) => ({
    given: payload,
    job: job === null ? null : { ...job },
    isMessage: message !== null,
  }),
  ...more,
});

describe('[R8.1] a type of agents that a module brings', () => {
  test('is a step as soon as its worker is there, after other agents and beside itself', async () => {
    expect(await problemsOf({ name: 'said', agent_sequence: [{ agent: 'echo' }] })).toEqual([
      expect.stringMatching(/^unknown_agent: no agent "echo"; known: ipa, .*narrative_generator$/),
    ]);
    await h.startModules(echo('echo'));
    await put({ name: 'said', agent_sequence: [{ agent: 'ipa' }, { agent: 'echo' }] });
    const { status, output, run_id: runId } = await run('said', { text: 'go north' });
    expect(status).toBe('completed');
    const { ipa, echo: said } = (output as { results: Record<string, unknown> }).results;
    expect(said).toEqual({
      given: { text: 'go north', results: { ipa } },
      isMessage: false,
      job: {
        workflow_id: runId,
        workflow: 'said',
        step: 'echo',
        attempt: 1,
        idempotency_key: `${runId}.echo`,
      } satisfies AgentJob,
    });

    await put({
      name: 'twice',
      parallel_steps: [[{ agent: 'echo' }, { agent: 'echo' }], [{ agent: 'echo' }]],
    });
    const twice = await run('twice', 'any JSON');
    expect(twice.output).toMatchObject({
      results: {
        echo: { given: 'any JSON' },
        echo_2: { given: 'any JSON' },
        echo_3: { given: { input: 'any JSON', results: { echo: { given: 'any JSON' } } } },
      },
    });
  });

  test('has a queue that is seen like the others', async () => {
    await h.startModules(echo('seen'));
    const views = await h.operations.listQueues();
    expect(views.find(({ name }) => name === 'seen')).toMatchObject({
      agent_type: 'seen',
      workers: 1,
      dlq: 0,
    });
    const { initialized, components } = await h.operations.status();
    expect(components).toMatchObject({ seen: { status: 'ok', workers: 1 } });
    expect(initialized).toBe(false);
  });

  test('is retried by the policy, is a dead letter in the end, and completes its run when it is replayed', async () => {
    let isIll = true;
    const calls: (AgentJob | null)[] = [];
    await h.startModules(
      echo('shaky', {
        idempotent: true,
        process: async (_payload, { job }) => {
          calls.push(job);
          if (isIll) throw new Error('not today');
          return 'well';
        },
      }),
    );
    await put({ name: 'brave', agent_sequence: [{ agent: 'shaky' }], error_handling: 'retry' });
    const failed = await run('brave', {});
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'step_failed', message: 'not today' } });
    expect(calls.map((job) => job?.attempt)).toEqual([1, 2, 3]);
    expect(new Set(calls.map((job) => job?.idempotency_key)).size).toBe(1);
    const [letter, ...more] = await h.operations.listDeadLetters({ queue: 'shaky', limit: 10 });
    expect(more).toEqual([]);
    expect(letter).toMatchObject({
      queue: 'shaky',
      workflow_id: failed.run_id,
      reason: 'step_failed',
      attempts: 3,
    });
    isIll = false;
    await h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR);
    expect(await h.ended(failed.run_id)).toMatchObject({
      status: 'completed',
      output: { results: { shaky: 'well' } },
    });
  });

  test('says itself what can never succeed, and is told what is no JSON', async () => {
    await h.startModules(
      echo('strict', {
        idempotent: true,
        process: async (payload) => {
          if ('fail' in payload) throw new PermanentFailure('it asks for a failure');
          return { a: [1, { at: new Date(0) }] } as never;
        },
      }),
    );
    await put({ name: 'exact', agent_sequence: [{ agent: 'strict' }], error_handling: 'retry' });
    await put({ name: 'once', agent_sequence: [{ agent: 'strict' }] });
    const [refused, odd] = await Promise.all([run('exact', { fail: true }), run('once', {})]);
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'permanent_failure', attempts: 1 } });
    expect(odd).toMatchObject({
      error: {
        code: 'output_invalid',
        message: 'output of strict: a.1.at: is no plain object; only JSON is accepted',
      },
    });
  });

  test('hears when its time is over and when its run is cancelled', async () => {
    const told: unknown[] = [];
    const begun = Promise.withResolvers<void>();
    await h.startModules(
      echo('patient', {
        process: async (_payload, { signal, job }) => {
          if (job?.workflow === 'long') begun.resolve();
          return untilAbort(signal).catch((error: unknown) => {
            told.push((error as { code?: string }).code);
            throw error;
          });
        },
      }),
    );
    await put({ name: 'brief', agent_sequence: [{ agent: 'patient', timeout_seconds: 0.2 }] });
    await put({ name: 'long', agent_sequence: [{ agent: 'patient' }] });
    expect(await run('brief', {})).toMatchObject({ status: 'failed', error: { code: 'step_timeout' } });
    const runId = await start('long', {});
    await begun.promise;
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    expect(await h.ended(runId)).toMatchObject({ status: 'cancelled' });
    await eventually(async () => expect(told).toEqual(['step_timeout', 'cancelled']));
  });

  test('is never repeated unless it says that it may be', async () => {
    let calls = 0;
    const careful = (more: Partial<CoordinatedAgent>) =>
      echo('careful', {
        process: async () => {
          calls += 1;
          throw new Error('no');
        },
        ...more,
      });
    const bold = await h.startModules(careful({ idempotent: true }));
    const nodes = [
      { kind: 'step', id: 'a', agent: 'careful', input: 1, retry: { attempts: 3, delay_ms: 1 } },
    ];
    await put({ name: 'accepted', nodes, output: null });
    await bold.stop();
    await h.startModules(careful({}));
    // It was accepted when the agent could be repeated, and is known although it cannot be any more.
    expect(await run('accepted', {})).toMatchObject({ status: 'failed', error: { attempts: 1 } });
    expect(await problemsOf({ name: 'refused', nodes, output: null })).toEqual([
      'definition_error: a step that is not idempotent cannot be retried',
    ]);
    await put({ name: 'compact', agent_sequence: [{ agent: 'careful' }], error_handling: 'retry' });
    expect(await run('compact', {})).toMatchObject({ status: 'failed', error: { attempts: 1 } });
    expect(calls).toBe(2);
  });

  test('that may not be repeated is called after its job was put off, because then nothing was done', async () => {
    await h.startModules(echo('once_only'));
    await put({ name: 'waits', agent_sequence: [{ agent: 'once_only' }] });
    await h.operations.openBreaker('agent.once_only');
    const runId = await start('waits', {});
    const job = await delayedJob('once_only');
    expect(job.progress).toMatchObject({ waiting_for: 'circuit_open', unused: 1 });
    await h.operations.resetBreaker('agent.once_only');
    await job.promote();
    expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
  });

  test('stays known when nobody serves it: its runs wait and say for whom', async () => {
    const role = await h.startModules(echo('absent'));
    await put({ name: 'lonely', agent_sequence: [{ agent: 'absent' }] });
    await role.stop();
    const runId = await start('lonely', {});
    await eventually(async () => {
      const { reasons } = await h.operations.whyRun(runId, LOCAL_OPERATOR);
      expect(reasons).toContainEqual(
        expect.objectContaining({ kind: 'no_worker', detail: 'queue "absent" has no worker' }),
      );
    });
    await h.startModules(echo('absent'));
    expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
  });

  test('does jobs of other services, and counts them as its messages', async () => {
    await h.startModules(echo('plain'));
    const queue = h.core.queues.get('plain')!;
    const job = await queue.add('say', { v: 1, input: ['a', 1], ctx: { session_id: 'mine' } });
    await eventually(async () => expect(await job.getState()).toBe('completed'));
    const { returnvalue } = (await queue.getJob(job.id!))!;
    expect(returnvalue).toEqual({
      given: ['a', 1],
      isMessage: false,
      job: {
        workflow_id: null,
        workflow: null,
        step: null,
        attempt: 1,
        idempotency_key: expect.stringContaining(`plain~${job.id}`),
        session_id: 'mine',
      },
    });
    const wrong = await queue.add('say', { v: 1, text: 'no input' });
    await eventually(async () => expect(await wrong.getState()).toBe('failed'));
    await eventually(async () => {
      const agent = await h.operations.getAgent({ type: 'plain', instance: 'one' });
      expect(agent).toMatchObject({ requests: 1, in_flight: 0, metadata: { queue: 'plain' } });
    });
  });

  test('is forgotten on demand when nothing of it is left', async () => {
    const forget = (name: string) => h.operations.deleteQueue(name, LOCAL_OPERATOR);
    const role = await h.startModules(
      echo('brief', { process: () => Promise.reject(new PermanentFailure('never')) }),
    );
    const queue = h.core.queues.get('brief')!;
    const job = await queue.add('fail', { v: 1, input: null });
    await eventually(async () => expect(await job.getState()).toBe('failed'));
    await expect(forget('brief')).rejects.toMatchObject({
      code: 'queue_in_use',
      message: 'queue "brief" cannot be deleted: workers: 1, failed: 1',
    });
    await role.stop();
    await expect(forget('brief')).rejects.toMatchObject({ message: expect.stringMatching(/: failed: 1$/) });
    await h.operations.discardDeadLetter(`brief~${job.id}`, { reason: 'a test' }, LOCAL_OPERATOR);
    await forget('brief');
    expect((await h.operations.listQueues()).map(({ name }) => name)).not.toContain('brief');
    await expect(forget('brief')).rejects.toMatchObject({ code: 'queue_not_found' });
    await expect(forget('flow')).rejects.toMatchObject({ code: 'queue_in_use' });
  });

  test('takes no job before its name is its own', async () => {
    await h.startModules(echo('named'));
    const other = echo('named', { process: () => Promise.reject(new Error('it took a job')) });
    await expect(h.startModules(other)).rejects.toMatchObject({ code: 'agent_instance_conflict' });
  });
});
