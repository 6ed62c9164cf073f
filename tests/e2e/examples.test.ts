import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFleetClient } from '../../src/client/client.ts';
import { webhookChannel } from '../../src/safety/channels/webhook.ts';
import { freePort } from '../support/free-port.ts';
import { startDevProcess, type DevProcess } from '../support/dev-process.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
/** Used by the examples, not one itself. */
const PARTS = ['connect.ts'];

let fleet: DevProcess;
beforeAll(async () => {
  fleet = await startDevProcess();
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

async function runExample(name: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(EXAMPLES, name), ...args]);
  expect(stderr).toBe('');
  return stdout;
}

describe('examples', () => {
  test('play-a-turn.ts tells two stories and finds them in the history', async () => {
    const told = await runExample('play-a-turn.ts', fleet.url);
    expect(told).toMatch(/^> look around\n.{50}/);
    expect(told).toContain('the session remembers 2 turns');
  });

  test('enqueue-a-run.ts starts one run for two requests and waits for its end', async () => {
    const told = await runExample('enqueue-a-run.ts', fleet.url);
    expect(told).toMatch(/^asked twice, one run: true\nwf_\S+ completed: ipa, wba, nga\n$/);
  });

  test('watch-a-run.ts sees the run from its acceptance to its end', async () => {
    const lines = (await runExample('watch-a-run.ts', fleet.url)).trim().split('\n');
    expect(lines[0]).toContain('run.accepted');
    expect(lines.at(-1)).toContain('run.completed');
    expect(lines.filter((line) => line.includes('step.completed'))).toHaveLength(3);
  });

  test('schedule-runs.ts sees its schedule start a run, and a delayed run begin and end', async () => {
    const told = await runExample('schedule-runs.ts', fleet.url);
    const lines = told.trim().split('\n');
    expect(lines[0]).toMatch(/^example-\d+ started a run: completed$/);
    expect(lines[1]).toMatch(/^the run is pending: the run is delayed until 20\S+Z$/);
    expect(lines[2]).toMatch(/^wf_\S+ completed$/);
  });

  test('plain-bullmq-producer.mjs gets the output of the agent and imports nothing of ours', async () => {
    expect(await runExample('plain-bullmq-producer.mjs', fleet.redisUrl, fleet.prefix)).toMatch(
      /^\S+: take \(\d.*\), 2 actions\n$/,
    );
    const source = readFileSync(join(EXAMPLES, 'plain-bullmq-producer.mjs'), 'utf8');
    expect([...source.matchAll(/from '([^']+)'/g)].map((match) => match[1])).toEqual(['bullmq']);
  });

  test('dead-letters.ts lists what failed with its reason, and replays it', async () => {
    const queue = new Queue('ipa', { connection: { url: fleet.redisUrl }, prefix: fleet.prefix });
    const job = await queue.add('understand', { v: 1, input: {} }, { jobId: 'broken', priority: 105 });
    await queue.close();
    const id = `ipa~${job.id}`;
    const client = createFleetClient({ baseUrl: fleet.url });
    const replays = async () => (await client.getDeadLetter(id)).replays;
    await expect.poll(replays).toBe(0);

    const listed = await runExample('dead-letters.ts', fleet.url);
    expect(listed).toContain(`${id}  `);
    expect(listed).toContain('validation_failed: input: text: ');
    expect(await runExample('dead-letters.ts', fleet.url, id)).toBe(`queued again: ${job.id}\n`);
    await expect.poll(replays).toBe(1);
  });

  test('send-a-message.ts sends over HTTP what an agent of its own handles', async () => {
    const told = await runExample('send-a-message.ts', fleet.url, fleet.redisUrl, fleet.prefix);
    expect(told).toBe('delivered: true, waiting: 1\ngreeter got: {"text":"hello"}\nsent, received, acked\n');
  });

  test('register-a-workflow.ts registers, runs and deletes a workflow written as JSON', async () => {
    const told = await runExample('register-a-workflow.ts', fleet.url);
    expect(told.split('\n')).toEqual([
      'patient_guide@1 is registered: lines, heard, mood, troubled, rest',
      'other content under the same version: VERSION_EXISTS',
      'completed: move, take; anxious: rest',
      'patient_guide is deleted',
      '',
    ]);
  });

  test('[R8.1] agent-in-a-workflow.ts brings a type of agents of its own, and has it do a step', async () => {
    const told = await runExample('agent-in-a-workflow.ts', fleet.url, fleet.redisUrl, fleet.prefix);
    expect(told).toBe('completed: move, 7 letters\nthe queue letter_counter has 1 worker\n');
  });

  test('roll-back-a-turn.ts takes a move back, once', async () => {
    const told = (await runExample('roll-back-a-turn.ts', fleet.url)).trim().split('\n');
    expect(told.slice(0, 3)).toEqual([
      'the session has 1 turn',
      '2 effects undone, the session has 0 turns',
      'asked again: 0 undone, 2 were before',
    ]);
    expect(told[4]).toMatch(/^\S+Z complete the player thought better of it$/);
  });

  test('receive-pages.ts takes a page once, and nothing that is not signed, old or changed', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const secret = 'the secret of this receiver';
    const receiving = runExample('receive-pages.ts', secret, String(port), '4');
    const page = {
      key: 'esc-1-1-t0-webhook',
      tier: 'on_call',
      level: 'critical',
      subject: '[CRITICAL] safety escalation: self_harm',
      lines: [],
      fields: { subject: '[CRITICAL] safety escalation: self_harm' },
      link: null,
    } as const;
    const send = (key: string, ageMs = 0) =>
      webhookChannel({ url, secret: key, clock: { now: () => Date.now() - ageMs } }).send(
        page,
        AbortSignal.timeout(5_000),
      );
    await expect
      .poll(() => send('another secret of somebody').catch((error: Error) => error.message), {
        timeout: 20_000,
      })
      .toMatch(/401/);
    await expect(send(secret, 600_000)).rejects.toThrow('401');
    await send(secret);
    await send(secret);
    expect((await receiving).trim().split('\n')).toEqual([
      'refused: not signed by our fleet',
      'refused: not signed by our fleet',
      'page: [CRITICAL] safety escalation: self_harm',
      'seen before: esc-1-1-t0-webhook',
    ]);
  });

  test('are all listed in their README and tested here', () => {
    const examples = readdirSync(EXAMPLES).filter((name) => /\.m?[tj]s$/.test(name) && !PARTS.includes(name));
    const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    expect(
      [...readme.matchAll(/^node examples\/(\S+)$/gm)].map((match) => match[1] ?? '').toSorted(),
    ).toEqual(examples.toSorted());
    const tested = readFileSync(import.meta.filename, 'utf8');
    for (const name of examples) expect(tested).toContain(`runExample('${name}'`);
  });
});
