// A process that calls through a shared circuit as its parent tells it:
//   fork('tests/support/circuit-process.ts', ['{"url":…,"prefix":…,"config":{…}}'])
import { deferred, type Deferred } from '../../src/kernel/deferred.ts';
import { isFleetError } from '../../src/kernel/errors.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import type { Breaker } from '../../src/resilience/breaker.ts';
import type { BreakerSettings } from '../../src/resilience/breaker-config.ts';
import type { BreakerState } from '../../src/resilience/breaker-rules.ts';
import { createSharedBreakers } from '../../src/resilience/shared/shared-breakers.ts';

export interface CircuitTask {
  readonly url: string;
  readonly prefix: string;
  readonly circuits: Readonly<Record<string, BreakerSettings>>;
}

export type CircuitOrder = { readonly circuit: string } & CircuitWork;
export type CircuitWork =
  | { readonly what: 'fail' | 'succeed'; readonly times: number }
  /** Begins calls that stay in flight; the answer tells which of them were made. */
  | { readonly what: 'hold'; readonly times: number; readonly timeoutMs: number }
  /** Ends held calls well. */
  | { readonly what: 'release'; readonly times: number }
  | { readonly what: 'until_permitted' | 'state' }
  | { readonly what: 'until_state'; readonly state: BreakerState };

/** `fine`, `failed`, or why a call was refused. */
export interface CircuitOutcome {
  readonly outcome: string;
  readonly retryAfterMs?: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as CircuitTask;
const redis = await connectRedis({ url: task.url, name: 'circuits', onOutage: 'fail_fast' });
const subscriber = await connectRedis({ url: task.url, name: 'notices', onOutage: 'fail_fast' });
const heard = new Set<() => void>();
const breakers = createSharedBreakers({
  redis,
  subscriber,
  prefix: task.prefix,
  circuits: task.circuits,
  // What is tested is what they decide together, on a machine that may be busy.
  answerLimitMs: 5000,
  onTransition: () => heard.forEach((tell) => tell()),
});
for (const name of Object.keys(task.circuits)) breakers.get(name);
const held: Deferred<void>[] = [];

async function call(breaker: Breaker, fn: () => Promise<unknown>, timeoutMs = 5000): Promise<CircuitOutcome> {
  try {
    await breaker.execute(fn, { timeoutMs });
    return { outcome: 'fine' };
  } catch (error) {
    if (!isFleetError(error) || error.code !== 'circuit_open') return { outcome: 'failed' };
    return { outcome: String(error.details?.['reason']), retryAfterMs: error.retryAfterMs ?? 0 };
  }
}

async function repeat(
  breaker: Breaker,
  times: number,
  fn: () => Promise<unknown>,
): Promise<CircuitOutcome[]> {
  const outcomes: CircuitOutcome[] = [];
  for (let i = 0; i < times; i += 1) outcomes.push(await call(breaker, fn));
  return outcomes;
}

function hold(breaker: Breaker, times: number, timeoutMs: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: times }, async () => {
      const made = deferred<string>();
      const work = (): Promise<void> => {
        const gate = deferred();
        held.push(gate);
        made.resolve('made');
        return gate.promise;
      };
      return Promise.race([made.promise, call(breaker, work, timeoutMs).then(({ outcome }) => outcome)]);
    }),
  );
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise<void>((resolve) => {
      heard.add(resolve);
      setTimeout(resolve, 10);
    });
    heard.clear();
  }
}

async function obey(order: CircuitOrder): Promise<unknown> {
  const breaker = breakers.get(order.circuit);
  switch (order.what) {
    case 'fail':
      return repeat(breaker, order.times, () => Promise.reject(new Error('down')));
    case 'succeed':
      return repeat(breaker, order.times, () => Promise.resolve());
    case 'hold':
      return hold(breaker, order.times, order.timeoutMs);
    case 'release':
      held.splice(0, order.times).forEach((gate) => gate.resolve());
      return null;
    case 'until_permitted':
      await until(() => breaker.isCallPermitted());
      return null;
    case 'until_state':
      await until(() => breaker.state() === order.state);
      return null;
    case 'state':
      return breaker.state();
  }
}

process.on('message', (order: CircuitOrder) => {
  void obey(order).then((answer) => process.send?.({ answer }));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ answer: 'ready' });
