import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fn, parallel, pipe, when } from '../../../src/primitives/compose/combine.ts';
import type { AnyPrimitive } from '../../../src/primitives/compose/primitive.ts';
import { playerAttributes } from '../../../src/observability/tracing.ts';
import { showPlayers } from '../../../src/runtime/fleet-tracing.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import { createCache } from '../../../src/primitives/cache/cache.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';
import { LOCAL_OPERATOR, type Caller } from '../../../src/contracts/caller.ts';
import { readRun } from '../../../src/primitives/durable/read-run.ts';
import { endRun } from '../../../src/workflows/end-run.ts';
import { planCatalog, runPlan, startPlan } from '../../support/durable-runner.ts';
import { ALL_QUEUES, startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { recordSpans, series, shapeOf } from '../../support/recorded-spans.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { say, tourPlan, type Note } from '../../support/tour-plan.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const MARKER = 'what the player said';
const NOTE: Note = { n: 1, text: MARKER };

function harness(
  plans: Readonly<Record<string, AnyPrimitive>>,
  options: Partial<Parameters<typeof startHarness>[0]> = {},
): Promise<Harness> {
  return startHarness({
    redisUrl: redis.url,
    catalog: planCatalog(plans),
    settings: { 'otel.enabled': 'true' },
    ...options,
  });
}

/** Starts the plan `p` and waits for its end. */
async function start(h: Harness, caller: Caller, options: { traceparent?: string } = {}): Promise<void> {
  const started = await h.operations.startRun('p', { input: NOTE, wait_ms: 0 }, caller, options);
  if (!started.done) await h.ended(started.accepted.run_id);
}

/** What is counted, without who counted it; what is timed, without how long it took. */
function counted(all: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(all).flatMap(([name, value]) => {
    if (/_(bucket|sum)\{|^primitive_active/.test(name) || value === 0) return [];
    const labels = /\{(.*)\}/
      .exec(name)?.[1]
      ?.split(',')
      .filter((label) => !label.startsWith('engine='));
    const metric = name.replace(/\{.*/, '').replace(/_seconds_count$/, '_seconds');
    return [[`${metric}{${(labels ?? []).toSorted().join(',')}}`, value] as const];
  });
  return Object.fromEntries(entries);
}

describe('[P8.1] spans', () => {
  it('a run over two sets of workers is one trace, drawn like the same run in process', async () => {
    await using recorded = recordSpans();
    await runInProcess(tourPlan(), NOTE, { definition: 'tour', cache: createCache() });
    const inProcess = shapeOf(await recorded.all());
    const before = (await recorded.all()).length;
    await using h = await harness({ tour: tourPlan() }, { workers: ['ipa', 'flow', 'maintenance'] });
    await h.startWorkers(['wba', 'nga', 'ipa', 'flow']);
    const run = await runPlan(h, 'tour', NOTE);
    expect(run.status).toBe('completed');
    await h.quiet();
    const spans = (await recorded.all()).slice(before);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    expect(new Set(spans.map((span) => span.spanContext().spanId)).size).toBe(spans.length);
    expect(shapeOf(spans)).toEqual(inProcess);
    for (const span of spans) {
      if (span.name === 'primitive.cache') continue;
      expect(span.attributes).toMatchObject({ 'workflow.id': 'tour', 'workflow.run_id': run.run_id });
    }
  });

  it('[P13.16] hold nothing of what went in or came out, nor what an error said of it', async () => {
    await using recorded = recordSpans();
    await runInProcess(tourPlan(), NOTE, { definition: 'tour', cache: createCache() });
    await using h = await harness({ tour: tourPlan() });
    await runPlan(h, 'tour', NOTE);
    const spans = await recorded.all();
    expect(spans.length).toBeGreaterThan(100);
    const written = JSON.stringify(
      spans.map(({ name, attributes, events, status, links }) => ({
        name,
        attributes,
        events,
        status,
        links,
      })),
    );
    expect(written).not.toContain(MARKER);
    expect(written).toContain('step_failed');
    expect(h.logLines.filter((line) => line.includes('primitive.end')).join('')).not.toContain('"input"');
  });

  it('a caller’s own trace goes on in the run, and its refusal to be sampled is kept', async () => {
    await using recorded = recordSpans();
    await using h = await harness({ p: say('only') });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    for (const flags of ['01', '00']) {
      const traceparent = `00-${traceId}-b7ad6b7169203331-${flags}`;
      await start(h, LOCAL_OPERATOR, { traceparent });
    }
    const spans = await recorded.all();
    expect(shapeOf(spans)).toEqual([
      'primitive.attempt only < primitive.step only',
      'primitive.step only < workflow.run',
      'workflow.run < nobody',
    ]);
    expect(spans.map((span) => span.spanContext().traceId)).toEqual([traceId, traceId, traceId]);
    expect(spans.find(({ name }) => name === 'workflow.run')?.parentSpanContext?.spanId).toBe(
      'b7ad6b7169203331',
    );
  });

  it('a replayed run adds what it did again to its trace, and draws nothing twice', async () => {
    await using recorded = recordSpans();
    let isBroken = true;
    const fragile = say('fragile', (note) => {
      if (isBroken) throw new Error('broken');
      return note;
    });
    await using h = await harness({ p: pipe(say('first'), fragile) });
    const runId = await startPlan(h, 'p', NOTE);
    expect((await h.ended(runId)).status).toBe('failed');
    isBroken = false;
    const [letter] = await h.operations.listDeadLetters({ limit: 10 });
    await h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR);
    await h.eventOf(runId, 'run.completed');
    await h.quiet();
    const spans = await recorded.all();
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    expect(new Set(spans.map((span) => span.spanContext().spanId)).size).toBe(spans.length);
    expect(shapeOf(spans)).toEqual([
      'primitive.attempt first < primitive.step first',
      'primitive.attempt fragile < primitive.step fragile',
      'primitive.attempt fragile < primitive.step fragile',
      'primitive.sequence < workflow.run',
      'primitive.sequence < workflow.run',
      'primitive.step first < primitive.sequence',
      'primitive.step fragile < primitive.sequence',
      'primitive.step fragile < primitive.sequence',
      'workflow.run < nobody',
      'workflow.run < nobody',
    ]);
  });

  it('players are named by a hash that only their fleet makes, or not at all', async () => {
    await using recorded = recordSpans();
    const hashes: unknown[] = [];
    for (const player of ['hash', 'omit'] as const) {
      const settings = { 'otel.enabled': 'true', 'telemetry.player_id': player };
      await using h = await harness({ p: say('only') }, { settings });
      await start(h, { ...LOCAL_OPERATOR, user_id: 'alice' });
      const hash = playerAttributes('alice')['player.hash'];
      await showPlayers(h.config, h.core.store);
      expect(playerAttributes('alice')['player.hash']).toBe(hash);
      hashes.push(hash);
    }
    const runs = (await recorded.all()).filter(({ name }) => name === 'workflow.run');
    expect(runs.map(({ attributes }) => attributes['player.hash'])).toEqual(hashes);
    expect(hashes).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), undefined]);
    expect(JSON.stringify(runs.map(({ attributes }) => attributes))).not.toContain('alice');
    await using other = await harness({ p: say('only') });
    expect(playerAttributes('alice')['player.hash']).not.toBe(hashes[0]);
    expect(other.config.telemetry.player_id).toBe('hash');
  });
});

