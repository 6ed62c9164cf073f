import { z, type ZodType } from 'zod';
import { AGENTS } from '../../contracts/agent-type.ts';
import { FleetError } from '../../kernel/errors.ts';
import { step } from '../compose/combine.ts';
import type { Primitive } from '../compose/primitive.ts';
import type { StepContext } from '../step-context.ts';
import type { StepNode } from '../plan/node.ts';
import type { TimerClock } from '../in-process/timer-clock.ts';
import { createSpy, type Spy } from './spy.ts';

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
  /** Where a fleet puts it; default the first that every fleet works on. */
  readonly queue?: string;
  readonly input?: ZodType;
  readonly output?: ZodType;
  /** What every call gives. */
  readonly returns?: unknown;
  /** What the calls give, one after the other; an Error is thrown. One call more fails the test. */
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
  /** The handler as `expect(mock.fn).toHaveBeenCalledTimes(2)` wants it: called with the input and the context. */
  readonly fn: Spy<unknown, StepContext>;
  /** Set when it was called more often than it has answers. */
  readonly complaint: FleetError | null;
  /** Forgets its calls and begins its answers anew. */
  reset(): void;
}

const COMPLAINTS = new WeakMap<object, () => FleetError | null>();

/** What the double behind a handler complains of, for whoever runs plans with doubles in them. */
export function complaintOf(handler: object): FleetError | null {
  return COMPLAINTS.get(handler)?.() ?? null;
}

export function mockPrimitive(options: MockOptions): MockPrimitive {
  const { name, queue = AGENTS[0], input = z.unknown(), output = z.unknown() } = options;
  const calls: MockCall[] = [];
  let complaint: FleetError | null = null;
  const fn = createSpy<unknown, StepContext>(name, async (given, ctx) => {
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
      if (error instanceof FleetError && error.code === 'mock_exhausted') complaint = error;
      throw error;
    }
  });
  const primitive = step({ name, queue, input, output, run: fn });
  // A step has its handler.
  COMPLAINTS.set((primitive.plan as StepNode).run!, () => complaint);
  return {
    primitive,
    fn,
    get complaint() {
      return complaint;
    },
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
    reset() {
      calls.splice(0);
      fn.mockClear();
      complaint = null;
    },
  };
}

function answer(options: MockOptions, input: unknown, ctx: StepContext, index: number): unknown {
  if (options.throws !== undefined) throw options.throws;
  if (options.implementation !== undefined) return options.implementation(input, ctx);
  if (options.sequence === undefined) return options.returns ?? null;
  if (index >= options.sequence.length) {
    throw new FleetError({
      code: 'mock_exhausted',
      kind: 'internal',
      retryable: false,
      message: `"${options.name}" was called ${index + 1} times; it has ${options.sequence.length} answers`,
    });
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
