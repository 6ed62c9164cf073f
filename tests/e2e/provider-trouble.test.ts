import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import { OrchestrationResponse } from '../../src/contracts/turn.ts';
import type { World } from '../../src/contracts/world.ts';
import { startHarness, type Harness } from '../support/harness.ts';
import { startLanguageServer, type LanguageServer, type ServerAnswer } from '../support/language-server.ts';
import { askedFor, AVOIDED, LINE, MARK, TOLD, TROUBLES, wellSpoken } from '../support/lying-provider.ts';
import { fleetProcesses, type FleetProcess, type Processes } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';
import { tcpGate, type TcpGate } from '../support/tcp-gate.ts';

const API_KEY = 'sk-never-shown';
const SETTINGS = {
  'log.level': 'debug',
  // Twice the usual, so that no machine is too slow for an answer and the repair of it.
  'performance.response_time_target': '4',
  'llm.prices': JSON.stringify([{ model: 'first', input: 0.01, output: 0.05 }]),
  // What the circuit does is another test's; here every turn is to meet its provider.
  'workflow.error_handling.circuit_breaker.failure_threshold': '100',
};

let redis: TestRedis;
let server: LanguageServer;
let gate: TcpGate;
/** Looks at the fleet of the processes. */
let h: Harness;
/** Never asks a model: what the same lines come to by our own rules. */
let local: Harness;
let processes: Processes;
let api: FleetProcess;
/** The last one works; those before it have been replaced. */
const workers: FleetProcess[] = [];