describe('[P8.2] metrics', () => {
  it('both interpreters count the same for a node of every kind, and each fact once', async () => {
    const inProcess = await testRun(tourPlan(), NOTE, { definition: 'tour', cache: createCache() });
    await using h = await harness({ tour: tourPlan() }, { workers: ALL_QUEUES });
    await h.startWorkers(ALL_QUEUES);
    expect((await runPlan(h, 'tour', NOTE)).status).toBe('completed');
    await h.quiet();
    const durable = await series(h.metrics, /agent_orchestration_(primitive|saga)_/);
    expect(counted(durable)).toEqual(counted(inProcess.metrics));
    const active = Object.entries(durable).filter(([name]) => name.startsWith('primitive_active'));
    expect(active.length).toBeGreaterThan(5);
    expect(active.filter(([, value]) => value !== 0)).toEqual([]);
  });

  it('a worker that ends a run after another one has ended it tells of nothing', async () => {
    await using recorded = recordSpans();
    await using h = await harness({ p: pipe(say('first'), say('second')) });
    const { run_id: runId } = await runPlan(h, 'p', NOTE);
    await h.quiet();
    const counts = () => series(h.metrics, /agent_orchestration_(primitive|workflow_runs)_.*p"/);
    const [before, drawn] = [await counts(), (await recorded.all()).length];
    const facts = (await readRun(h.core.store, runId))!;
    const ending = { status: 'completed', output: null, facts, nowMs: Date.now() } as const;
    expect((await endRun(h.core.workflows, facts.run, ending)).verdict).toBe('already');
    expect(await counts()).toEqual(before);
    expect((await recorded.all()).length).toBe(drawn);
    expect(Object.keys(before).length).toBeGreaterThan(3);
  });

  it('what ends badly is told apart: an error, attempts that ran out, a limit, a cancellation', async () => {
    const plans = {
      broken: say('broken', (note) => {
        throw new Error(note.text);
      }).retry({ maxAttempts: 2, baseDelayMs: 5, maxDelayMs: 10 }),
      slow: say('slow', (_note, { signal }) => untilAbort(signal)).timeout(50),
      late: pipe(
        say('waits', (_note, { signal }) => untilAbort(signal)),
        fn('glue', (note: Note) => note),
      ).timeout(200),
      lost: parallel({
        hangs: say('hangs', (_note, { signal }) => untilAbort(signal)),
        fails: say('fails', (note) => {
          throw new Error(note.text);
        }),
      }),
      odd: when(
        'throws',
        () => {
          throw new Error('no');
        },
        say('never'),
      ),
    };
    await using h = await harness(plans);
    for (const name of Object.keys(plans))
      expect((await runPlan(h, name, NOTE)).status).not.toBe('completed');
    await h.quiet();
    const all = await series(h.metrics, /agent_orchestration_primitive_/);
    const value = (metric: string, definition: string, primitive: string, more = ''): number | undefined =>
      Object.entries(all).find(
        ([name]) =>
          name.startsWith(`${metric}{`) &&
          name.includes(`primitive="${primitive}",definition="${definition}"`) &&
          name.includes(more),
      )?.[1];
    expect(value('primitive_executions_total', 'broken', 'broken', 'outcome="error"')).toBe(1);
    expect(value('primitive_attempts_total', 'broken', 'broken', 'outcome="error"')).toBe(2);
    expect(value('primitive_retries_exhausted_total', 'broken', 'broken')).toBe(1);
    expect(value('primitive_executions_total', 'slow', 'slow', 'outcome="timeout"')).toBe(1);
    expect(value('primitive_timeouts_total', 'slow', 'slow', 'limit="attempt"')).toBe(1);
    expect(value('primitive_executions_total', 'late', 'waits', 'outcome="timeout"')).toBe(1);
    expect(value('primitive_timeouts_total', 'late', 'timeout', 'limit="deadline"')).toBe(1);
    expect(value('primitive_executions_total', 'lost', 'hangs', 'outcome="cancelled"')).toBe(1);
    expect(value('primitive_attempts_total', 'lost', 'hangs', 'outcome="cancelled"')).toBe(1);
    expect(value('primitive_executions_total', 'lost', 'fails', 'outcome="error"')).toBe(1);
    expect(value('primitive_executions_total', 'odd', 'throws', 'outcome="error"')).toBe(1);
  });
});

describe('[P8.3] log lines', () => {
  it('a step has one line at its end, with where it stands and how it went', async () => {
    await using h = await harness({ tour: tourPlan() });
    const run = await runPlan(h, 'tour', NOTE);
    await h.quiet();
    const ends = h.logLines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === 'primitive.end');
    const of = (path: string) => ends.filter((line) => line['path'] === path);
    expect(of('open')).toHaveLength(1);
    expect(of('open')[0]).toMatchObject({
      level: 'info',
      run_id: run.run_id,
      correlation_id: run.correlation_id,
      workflow: 'tour',
      kind: 'step',
      name: 'open',
      attempt: 1,
      outcome: 'success',
      duration_ms: expect.any(Number),
    });
    expect(of('flaky').map(({ level, attempt }) => [level, attempt])).toEqual([
      ['warn', 1],
      ['info', 2],
    ]);
    expect(of('13.trip.pay').map(({ level, error_code: code }) => [level, code])).toEqual([
      ['error', 'step_failed'],
    ]);
    expect(of('13').map(({ level, kind }) => [level, kind])).toEqual([['warn', 'fallback']]);
    expect(of('11').map(({ level, kind }) => [level, kind])).toEqual([['warn', 'retry']]);
    expect(ends.filter(({ outcome, level }) => outcome === 'error' && level === 'error')).toHaveLength(2);
  });
});
