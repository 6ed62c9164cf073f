import type { RunContext } from '../../contracts/run-context.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { advance } from '../advance/advance.ts';
import type { Abandonment, Continuation, Facts, GivenUp, LeafToAdd, Outcome } from '../advance/facts.ts';
import { stateKey } from '../advance/scope.ts';
import type { Primitive } from '../compose/primitive.ts';
import { savepointOf } from '../effects/effect.ts';
import { MemoryEffects, MemoryLedger } from '../effects/memory-effects.ts';
import { PrimitiveError } from '../primitive-error.ts';
import { observeRun, type ObservedRun } from '../observe/observed-run.ts';
import { MOST_CHECKPOINTS, type Checkpoint } from '../step-context.ts';
import type { CallNode, PlanNode, StoredError } from '../plan/node.ts';
import { calledBy } from '../plan/callable.ts';
import { CallRun } from './call-run.ts';
import { LeafCall, type StepLeft, type StepRecord } from './leaf-call.ts';
import { parseContext, type RunOptions, type RunResult } from './run-options.ts';
import { systemTimerClock, type TimerClock } from './timer-clock.ts';

/**
 * Run a plan here and now, without queues: the same core as on the fleet decides what happens, this only calls
 * handlers and keeps the facts in memory.
 *
 * Errors: PrimitiveError with the code of what failed, its path and the trace so far; context_invalid before anything runs
 */
export async function runInProcess<I, O>(
  primitive: Primitive<I, O>,
  input: I,
  options: RunOptions = {},
): Promise<RunResult<O>> {
  const run = new InProcessRun(primitive.plan, input, options);
  // The plan's own types say what comes out; the interpreter handles values it knows nothing of.
  return (await run.start()) as RunResult<O>;
}

/** When time alone changes something, at the earliest. */
function earliest({ alarms, waits }: Continuation): number | null {
  const moments = [...alarms.map((alarm) => alarm.atMs), ...waits.map((wait) => wait.dueAtMs)];
  return moments.length === 0 ? null : Math.min(...moments);
}

class InProcessRun {
  readonly #plan: PlanNode;
  readonly #input: unknown;
  readonly #options: RunOptions;
  readonly #clock: TimerClock;
  readonly #startedAt: number;
  readonly #runId: string;
  readonly #results: Record<string, unknown> = {};
  readonly #errors: Record<string, StoredError> = {};
  readonly #decisions: Record<string, unknown> = {};
  readonly #calls = new Map<string, LeafCall | CallRun>();
  readonly #context: RunContext;
  readonly #checkpoints: Checkpoint[] = [];
  readonly #trace: StepRecord[] = [];
  readonly #memo = new Map<string, string>();
  readonly #ledger: MemoryLedger;
  readonly #end = Promise.withResolvers<RunResult<unknown>>();
  readonly #observed: ObservedRun | undefined;
  #ending: Abandonment | undefined;
  #takeBackWake: (() => void) | undefined;
  #isOver = false;