beforeAll(async () => {
  redis = await acquireRedis();
  server = await startLanguageServer({ answer: wellSpoken });
  gate = await tcpGate({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
  [h, local] = await Promise.all([
    startHarness({ redisUrl: redis.url, workers: [] }),
    startHarness({ redisUrl: redis.url }),
  ]);
  const models = {
    LLM_BASE_URL: `http://127.0.0.1:${gate.port}/v1`,
    LLM_MODEL: 'first',
    LLM_API_KEY: API_KEY,
  };
  processes = fleetProcesses(h, SETTINGS, models);
  [api] = await Promise.all([processes.start('api'), startWorker()]);
});
afterAll(async () => {
  await processes?.[Symbol.asyncDispose]();
  await Promise.all([h?.[Symbol.asyncDispose](), local?.[Symbol.asyncDispose]()]);
  await gate?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await redis?.dispose();
});

async function startWorker(): Promise<void> {
  const last = workers.at(-1);
  workers.push(await processes.start('worker', 'all'));
  last?.signal('SIGTERM');
  await last?.ended;
}

async function http(
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${String(api.ready['url'])}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** The same session in both fleets, on the mountain path: the next step north is off the map. */
async function openSessions(id: string): Promise<void> {
  const session = { session_id: id, world_id: id, therapeutic_context: { avoid: [AVOIDED] } };
  const step = { text: 'go north', workflow: 'world_building', wait_ms: 20_000 };
  await local.operations.createSession(session, LOCAL_OPERATOR);
  await local.play(id, step.text, { workflow: step.workflow });
  expect(await http('POST', '/v1/sessions', session)).toMatchObject({ status: 201 });
  expect(await http('POST', `/v1/sessions/${id}/turns`, step)).toMatchObject({ status: 200 });
}

/** Plays the line that all three agents ask about. */
async function play(id: string): Promise<OrchestrationResponse> {
  const { status, body } = await http('POST', `/v1/sessions/${id}/turns`, { text: LINE, wait_ms: 20_000 });
  expect(status).toBe(200);
  return OrchestrationResponse.parse(body);
}

/** Where the outputs of the steps come from, and why. */
async function provenanceOf(runId: string): Promise<Record<string, [string, ...string[]]>> {
  const { redis: client, keys } = h.core.store;
  const outputs = await client.hgetall(keys.runResults(runId));
  return Object.fromEntries(
    ['ipa', 'wba', 'nga'].map((step) => {
      const { source, degraded_reasons: reasons = [] } = JSON.parse(outputs[step]!) as {
        source: string;
        degraded_reasons?: string[];
      };
      return [step, [source, ...reasons]];
    }),
  );
}

/** Everything but when it happened. */
function timeless(world: World | null): unknown {
  return JSON.parse(JSON.stringify(world), (key, value: unknown) =>
    /(?:^|_)at$/.test(key) ? undefined : value,
  );
}

async function metricsOf(process: FleetProcess): Promise<string> {
  return (await fetch(String(process.ready['metrics_url']))).text();
}

/** What belongs into no log and no metric: keys, prompts, answers, and what players write. */
const SECRETS = [
  API_KEY,
  MARK,
  TOLD,
  'frobnicate',
  'You are the narrator',
  'You read one line',
  'You furnish',
  'kettle',
];

async function expectNothingTold(): Promise<void> {
  const shown = [...[...workers, api].map((process) => process.stderr()), await metricsOf(workers.at(-1)!)]
    .join('\n')
    .toLowerCase();
  expect(SECRETS.filter((secret) => shown.includes(secret.toLowerCase()))).toEqual([]);
}

describe('a provider that', () => {
  test.for(TROUBLES.map((trouble, number) => ({ ...trouble, number })))(
    '$name costs a turn nothing but its words',
    async ({ answer, reason, narrator = 'local', isGone = false, number }) => {
      const id = `trouble_${number}`;
      await openSessions(id);
      await local.play(id, LINE);
      const earlier = server.calls.length;
      server.answerWith(answer);
      if (isGone) await gate.close();
      const told = await play(id);
      if (isGone) await gate.open();

      expect(told.workflow_metadata).toMatchObject({
        workflow_name: 'collaborative',
        status: 'completed',
        degraded: true,
        degraded_level: 1,
        degraded_reasons: [reason],
      });
      expect(await provenanceOf(told.workflow_metadata.run_id!)).toEqual({
        ipa: ['local', reason],
        wba: ['local', reason],
        nga: narrator === 'llm' ? ['llm'] : ['local', reason],
      });
      const asked = new Set(server.calls.slice(earlier).map(askedFor));
      expect([...asked]).toEqual(isGone ? [] : ['player_actions', 'place', 'story']);

      const { total_ms: totalMs, sla_ms: slaMs } = told.performance_metrics;
      expect(slaMs).toBe(4_000);
      expect(totalMs / slaMs).toBeLessThan(1.5);
      expect(told.response_text).toMatch(/^\p{Lu}[^<>{}]{49,}$/su);
      expect(told.response_text.includes(TOLD)).toBe(narrator === 'llm');
      expect(told.next_actions.length).toBeGreaterThan(0);
      const { therapeutic_validation: _, ...shown } = told;
      const answered = JSON.stringify(shown).toLowerCase();
      for (const foul of [MARK, 'moon', 'king', 'throne', 'möchtest', 'context', 'rules', AVOIDED]) {
        expect(answered.includes(`"${foul}`) || answered.includes(` ${foul}`), foul).toBe(false);
      }
      expect(timeless(await h.worldOf(id))).toEqual(timeless(await local.worldOf(id)));
      await expectNothingTold();
      // A worker that knows its provider to be slow would ask it less.
      if (reason === 'sla_fallback') await startWorker();
    },
  );

  test('hides its answers in prose is understood', async () => {
    await openSessions('prose');
    server.answerWith((call) => {
      const { say } = wellSpoken(call);
      return {
        say: `Of course! Here is what you asked for:\n\`\`\`json\n${JSON.stringify(say)}\n\`\`\`\nEnjoy.`,
      };
    });
    const told = await play('prose');
    expect(told.workflow_metadata).toMatchObject({ degraded: false, degraded_reasons: [] });
    expect(await provenanceOf(told.workflow_metadata.run_id!)).toEqual({
      ipa: ['llm'],
      wba: ['llm'],
      nga: ['llm'],
    });
    expect(told.response_text).toContain(TOLD);
    expect(JSON.stringify(told)).not.toMatch(/Of course|Enjoy|```/);
    await expectNothingTold();
  });

  test('does its work is read sentence by sentence before the turn is over, and is paid for', async () => {
    await openSessions('good');
    const isRead = Promise.withResolvers<void>();
    server.answerWith((call): ServerAnswer => {
      const answer = wellSpoken(call);
      // The first sentence is whole, the second is not.
      return askedFor(call) === 'story' ? { ...answer, pause: { after: 9, until: isRead.promise } } : answer;
    });
    const turn = { text: LINE, wait_ms: 0, latency_mode: 'full' };
    const { status, body } = await http('POST', '/v1/sessions/good/turns', turn);
    expect(status).toBe(202);
    const { run_id: runId } = body as { run_id: string };
    const frames = framesOf(await fetch(`${String(api.ready['url'])}/v1/runs/${runId}/tokens`));

    const first = await frames.next();
    expect(first.value).toMatchObject({ event: 'token', data: { step: 'nga', seq: 0 } });
    expect(first.value!.data.text).toMatch(/^You set out .* the other\.$/);
    const early = await http('GET', `/v1/runs/${runId}`);
    expect(early.body).toMatchObject({ status: 'running' });
    isRead.resolve();

    const pieces = [first.value!];
    for await (const frame of frames) pieces.push(frame);
    expect(pieces.at(-1)!.event).toBe('end');
    expect(pieces.some(({ data }) => data.reset === true)).toBe(false);
    const run = (await http('GET', `/v1/runs/${runId}/result`)).body as { output: OrchestrationResponse };
    const text = pieces.map(({ data }) => data.text ?? '').join('');
    expect(run.output.response_text).toBe(text);
    expect(run.output.workflow_metadata).toMatchObject({ degraded: false, degraded_reasons: [] });
    expect(await provenanceOf(runId)).toEqual({ ipa: ['llm'], wba: ['llm'], nga: ['llm'] });

    const { body: costs } = await http('GET', '/v1/costs?group_by=workflow');
    expect(costs).toMatchObject({ groups: [{ key: 'collaborative', usd: expect.any(Number) as number }] });
    const shown = await metricsOf(workers.at(-1)!);
    expect(shown).toMatch(/llm_cost_usd_total\{model="first"\} 0\.\d+/);
    expect(shown).toMatch(/llm_request_seconds_count\{agent="nga",outcome="success"\} \d+/);
    await expectNothingTold();
  });

  test('failed is told of in the log of its worker, with names and numbers alone', () => {
    const lines = workers.flatMap((worker) => worker.stderr().split('\n'));
    const failures = lines.filter((line) => line.includes('a request to a language model failed'));
    expect(failures.length).toBeGreaterThan(5);
    expect(lines.some((line) => line.includes('"level":"debug"'))).toBe(true);
    expect(JSON.parse(failures[0]!)).toMatchObject({ provider: 'main', model: 'first', agent: 'ipa' });
  });
});

interface Frame {
  readonly event: string;
  readonly data: { readonly text?: string; readonly reset?: boolean };
}

async function* framesOf(response: Response): AsyncGenerator<Frame, undefined> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const frames = (text + chunk).split('\n\n');
    text = frames.pop()!;
    for (const frame of frames) {
      const event = /^event: (\w+)$/m.exec(frame)?.[1];
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as Frame['data'] };
    }
  }
  return undefined;
}
