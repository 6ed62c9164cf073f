import type { RunContext } from '../../contracts/run-context.ts';
import { withCorrelation } from '../../observability/correlation.ts';
import { computeDelay } from '../../resilience/backoff.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { LeafToAdd, Outcome } from '../advance/facts.ts';
import { done, failed } from '../advance/facts.ts';
import type { Cache } from '../cache/cached-call.ts';
import { idsOf } from '../cache/cache-key.ts';
import { openStepContext, type Checkpoint, type OpenStepContext, type StepContext } from '../step-context.ts';
import { EffectBuffer } from '../effects/effect-buffer.ts';
import { memoryMemo } from '../effects/memo.ts';
import type { MemoryLedger } from '../effects/memory-effects.ts';
import type { AttemptObserver, LeafObserver } from '../observe/attempt.ts';
import { tracedCache } from '../observe/traced-cache.ts';
import type { StepNode, StoredError } from '../plan/node.ts';
import { firstNonJson } from './non-json.ts';
import { StepTokens, type StepToken } from './step-tokens.ts';
import { failureOf, pauseOf } from './thrown-failure.ts';
import type { TimerClock } from './timer-clock.ts';

/** One step as it went. */
export interface StepRecord {
  readonly path: string;
  /** The run it belongs to: another one for what was called. */
  readonly runId: string;
  readonly name: string;
  readonly attempts: number;
  readonly outcome: 'ok' | 'error' | 'abandoned';
  readonly errorCode?: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
}

export interface LeafCallOptions {
  readonly clock: TimerClock;
  readonly random: () => number;
  readonly runId: string;
  readonly correlationId: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly context: RunContext;
  readonly startedAtMs: number;
  readonly runDeadlineAtMs: number | null;
  /** Left out: steps that say they are cached are called all the same. */
  readonly cache?: Cache;
  /** What its calls remember; shared by the steps of a run. */
  readonly memo: Map<string, string>;
  readonly ledger: MemoryLedger;
  readonly observer?: LeafObserver;
  onToken(token: StepToken): void;
  onEnd(outcome: Outcome, record: StepRecord, left: StepLeft): void;
}

/** What a step leaves beside its output; nothing when it failed. */
export interface StepLeft {
  readonly state?: Record<string, unknown>;
  readonly checkpoints: readonly Checkpoint[];
}

const NOTHING_LEFT: StepLeft = { checkpoints: [] };

/**
 * One leaf from its first attempt to its outcome: input and output go through their schemas and through JSON, as
 * they would on the fleet. It ends exactly once; what a handler does after that is nobody's business any more.
 */
export class LeafCall {
  readonly #leaf: LeafToAdd;
  readonly #node: StepNode;
  readonly #options: LeafCallOptions;
  readonly #startedAtMs: number;
  readonly #tokens: StepTokens;
  #attempt = 0;
  #controller: AbortController | undefined;
  /** Told of the attempt that runs. */
  #told: AttemptObserver | undefined;
  #takeBack: (() => void)[] = [];
  #isOver = false;
  #buffer = new EffectBuffer();

  constructor(leaf: LeafToAdd, options: LeafCallOptions) {
    if (leaf.node.kind !== 'step') throw new RangeError('a call of another workflow is no step');
    this.#leaf = leaf;
    this.#node = leaf.node;
    this.#options = options;
    this.#startedAtMs = options.clock.now();
    this.#tokens = new StepTokens(leaf.path, (token) => options.onToken(token));
  }

