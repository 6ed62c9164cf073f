import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import type { LanguageAnswer } from '../../../src/models/language.ts';
import { askingAgents, SYSTEM, type Line } from '../../support/asking-agents.ts';
import { quickCatalog, startHarness, type Harness } from '../../support/harness.ts';
import {
  startLanguageServer,
  type LanguageServer,
  type ServerAnswer,
} from '../../support/language-server.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const LINE = 'The lantern hums a tune that only you can hear.';
const API_KEY = 'sk-never-shown';

function settingsFor(server: LanguageServer, more: Readonly<Record<string, string>> = {}) {
  return {
    'llm.base_url': server.url,
    'llm.model': 'first',
    'llm.api_key': API_KEY,
    'llm.prices': JSON.stringify([{ model: 'first', input: 0.01, output: 0.05 }]),
    'real_agents.retry.base_delay': '0.01',
    ...more,
  };
}

async function scraped(h: Harness, name: string): Promise<string[]> {
  const { body } = await h.core.metrics.render();
  return body.split('\n').filter((line) => line.startsWith(`agent_orchestration_${name}`));
}

describe('a fleet with a model provider', () => {
  test('lets its agents ask, and keeps the books of model, workflow and user', async () => {
    await using server = await startLanguageServer({ answer: () => ({ say: { line: LINE } }) });
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: askingAgents(),
      settings: settingsFor(server),
    });
    const session = await h.operations.createSession({ user_id: 'ann' }, LOCAL_OPERATOR);
    const answer = await h.play(session.session.session_id, 'go north');
    expect(answer.response_text).toContain(LINE);
    expect(answer.workflow_metadata.steps.map(({ name, source }) => [name, source])).toEqual([
      ['ipa', 'local'],
      ['wba', 'local'],
      ['nga', 'llm'],
    ]);
    expect(server.calls).toHaveLength(1);
    expect(server.calls[0]).toMatchObject({ path: '/v1/chat/completions', player: 'go north' });
    expect(server.calls[0]!.headers.authorization).toBe(`Bearer ${API_KEY}`);

    const spent = { requests: 1, input_tokens: 100, output_tokens: 20, usd: 0.002 };
    for (const [groupBy, key] of [
      ['model', 'first'],
      ['workflow', 'collaborative'],
      ['user', 'ann'],
    ] as const) {
      const { groups } = await h.operations.costs({ groupBy });
      expect(groups).toMatchObject([{ key, ...spent }]);
    }
    expect(await scraped(h, 'llm_tokens_total{')).toEqual([
      'agent_orchestration_llm_tokens_total{agent="nga",model="first",direction="input"} 100',
      'agent_orchestration_llm_tokens_total{agent="nga",model="first",direction="output"} 20',
    ]);
    expect(await scraped(h, 'llm_request_seconds_count')).toEqual([
      'agent_orchestration_llm_request_seconds_count{agent="nga",outcome="success"} 1',
    ]);
  });

  test('does not pay twice for the line of a step whose worker failed after it had it', async () => {
    await using server = await startLanguageServer({ answer: () => ({ say: { line: LINE } }) });
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: askingAgents({
        afterwards({ attempt }) {
          if (attempt === 1) throw new Error('gone');
        },
      }),
      catalog: quickCatalog(),
      settings: settingsFor(server),
    });
    const answer = await h.play(await h.newSession(), 'go north');
    expect(answer.response_text).toContain(LINE);
    expect(answer.workflow_metadata.steps[2]).toMatchObject({ attempts: 2, source: 'llm' });
    expect(server.calls).toHaveLength(1);
  });

  test('ends a request when its run is cancelled', async () => {
    await using server = await startLanguageServer({ answer: () => 'hang' });
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: askingAgents(),
      settings: settingsFor(server),
    });
    const runId = await h.submit(await h.newSession(), 'go north');
    await server.arrived(1);
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    await server.calls[0]!.closed;
    expect(await h.ended(runId)).toMatchObject({ status: 'cancelled' });
    await expect
      .poll(() => scraped(h, 'llm_request_seconds_count'))
      .toEqual(['agent_orchestration_llm_request_seconds_count{agent="nga",outcome="cancelled"} 1']);
  });

  test.for(['in one piece', 'piece by piece'])(
    'leaves its agents time for their own answer when it hangs, whatever they ask for (%s)',
    async (how) => {
      const never = new Promise<never>(() => undefined);
      await using server = await startLanguageServer({
        answer: () => ({ say: { line: LINE }, before: never }),
      });
      const answers: LanguageAnswer<Line>[] = [];
      await using h = await startHarness({
        redisUrl: redis.url,
        agents: askingAgents({
          budgetMs: 60_000,
          isStreamed: how === 'piece by piece',
          onAnswer: (answer) => answers.push(answer),
        }),
        catalog: quickCatalog({ stepTimeoutMs: { ipa: 20_000, wba: 20_000, nga: 3_000 } }),
        settings: settingsFor(server),
      });
      const answer = await h.play(await h.newSession(), 'go north');
      expect(answers).toMatchObject([{ ok: false, reason: 'sla_fallback' }]);
      expect(answer.workflow_metadata.steps[2]).toMatchObject({ attempts: 1, status: 'completed' });
    },
  );

  test.for<[string, string]>([
    ['llm.timeout_ms', '1500'],
    ['real_agents.timeouts.nga', '1.5'],
  ])('asks the next model when %s is over for the one before', async ([setting, value]) => {
    await using server = await startLanguageServer({
      answer: ({ body }) => (body.model === 'first' ? 'hang' : { say: { line: LINE } }),
    });
    const answers: LanguageAnswer<Line>[] = [];
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: askingAgents({ onAnswer: (answer) => answers.push(answer) }),
      settings: settingsFor(server, { 'llm.fallback_models': 'second', [setting]: value }),
    });
    await h.play(await h.newSession(), 'go north', { latency_mode: 'full' });
    expect(server.calls.map(({ body }) => body.model)).toEqual(['first', 'second']);
    expect(answers).toHaveLength(1);
    expect(await scraped(h, 'llm_request_seconds_count')).toContain(
      'agent_orchestration_llm_request_seconds_count{agent="nga",outcome="timeout"} 1',
    );
  });

  test('leaves a provider alone that keeps failing, by the name it was given', async () => {
    await using server = await startLanguageServer({ answer: () => ({ status: 500 }) });
    const reasons: string[] = [];
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: askingAgents({ onAnswer: (answer) => reasons.push(answer.ok ? 'ok' : answer.reason) }),
      settings: settingsFor(server, { 'llm.provider': 'spare', 'real_agents.retry.max_retries': '0' }),
    });
    for (let turn = 0; turn < 6; turn++) await h.play(await h.newSession(), 'look around');
    expect(reasons).toEqual([
      ...Array.from({ length: 5 }, () => 'provider_error'),
      'circuit_open:provider.spare',
    ]);
    expect(server.calls).toHaveLength(5);
    expect(await scraped(h, 'circuit_state{name="provider.spare"}')).toEqual([
      'agent_orchestration_circuit_state{name="provider.spare"} 2',
    ]);
  });

  test('spends no more than its day allows, over several workers at once', async () => {
    await using server = await startLanguageServer({ answer: () => ({ say: { line: LINE } }) });
    const reasons: string[] = [];
    const agents = askingAgents({ onAnswer: (answer) => reasons.push(answer.ok ? 'ok' : answer.reason) });
    await using h = await startHarness({
      redisUrl: redis.url,
      agents,
      // Room for two or three questions: each sets about 0.03 USD aside and costs 0.002.
      settings: settingsFor(server, { 'llm.daily_budget_usd': '0.035' }),
    });
    await h.startWorkers(['nga']);
    const played = await Promise.all(
      Array.from({ length: 12 }, async () => h.play(await h.newSession(), 'look around')),
    );
    for (const { response_text: text } of played) expect(text.length).toBeGreaterThan(49);
    const asked = reasons.filter((reason) => reason === 'ok').length;
    expect(new Set(reasons)).toEqual(new Set(['ok', 'budget_exceeded']));
    expect(server.calls).toHaveLength(asked);
    const { total } = await h.operations.costs({});
    expect(total.requests).toBe(asked);
    expect(total.usd).toBeCloseTo(asked * 0.002, 6);
    expect(total.usd).toBeLessThanOrEqual(0.035);
  });

  test('answers every turn while its provider fails in every way, and shows no word, key or prompt of it', async () => {
    const answers: LanguageAnswer<Line>[] = [];
    const leak = `${API_KEY} ${SYSTEM} a secret path`;
    const failures: ServerAnswer[] = [
      { status: 500, body: leak },
      { status: 429, headers: { 'retry-after': '60' }, body: { error: { message: leak } } },
      { status: 400, body: { error: { message: leak } } },
      { status: 200, body: leak },
      { status: 200, body: { choices: [{ message: { content: leak } }] } },
      { say: leak },
      { say: { line: leak, more: leak } },
      { say: '', refusal: leak },
      'reset',
      'hang',
      { status: 404, body: leak },
      { status: 401, body: { error: { message: leak } } },
    ];
    let failure: ServerAnswer = 'reset';
    await using server = await startLanguageServer({ answer: () => failure });
    using printed = captureOutput();
    await using h = await startHarness({
      redisUrl: redis.url,
      agents: askingAgents({ budgetMs: 4_000, onAnswer: (answer) => answers.push(answer) }),
      settings: settingsFor(server, {
        'llm.fallback_models': 'second',
        'workflow.error_handling.circuit_breaker.failure_threshold': '50',
      }),
    });
    console.warn('what is printed is seen');
    for (failure of failures) {
      const { response_text: text } = await h.play(await h.newSession(), 'walk a secret path');
      expect(text.length).toBeGreaterThan(49);
    }
    expect(answers).toHaveLength(failures.length);
    expect(answers.some(({ ok }) => ok)).toBe(false);
    const reasons = new Set(answers.map((answer) => (answer.ok ? '' : answer.reason)));
    expect(reasons).toEqual(new Set(['provider_error', 'invalid_output', 'model_refused', 'sla_fallback']));

    const { body: metrics } = await h.core.metrics.render();
    expect(printed.lines).toContain('what is printed is seen');
    const shown = [...h.logLines, ...printed.lines, metrics].join('\n');
    expect(h.logLines.join()).toContain('a request to a language model failed');
    for (const secret of [API_KEY, SYSTEM, 'secret path']) expect(shown).not.toContain(secret);
  });
});

test('a fleet without a provider has no language, asks nobody, and is not degraded', async () => {
  const answers: unknown[] = [];
  await using h = await startHarness({
    redisUrl: redis.url,
    agents: askingAgents({ onAnswer: (answer) => answers.push(answer) }),
  });
  const answer = await h.play(await h.newSession(), 'go north');
  expect(answers).toEqual([]);
  expect(answer.workflow_metadata).toMatchObject({ degraded: false, degraded_reasons: [] });
  expect(answer.workflow_metadata.steps.map(({ source }) => source)).toEqual(['local', 'local', 'local']);
  expect(await scraped(h, 'llm_request_seconds_count')).toEqual([]);
});

/** What anybody prints on the console or past it. */
function captureOutput(): Disposable & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => {
      lines.push(words.map(String).join(' '));
    }),
  );
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
    spies.push(spy as never);
  }
  return { lines, [Symbol.dispose]: () => spies.forEach((spy) => spy.mockRestore()) };
}