  constructor(plan: PlanNode, input: unknown, options: RunOptions) {
    this.#plan = plan;
    this.#input = input;
    this.#options = options;
    this.#clock = options.clock ?? systemTimerClock;
    this.#startedAt = this.#clock.now();
    this.#context = parseContext(options.context);
    this.#runId = options.runId ?? `wf_${uuidv7()}`;
    Object.assign(this.#results, options.recorded?.results);
    Object.assign(this.#errors, options.recorded?.errors);
    Object.assign(this.#decisions, options.recorded?.decisions);
    this.#ending = options.recorded?.ending;
    this.#ledger = options.ledger ?? new MemoryLedger(options.effects ?? new MemoryEffects());
    this.#observed = observeRun(options, { runId: this.#runId, correlationId: this.#correlationId() });
  }

  async start(): Promise<RunResult<unknown>> {
    const { signal, timeoutMs } = this.#options;
    const onAbort = (): void =>
      this.#giveUp({ code: 'cancelled', message: String(signal?.reason), path: '' });
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const takeBackDeadline =
      timeoutMs === undefined
        ? undefined
        : this.#clock.after(timeoutMs, () =>
            this.#giveUp({
              code: 'deadline_exceeded',
              message: `the run took longer than ${timeoutMs} ms`,
              path: '',
            }),
          );
    try {
      this.#advance();
      return await this.#end.promise;
    } finally {
      this.#isOver = true;
      this.#observed?.finish();
      takeBackDeadline?.();
      this.#takeBackWake?.();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #giveUp(why: Abandonment): void {
    if (this.#ending !== undefined || this.#isOver) return;
    this.#ending = why;
    this.#advance();
  }

  /** Look at the facts until nothing more follows from them at once. */
  #advance(): void {
    if (this.#isOver) return;
    try {
      for (;;) {
        const facts = this.#facts();
        const next = advance(this.#plan, this.#input, facts, this.#observed?.trail);
        this.#options.onAdvance?.(facts, next);
        if (next.decide.length > 0 || next.abandon.length > 0) {
          for (const { key, value } of next.decide) this.#decisions[key] ??= value;
          const ended = next.abandon.filter((givenUp) => this.#abandon(givenUp));
          if (next.decide.length > 0 || ended.length > 0) continue;
        }
        // A called run that is given up ends first.
        if (next.outcome.state !== 'pending' && next.abandon.length === 0) return this.#finish(next);
        for (const leaf of next.add) this.#call(leaf);
        return this.#wakeAt(earliest(next));
      }
    } catch (error) {
      this.#isOver = true;
      this.#end.reject(error);
    }
  }

  #facts(): Facts {
    return {
      results: this.#results,
      errors: this.#errors,
      decisions: this.#decisions,
      signals: this.#options.signals ?? {},
      nowMs: this.#clock.now(),
      ...(this.#options.random === undefined ? {} : { random: this.#options.random }),
      ...(this.#ending === undefined ? {} : { ending: this.#ending }),
      ...(this.#options.metadata === undefined ? {} : { metadata: this.#options.metadata }),
      ...(this.#context.state === undefined ? {} : { state: this.#context.state }),
    };
  }

  #call(leaf: LeafToAdd): void {
    if (this.#calls.has(leaf.path)) return;
    const call = leaf.node.kind === 'call' ? this.#callRun(leaf, leaf.node) : this.#leafCall(leaf);
    this.#calls.set(leaf.path, call);
    call.start();
  }

  #leafCall(leaf: LeafToAdd): LeafCall {
    return new LeafCall(leaf, {
      clock: this.#clock,
      random: this.#options.random ?? Math.random,
      runId: this.#runId,
      correlationId: this.#correlationId(),
      metadata: this.#options.metadata ?? {},
      context: this.#context,
      startedAtMs: this.#startedAt,
      runDeadlineAtMs: this.#deadlineAtMs(),
      memo: this.#memo,
      ledger: this.#ledger,
      ...(this.#options.cache === undefined ? {} : { cache: this.#options.cache }),
      ...(this.#observed === undefined ? {} : { observer: this.#observed }),
      onToken: (token) => this.#options.onToken?.(token),
      onEnd: (outcome, record, left) => {
        this.#trace.push(record);
        this.#keep(leaf.path, left);
        this.#ended(leaf.path, outcome);
      },
    });
  }

  #callRun(leaf: LeafToAdd, node: CallNode): CallRun {
    const { clock, random, metadata, cache, compensators, workflows = [], depth = 0 } = this.#options;
    const ledger = this.#ledger.forCalled();
    return new CallRun(leaf, node, {
      depth,
      workflows,
      runId: this.#runId,
      now: () => this.#clock.now(),
      common: {
        correlationId: this.#correlationId(),
        workflows,
        depth: depth + 1,
        ...(clock === undefined ? {} : { clock }),
        ...(random === undefined ? {} : { random }),
        ...(metadata === undefined ? {} : { metadata }),
        context: { ...this.#context, state: leaf.state },
        ...(cache === undefined ? {} : { cache }),
        ledger,
        ...(compensators === undefined ? {} : { compensators }),
      },
      start: runInProcess,
      onEnd: (outcome, trace) => {
        this.#trace.push(...trace);
        if (outcome.state === 'done') {
          const runId = `${this.#runId}.${leaf.path}`;
          const { compensators: own } = calledBy(node, workflows) ?? {};
          this.#ledger.applyCalled(leaf.path, { runId, ledger, compensators: own });
        }
        this.#ended(leaf.path, outcome);
      },
    });
  }

  /** What a step that succeeded left beside its result, unless it was given up. */
  #keep(path: string, left: StepLeft): void {
    if (Object.hasOwn(this.#errors, path)) return;
    if (left.state !== undefined) this.#results[stateKey(path)] = left.state;
    this.#checkpoints.push(...left.checkpoints);
    if (this.#checkpoints.length > MOST_CHECKPOINTS)
      this.#checkpoints.splice(0, this.#checkpoints.length - MOST_CHECKPOINTS);
  }

  #deadlineAtMs(): number | null {
    const { timeoutMs } = this.#options;
    return timeoutMs === undefined ? null : this.#startedAt + timeoutMs;
  }

  #ended(path: string, outcome: Outcome): void {
    if (Object.hasOwn(this.#errors, path)) return;
    if (outcome.state === 'done') this.#results[path] = outcome.value;
    else if (outcome.state === 'failed') this.#errors[path] = outcome.error;
    this.#advance();
  }

  /**
   * From now on the leaf has failed, whatever its handler still does; a run that was called ends by itself.
   * @returns whether that is so already
   */
  #abandon({ path, error, isCall }: GivenUp): boolean {
    const call = this.#calls.get(path);
    call?.abort(error);
    if (isCall && call !== undefined) return false;
    this.#errors[path] ??= error;
    return true;
  }

  #wakeAt(atMs: number | null): void {
    this.#takeBackWake?.();
    this.#takeBackWake =
      atMs === null
        ? undefined
        : this.#clock.after(Math.max(0, atMs - this.#clock.now()), () => this.#advance());
  }

  #finish(next: Continuation): void {
    this.#isOver = true;
    const { outcome } = next;
    if (outcome.state === 'pending') return;
    if (outcome.state === 'failed') {
      const error = new PrimitiveError(outcome.error, this.#trace);
      this.#rollBack().then(() => this.#end.reject(error), this.#end.reject);
      return;
    }
    this.#end.resolve({
      output: outcome.value,
      runId: this.#runId,
      correlationId: this.#correlationId(),
      durationMs: this.#clock.now() - this.#startedAt,
      isDegraded: next.isDegraded,
      state: next.state,
      checkpoints: this.#checkpoints,
      trace: this.#trace,
      branches: next.branches,
    });
  }

  async #rollBack(): Promise<void> {
    const { onFailure, compensators = {} } = this.#options;
    const savepoint = savepointOf(onFailure);
    if (savepoint === null) return;
    const signal = new AbortController().signal;
    await this.#ledger.rollBack(savepoint, { runId: this.#runId, compensators, signal });
  }

  #correlationId(): string {
    return this.#options.correlationId ?? this.#runId;
  }
}