  start(): void {
    let input: unknown;
    try {
      input = this.#leaf.input();
    } catch (thrown) {
      this.#end(failed(this.#errorOf(thrown)));
      return;
    }
    const parsed = this.#node.input.safeParse(input);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      this.#end(failed(this.#error('input_invalid', `${issue?.path.join('.')}: ${issue?.message}`, false)));
      return;
    }
    this.#try(parsed.data);
  }

  /** The outcome is decided elsewhere; the handler is told to stop. */
  abort(error: StoredError): void {
    this.#controller?.abort(error);
    this.#told?.end(error);
    this.#end(failed(error), 'abandoned');
  }

  #try(input: unknown): void {
    this.#attempt += 1;
    const controller = new AbortController();
    this.#controller = controller;
    const told = this.#options.observer?.attempt(this.#leaf.path, this.#attempt);
    this.#told = told;
    const { timeoutMs } = this.#node;
    if (timeoutMs !== undefined) {
      this.#takeBack.push(
        this.#options.clock.after(timeoutMs, () => {
          const error = this.#error('step_timeout', `took longer than ${timeoutMs} ms`, true);
          controller.abort(error);
          this.#attemptFailed(input, error, controller);
        }),
      );
    }
    const open = this.#open(controller.signal);
    const invoke = (): Promise<unknown> => this.#invoke(input, open.ctx);
    (told === undefined ? invoke() : told.run(invoke)).then(
      (output) => this.#attemptEnded(input, output, controller, open),
      (thrown: unknown) => this.#attemptFailed(input, this.#errorOf(thrown), controller, pauseOf(thrown)),
    );
  }

  #open(signal: AbortSignal): OpenStepContext {
    const { clock, random, runId, correlationId, metadata, context } = this.#options;
    const { path, state, deadlineAtMs } = this.#leaf;
    const attempt = this.#attempt;
    const limits = [deadlineAtMs, this.#options.runDeadlineAtMs].filter((at) => at !== null);
    this.#buffer = new EffectBuffer(
      this.#node.cache === undefined
        ? undefined
        : 'a cached step is not always called: its effects would be missing',
    );
    return openStepContext({
      ids: {
        attempt,
        maxAttempts: this.#node.retry?.maxAttempts ?? 1,
        idempotencyKey: `${runId}.${path}`,
        runId,
        path,
        correlationId,
      },
      signal,
      metadata,
      context,
      state,
      startedAtMs: this.#options.startedAtMs,
      deadlineAtMs: limits.length === 0 ? null : Math.min(...limits),
      now: () => clock.now(),
      random,
      emitToken: (text) => {
        if (attempt === this.#attempt && !this.#isOver && !signal.aborted) this.#tokens.emit(attempt, text);
      },
      effects: this.#buffer,
      ...memoryMemo(this.#options.memo, path),
    });
  }

  async #invoke(input: unknown, ctx: StepContext): Promise<unknown> {
    const { metadata, cache, correlationId } = this.#options;
    const { signal } = ctx;
    if (this.#node.run === undefined) {
      throw new FleetError({
        code: 'definition_error',
        kind: 'internal',
        retryable: false,
        message: `step "${this.#node.name}" is done by the agent of queue "${this.#node.queue}": it needs the fleet`,
      });
    }
    const run = this.#node.run as (input: unknown, ctx: StepContext) => Promise<unknown>;
    const handler = (value: unknown, inner: StepContext): Promise<unknown> =>
      withCorrelation({ correlation_id: correlationId }, () => run(value, inner));
    const { cache: policy, name, output } = this.#node;
    if (cache === undefined || policy === undefined) return handler(structuredClone(input), ctx);
    const accepts = (value: unknown): boolean => output.safeParse(value).success;
    return tracedCache(
      cache,
      policy,
      { name, input, ids: idsOf(metadata), signal, accepts },
      // Several runs may wait for this call, so it ends with the last of them.
      (shared) => handler(structuredClone(input), { ...ctx, signal: shared }),
    );
  }

  #attemptEnded(input: unknown, output: unknown, controller: AbortController, open: OpenStepContext): void {
    if (controller !== this.#controller || this.#isOver) return;
    const parsed = this.#node.output.safeParse(output);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const message = `${issue?.path.join('.')}: ${issue?.message}`;
      this.#attemptFailed(input, this.#error('output_invalid', message, true), controller);
      return;
    }
    const path = firstNonJson(parsed.data, '');
    if (path !== null) {
      const error = this.#error('not_serializable', `output${path} would not survive JSON`, false);
      this.#told?.end(error);
      this.#end(failed(error));
      return;
    }
    try {
      const state = open.changedState();
      const { checkpoints } = open;
      const { savepoint } = this.#node;
      this.#options.ledger.apply(
        this.#leaf.path,
        this.#buffer.seal(),
        savepoint === true ? this.#leaf.path : (savepoint ?? null),
      );
      this.#told?.end(null);
      this.#end(done(parsed.data), 'ok', { checkpoints, ...(state === undefined ? {} : { state }) });
    } catch (thrown) {
      this.#attemptFailed(input, this.#errorOf(thrown), controller);
    }
  }

  /** Another attempt after its pause, or the end. */
  #attemptFailed(
    input: unknown,
    error: StoredError,
    controller: AbortController,
    retryAfterMs?: number,
  ): void {
    if (controller !== this.#controller || this.#isOver) return;
    this.#controller = undefined;
    this.#told?.end(error);
    this.#clearTimers();
    const policy = this.#node.retry;
    const mayRetry =
      policy !== undefined &&
      error.retryable &&
      this.#attempt < policy.maxAttempts &&
      (this.#node.retryIf?.(error) ?? true);
    if (!mayRetry) {
      this.#end(failed(this.#attempt > 1 ? { ...error, attempts: this.#attempt } : error));
      return;
    }
    const delayMs = computeDelay(policy, this.#attempt, this.#options.random, retryAfterMs);
    const { clock } = this.#options;
    if (this.#leaf.deadlineAtMs !== null && clock.now() + delayMs >= this.#leaf.deadlineAtMs) {
      this.#end(failed(this.#error('deadline_exceeded', 'no time is left for another attempt', false)));
      return;
    }
    this.#takeBack.push(clock.after(delayMs, () => this.#try(input)));
  }

  #end(
    outcome: Outcome,
    as: StepRecord['outcome'] = outcome.state === 'done' ? 'ok' : 'error',
    left = NOTHING_LEFT,
  ): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clearTimers();
    if (outcome.state === 'done') this.#tokens.end();
    const record: StepRecord = {
      path: this.#leaf.path,
      runId: this.#options.runId,
      name: this.#node.name,
      attempts: this.#attempt,
      outcome: as,
      ...(outcome.state === 'failed' ? { errorCode: outcome.error.code } : {}),
      startedAtMs: this.#startedAtMs,
      durationMs: this.#options.clock.now() - this.#startedAtMs,
    };
    this.#options.onEnd(outcome, record, left);
  }

  #clearTimers(): void {
    for (const takeBack of this.#takeBack.splice(0)) takeBack();
  }

  #errorOf(thrown: unknown): StoredError {
    return { ...failureOf(thrown), path: this.#leaf.path, at: this.#options.clock.now() };
  }

  #error(code: string, message: string, retryable: boolean): StoredError {
    return { code, message, path: this.#leaf.path, retryable, at: this.#options.clock.now() };
  }
}
