import { describe, expect, it } from 'vitest';
import { createCache } from '../../../src/primitives/cache/cache.ts';
import { parallel, pipe, step } from '../../../src/primitives/compose/combine.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import type { RunOptions } from '../../../src/primitives/in-process/run-options.ts';
import type { Telemetry } from '../../../src/primitives/observe/telemetry.ts';
import { testRun, type TestRun } from '../../../src/primitives/testing/test-run.ts';
import { isTracing, traced } from '../../../src/observability/tracing.ts';
import { Note, say, tourPlan } from '../../support/tour-plan.ts';
import { recordSpans, series, shapeOf } from '../../support/recorded-spans.ts';

const NOTE = { n: 1, text: 'what the player said' };

function tour(options: RunOptions = {}) {
  return runInProcess(tourPlan(), NOTE, { definition: 'tour', cache: createCache(), ...options });
}

/** The end of a run without what differs from run to run. */
function ended({ output, isDegraded, branches, trace }: Awaited<ReturnType<typeof tour>>) {
  return { output, isDegraded, branches, steps: trace.map(({ path, attempts }) => [path, attempts]) };
}

describe('[P8.4] [P13.9] telemetry that is broken, missing or there', () => {
  const broken = (): never => {
    throw new Error('broken telemetry');
  };
  const everyInstrument = new Proxy({}, { get: () => ({ inc: broken, dec: broken, observe: broken }) });
  const telemetries: Record<string, Telemetry | undefined> = {
    none: undefined,
    'a logger that throws': { log: { debug: broken, info: broken, warn: broken, error: broken } },
    // Whatever is asked for is there, and throws.
    'metrics that throw': { metrics: everyInstrument as NonNullable<Telemetry['metrics']> },
    'spans that cannot be begun': { openSpan: broken },
  };

  it.each(Object.keys(telemetries))('%s: the run gives the same', async (name) => {
    const telemetry = telemetries[name];
    expect(isTracing()).toBe(false);
    const plain = ended(await tour());
    expect(ended(await tour(telemetry === undefined ? {} : { telemetry }))).toEqual(plain);
  });

  it('recorded: the run gives the same, and what a logger dropped is counted', async () => {
    const plain = ended(await tour());
    await using recorded = recordSpans();
    const log = { debug: broken, info: broken, warn: broken, error: broken };
    expect(ended(await tour({ telemetry: { log, metrics: recorded.metrics } }))).toEqual(plain);
    const dropped = await series(recorded.metrics, /telemetry_dropped_total\{/);
    expect(dropped['telemetry_dropped_total{signal="logs"}']).toBeGreaterThan(10);
  });
});

describe('[P8.1] spans', () => {
  it('each kind says what it did', async () => {
    const run = await testRun(tourPlan(), NOTE, { definition: 'tour', cache: createCache() });
    const of = (name: string, path: string) =>
      run.spans.find((span) => span.name === name && span.attributes['primitive.path'] === path)?.attributes;
    expect(of('primitive.step', 'open')).toMatchObject({ 'step.index': 0, 'primitive.status': 'success' });
    expect(of('primitive.sequence', '2.right')).toMatchObject({ 'branch.index': 1, 'branch.name': 'right' });
    expect(of('primitive.when', 'big')).toMatchObject({ 'condition.result': true });
    expect(of('primitive.match', 'letter')).toMatchObject({ 'case.key': 'b' });
    expect(of('primitive.route', 'model')).toMatchObject({ 'route.key': 'y', 'route.reason': 'chosen' });
    expect(of('primitive.sequence', '11~r2')).toMatchObject({ 'retry.attempt': 2, 'retry.max_attempts': 2 });
    expect(of('primitive.fallback', '13')).toMatchObject({ 'fallback.used': true });
    expect(of('primitive.step', '13~f1.plan_b')).toMatchObject({ 'fallback.index': 1 });
    expect(of('primitive.step', '13.trip.pay')).toMatchObject({ 'saga.phase': 'forward' });
    expect(of('primitive.step', '13.trip.book~undo.unbook')).toMatchObject({ 'saga.phase': 'compensation' });
    const attempts = run.spans.filter(
      ({ name, attributes }) => name === 'primitive.attempt' && attributes['primitive.path'] === 'flaky',
    );
    expect(attempts.map(({ errorCode }) => errorCode)).toEqual(['step_failed', undefined]);
    expect(attempts.map(({ attributes }) => attributes['retry.attempt'])).toEqual([1, 2]);
  });

  it('what a handler traces stands below its attempt', async () => {
    await using recorded = recordSpans();
    const look = traced('look up', async (note: Note) => note);
    await runInProcess(say('search', look), NOTE, { definition: 'p' });
    expect(shapeOf(await recorded.all())).toEqual([
      'look up < primitive.attempt search',
      'primitive.attempt search < primitive.step search',
      'primitive.step search < workflow.run',
      'workflow.run < nobody',
    ]);
  });
});

describe('[P8.2] metrics', () => {
  const changes = (run: TestRun<unknown>, metric: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(run.metrics).flatMap(([name, value]) =>
        name.startsWith(`${metric}{`) && value !== 0 ? [[name.slice(metric.length), value]] : [],
      ),
    );
  const labels = (kind: string, primitive: string, more: string): string =>
    `{kind="${kind}",primitive="${primitive}",definition="p",engine="in_process"${more}}`;

  it('a handler that goes on after its limit is counted as abandoned once it ends', async () => {
    const release = Promise.withResolvers<Note>();
    const deaf = say('deaf', () => release.promise).timeout(10);
    const run = await testRun(pipe(deaf, say('never')), NOTE, { definition: 'p' });
    expect(run.errorCode).toBe('step_timeout');
    expect(changes(run, 'primitive_abandoned_total')).toEqual({});
    release.reject(new Error('too late'));
    await new Promise(setImmediate);
    expect(changes(run, 'primitive_abandoned_total')).toEqual({ [labels('step', 'deaf', '')]: 1 });
    expect(changes(run, 'primitive_timeouts_total')).toEqual({
      [labels('step', 'deaf', ',limit="attempt"')]: 1,
    });
    expect(changes(run, 'primitive_active')).toEqual({});
  });

  it('what loses a race is cancelled, not failed', async () => {
    const lost = step({
      name: 'lost',
      queue: 'q',
      input: Note,
      output: Note,
      run: (_note, { signal }) =>
        new Promise<Note>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stop')))),
    });
    const race = parallel({ lost, won: say('won') }, { join: { atLeast: 1 } });
    const run = await testRun(race, NOTE, { definition: 'p' });
    expect(run.status).toBe('completed');
    expect(changes(run, 'primitive_executions_total')).toEqual({
      [labels('step', 'won', ',outcome="success"')]: 1,
      [labels('step', 'lost', ',outcome="cancelled"')]: 1,
      [labels('parallel', 'parallel', ',outcome="success"')]: 1,
    });
  });
});

describe('[P8.3] log lines', () => {
  it('each node has a start and an end, and neither what went in nor what came out', async () => {
    const run = await testRun(tourPlan(), NOTE, { definition: 'tour', correlationId: 'c-1' });
    const ends = run.logs.filter(({ message }) => message === 'primitive.end');
    expect(run.logs.filter(({ message }) => message === 'primitive.start')).toHaveLength(ends.length);
    expect(ends.length).toBeGreaterThan(30);
    for (const { fields } of ends) expect(fields).toMatchObject({ correlation_id: 'c-1', workflow: 'tour' });
    expect(JSON.stringify(run.logs)).not.toContain('what the player said');
  });
});
