import { availableParallelism, cpus } from 'node:os';
import { setImmediate as soon, setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { createCache } from '../primitives/cache/cache.ts';
import { fn, parallel, pipe, step } from '../primitives/compose/combine.ts';
import { make, sequenceOf } from '../primitives/compose/make.ts';
import type { Primitive } from '../primitives/compose/primitive.ts';
import { runInProcess } from '../primitives/in-process/run.ts';
import type { Telemetry } from '../primitives/observe/telemetry.ts';
import { VERSION } from './version.ts';

/** Telemetry may make a plan of short steps so much slower, and not more. */
export const HARD_LIMIT = 1.1;

export interface BenchedShape {
  readonly name: string;
  /** Milliseconds of one run. */
  readonly off: Quantiles;
  readonly on: Quantiles;
  /** Of the medians. */
  readonly ratio: number;
  /** Processor time that telemetry adds to a run, in milliseconds: the same whoever else uses the machine. */
  readonly addedCpu: number;
}

export interface Quantiles {
  readonly median: number;
  readonly p95: number;
}

export interface PrimitivesBench {
  readonly machine: { readonly processor: string; readonly cores: number; readonly node: string };
  readonly rounds: number;
  readonly shapes: readonly BenchedShape[];
  /** Microseconds of processor time of a node that does nothing, within a chain of ten. */
  readonly noop: {
    readonly fn: { readonly off: number; readonly on: number };
    readonly step: { readonly off: number; readonly on: number };
  };
  /** No shape is beyond {@link HARD_LIMIT}. */
  readonly ok: boolean;
}

type Plan = Primitive<number, unknown>;

const STEP_MS = 5;
/** Runs of a chain that does nothing are too short to be timed one by one. */
const NOOP_RUNS = 100;
const TEN = Array.from({ length: 10 }, (_, index) => index);

/**
 * What telemetry costs in process: each plan without and with it in turn, with everything on (spans in batches to
 * nobody, metrics, log lines to nobody).
 */
export async function benchPrimitives(options: {
  readonly rounds: number;
  readonly signal: AbortSignal;
}): Promise<PrimitivesBench> {
  const { rounds, signal } = options;
  const withTelemetry = await instrumented();
  const alternate = (plan: Plan, runs: number): Promise<Samples> =>
    inTurn(plan, runs, rounds, withTelemetry, signal);
  // What takes no time comes first: it is run so often that the others find warm code.
  const noopFn = await alternate(
    chainOf((name) => fn(name, (n: number) => n)),
    NOOP_RUNS,
  );
  const noopStep = await alternate(
    chainOf((name) => stepOf(name, 0)),
    NOOP_RUNS,
  );
  const measured: BenchedShape[] = [];
  for (const [name, plan] of Object.entries(shapes())) {
    measured.push(shapeOf(name, await alternate(plan, 1)));
  }
  return {
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      node: process.version,
    },
    rounds,
    shapes: measured,
    noop: { fn: perNode(noopFn), step: perNode(noopStep) },
    ok: measured.every(({ ratio }) => ratio <= HARD_LIMIT),
  };
}

function shapes(): Record<string, Plan> {
  const unsure = step({
    name: 'unsure',
    queue: 'bench',
    input: z.number(),
    output: z.number(),
    async run(n, { attempt }) {
      await pause(STEP_MS);
      if (attempt === 1) throw new Error('once more');
      return n;
    },
  });
  const failing = step({
    name: 'failing',
    queue: 'bench',
    input: z.number(),
    output: z.number(),
    async run(): Promise<number> {
      await pause(STEP_MS);
      throw new Error('never');
    },
  });
  return {
    sequence: chainOf((name) => stepOf(name, STEP_MS)),
    parallel: parallel(Object.fromEntries(TEN.map((n) => [`b${n}`, stepOf(`s${n}`, STEP_MS)]))),
    composed: pipe(
      unsure.retry({ maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 }),
      stepOf('kept', STEP_MS).cached({ scope: 'global' }),
      failing.fallback(stepOf('instead', STEP_MS)),
    ),
  };
}

function stepOf(name: string, ms: number): Primitive<number, number> {
  return step({
    name,
    queue: 'bench',
    input: z.number(),
    output: z.number(),
    async run(n) {
      if (ms > 0) await pause(ms);
      return n;
    },
  });
}

function chainOf(stage: (name: string) => Primitive<number, number>): Plan {
  return make(sequenceOf(TEN.map((n) => stage(`s${n}`).plan)));
}

interface Sample {
  /** Milliseconds. */
  readonly took: number;
  readonly cpu: number;
}

interface Samples {
  readonly off: Sample[];
  readonly on: Sample[];
}

/** Milliseconds of `runs` runs each, off and on in turn, every other pair the other way round; one pair warms up. */
async function inTurn(
  plan: Plan,
  runs: number,
  rounds: number,
  withTelemetry: Instrumented,
  signal: AbortSignal,
): Promise<Samples> {
  const samples: Samples = { off: [], on: [] };
  for (let round = -1; round < rounds; round++) {
    for (const mode of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
      signal.throwIfAborted();
      const took = await (mode === 'on'
        ? withTelemetry((telemetry) => time(plan, runs, telemetry))
        : time(plan, runs));
      if (round >= 0) samples[mode].push(took);
    }
  }
  return samples;
}

async function time(plan: Plan, runs: number, telemetry?: Telemetry): Promise<Sample> {
  const cache = createCache();
  const before = process.cpuUsage();
  const started = performance.now();
  for (let run = 0; run < runs; run++) {
    await runInProcess(plan, 1, {
      definition: 'bench',
      cache,
      ...(telemetry === undefined ? {} : { telemetry }),
    });
  }
  const took = performance.now() - started;
  // What is told of the runs afterwards costs processor time all the same.
  await soon();
  const { user, system } = process.cpuUsage(before);
  return { took, cpu: (user + system) / 1000 };
}

/** Measures with everything switched on, for as long as it measures. */
type Instrumented = (measure: (telemetry: Telemetry) => Promise<Sample>) => Promise<Sample>;

async function instrumented(): Promise<Instrumented> {
  const { startTracing } = await import('../observability/start-tracing.ts');
  const names = { role: 'bench', instance: 'bench', version: VERSION };
  const log = createLogger({ level: 'info', ...names, destination: { write: () => undefined } });
  const metrics = createMetrics(names);
  const exporter = {
    export: (_spans: unknown, done: (result: { code: 0 }) => void) => done({ code: 0 }),
    shutdown: async () => undefined,
  };
  return async (measure) => {
    const tracing = startTracing({ ...names, log, metrics, exporter });
    try {
      return await measure({ metrics, log });
    } finally {
      await tracing.stop();
    }
  };
}

function shapeOf(name: string, samples: Samples): BenchedShape {
  const off = quantilesOf(samples.off.map(({ took }) => took));
  const on = quantilesOf(samples.on.map(({ took }) => took));
  const [cpuOff, cpuOn] = [samples.off, samples.on].map(
    (some) => quantilesOf(some.map(({ cpu }) => cpu)).median,
  );
  return { name, off, on, ratio: rounded(on.median / off.median, 3), addedCpu: rounded(cpuOn! - cpuOff!, 2) };
}

function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!, 2);
  return { median: at(0.5), p95: at(0.95) };
}

function perNode({ off, on }: Samples): { off: number; on: number } {
  const each = (samples: readonly Sample[]): number =>
    rounded((quantilesOf(samples.map(({ cpu }) => cpu)).median * 1000) / NOOP_RUNS / TEN.length, 1);
  return { off: each(off), on: each(on) };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
