import { MAX_STATE_BYTES, type RunContext } from '../contracts/run-context.ts';
import { FleetError } from '../kernel/errors.ts';
import type { StepEffects } from './effects/effect.ts';
import type { StepMemo } from './effects/memo.ts';

/** A named moment of a run. */
export interface Checkpoint {
  readonly name: string;
  readonly path: string;
  /** Milliseconds since the run began. */
  readonly at_ms: number;
}

/** What a run inside a step's handler has in common with the run of the step: pass it to `runInProcess`. */
export interface InheritedContext {
  readonly correlationId: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly context: RunContext;
  readonly signal: AbortSignal;
}

/** What a step's handler gets beside its input. */
export interface StepContext {
  readonly signal: AbortSignal;
  /** 1-based. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** `<run_id>.<path>`: equal on every attempt, replay and resume. */
  readonly idempotencyKey: string;
  readonly runId: string;
  readonly path: string;
  readonly correlationId: string;
  /** What the run's caller calls what made it begin. */
  readonly causationId?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly baggage: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /**
   * As the stages before left it; a handler may change it in place. What a successful attempt changes, later stages of
   * the same sequence see; branches have copies of their own. A remembered result (`cached`) changes nothing.
   */
  readonly state: Record<string, unknown>;
  /** When the run, or a limit around the step, ends: epoch milliseconds; null = nothing limits it. */
  readonly deadlineAtMs: number | null;
  checkpoint(name: string): void;
  /** Since the run began. */
  elapsedMs(): number;
  child(): InheritedContext;
  now(): number;
  random(): number;
  /**
   * Show a piece of the text that the step writes to whoever follows the run. It takes no time and cannot fail; what it
   * shows is no result. Of calls that share a cached one only the first shows anything.
   */
  emitToken(text: string): void;
  /** Changes to state of the fleet: they happen with the result, once, and can be undone. Not for cached steps. */
  readonly effects: StepEffects;
  /**
   * The output of a call that costs something or must not be made twice, like a model's. It is kept before the step goes
   * on, so another attempt, also after a crash, gets it without the call; a call that fails is made again. Check the
   * answer inside of `produce`: what comes out stands. JSON, at most 256 KiB.
   *
   * @param key  tells the calls of one step apart
   * Errors: what `produce` throws; not_serializable, result_too_large; lock_lost when another worker has the step
   */
  memo<T>(key: string, produce: () => Promise<T>): Promise<T>;
}

/** More than these are of no use to anybody; the oldest go first. */
export const MOST_CHECKPOINTS = 1000;

export interface StepContextFacts {
  readonly ids: Pick<
    StepContext,
    'attempt' | 'maxAttempts' | 'idempotencyKey' | 'runId' | 'path' | 'correlationId'
  >;
  readonly signal: AbortSignal;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly context: RunContext;
  readonly state: Readonly<Record<string, unknown>>;
  readonly startedAtMs: number;
  readonly deadlineAtMs: number | null;
  readonly effects: StepEffects;
  readonly memo: StepMemo['memo'];
  emitToken(text: string): void;
  now(): number;
  random(): number;
}

/** The context of one attempt, and what the attempt leaves behind when it succeeds. */
export interface OpenStepContext {
  readonly ctx: StepContext;
  readonly checkpoints: readonly Checkpoint[];
  /**
   * The state as the handler left it; undefined when it changed nothing.
   * Errors: context_invalid (never retried) when it is too large or no JSON
   */
  changedState(): Record<string, unknown> | undefined;
}

/** The same context in both interpreters. */
export function openStepContext(facts: StepContextFacts): OpenStepContext {
  const { ids, metadata, context, signal, startedAtMs } = facts;
  const before = JSON.stringify(facts.state);
  const state = JSON.parse(before) as Record<string, unknown>;
  const checkpoints: Checkpoint[] = [];
  const elapsedMs = (): number => Math.max(0, facts.now() - startedAtMs);
  const ctx: StepContext = {
    ...ids,
    signal,
    metadata,
    ...(context.causation_id === undefined ? {} : { causationId: context.causation_id }),
    baggage: context.baggage ?? {},
    tags: context.tags ?? [],
    state,
    deadlineAtMs: facts.deadlineAtMs,
    checkpoint(name) {
      checkpoints.push({ name, path: ids.path, at_ms: elapsedMs() });
      if (checkpoints.length > MOST_CHECKPOINTS) checkpoints.shift();
    },
    elapsedMs,
    child: () => ({
      correlationId: ids.correlationId,
      metadata,
      context: { ...context, causation_id: ids.idempotencyKey.slice(-128), state: structuredClone(state) },
      signal,
    }),
    emitToken: (text) => facts.emitToken(text),
    effects: facts.effects,
    memo: facts.memo,
    now: () => facts.now(),
    random: () => facts.random(),
  };
  return {
    ctx,
    checkpoints,
    changedState() {
      const after = stateText(state, ids.path);
      return after === before ? undefined : (JSON.parse(after) as Record<string, unknown>);
    },
  };
}

function stateText(state: Record<string, unknown>, path: string): string {
  try {
    const text = JSON.stringify(state);
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_STATE_BYTES) return text;
    throw contextInvalid(
      `the state that step "${path}" left takes ${bytes} bytes; at most ${MAX_STATE_BYTES} are kept`,
    );
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw contextInvalid(`the state that step "${path}" left is no JSON: ${String(error)}`);
  }
}

export function contextInvalid(message: string): FleetError {
  return new FleetError({ code: 'context_invalid', kind: 'invalid_input', retryable: false, message });
}
