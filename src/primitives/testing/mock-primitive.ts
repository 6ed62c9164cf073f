import { z, type ZodType } from 'zod';
import { step } from '../compose/combine.ts';
import type { Primitive } from '../compose/primitive.ts';
import type { StepContext } from '../step-context.ts';
import type { TimerClock } from '../in-process/timer-clock.ts';

/** One call of a double. */
export interface MockCall {
  /** As it was when the call was made. */
  readonly input: unknown;
  readonly ctx: StepContext;
  readonly attempt: number;
  readonly startedAtMs: number;
  /** Null while it is under way. */
  settled: 'ok' | 'error' | null;
}

export interface MockOptions {
  readonly name: string;
  readonly queue?: string;
  readonly input?: ZodType;
  readonly output?: ZodType;
  /** What every call gives. */
  readonly returns?: unknown;
  /** What the calls give, one after the other; an Error is thrown. One call more fails. */
  readonly sequence?: readonly unknown[];
  readonly throws?: Error;
  readonly implementation?: (input: unknown, ctx: StepContext) => unknown;
  /** How long a call takes on the clock given with it. */
  readonly delayMs?: number;
  readonly clock?: TimerClock;
}

/** A step that does what a test says, and remembers what it was asked. */
export interface MockPrimitive {
  readonly primitive: Primitive<unknown, unknown>;
  readonly name: string;
  readonly queue: string;
  readonly calls: readonly MockCall[];
  readonly callCount: number;
  readonly lastInput: unknown;
  readonly lastContext: StepContext | undefined;
  reset(): void;
}

export function mockPrimitive(options: MockOptions): MockPrimitive {
  const { name, queue = 'test', input = z.unknown(), output = z.unknown() } = options;
  const calls: MockCall[] = [];
  const primitive = step({
    name,
    queue,
    input,
    output,
    run: async (given, ctx) => {
      const call: MockCall = {
        input: structuredClone(given),
        ctx,
        attempt: ctx.attempt,
        startedAtMs: ctx.now(),
        settled: null,
      };
      calls.push(call);
      const index = calls.length - 1;
      try {
        await pause(options, ctx.signal);
        const value = await answer(options, given, ctx, index);
        call.settled = 'ok';
        return value;
      } catch (error) {
        call.settled = 'error';
        throw error;
      }
    },
  });
  return {
    primitive,
    name,
    queue,
    calls,
    get callCount() {
      return calls.length;
    },
    get lastInput() {
      return calls.at(-1)?.input;
    },
    get lastContext() {
      return calls.at(-1)?.ctx;
    },
    reset: () => void calls.splice(0),
  };
}

function answer(options: MockOptions, input: unknown, ctx: StepContext, index: number): unknown {
  if (options.throws !== undefined) throw options.throws;
  if (options.implementation !== undefined) return options.implementation(input, ctx);
  if (options.sequence === undefined) return options.returns ?? null;
  if (index >= options.sequence.length) {
    throw new RangeError(`"${options.name}" was called ${index + 1} times; it has ${index} answers`);
  }
  const value = options.sequence[index];
  if (value instanceof Error) throw value;
  return value;
}

/** Until the time has passed, or nobody waits for it any more. */
async function pause({ delayMs, clock }: MockOptions, signal: AbortSignal): Promise<void> {
  if (delayMs === undefined) return;
  if (clock === undefined) throw new TypeError('delayMs needs a clock');
  await new Promise<void>((resolve, reject) => {
    const takeBack = clock.after(delayMs, resolve);
    const stop = (): void => {
      takeBack();
      reject(new Error('aborted'));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
