import type { LeafToAdd, Outcome } from '../advance/facts.ts';
import { done, failed } from '../advance/facts.ts';
import { make } from '../compose/make.ts';
import { CALL_TOO_DEEP, callError, calledBy, MAX_CALL_DEPTH, type Callable } from '../plan/callable.ts';
import type { CallNode, StoredError } from '../plan/node.ts';
import { PrimitiveError } from '../primitive-error.ts';
import type { StepRecord } from './leaf-call.ts';
import type { RunOptions, RunResult } from './run-options.ts';
import type { Primitive } from '../compose/primitive.ts';

export interface CallRunOptions {
  /** How many runs there are around it. */
  readonly depth: number;
  readonly workflows: readonly Callable[];
  /** What the called run has in common with the one that calls it. */
  readonly common: RunOptions;
  readonly runId: string;
  readonly now: () => number;
  start(
    primitive: Primitive<unknown, unknown>,
    input: unknown,
    options: RunOptions,
  ): Promise<RunResult<unknown>>;
  onEnd(outcome: Outcome, trace: readonly StepRecord[]): void;
}

/** A run of another workflow below a leaf. Given up, it ends when that run has undone what it must. */
export class CallRun {
  readonly #leaf: LeafToAdd;
  readonly #node: CallNode;
  readonly #options: CallRunOptions;
  readonly #controller = new AbortController();
  #givenUp: StoredError | undefined;

  constructor(leaf: LeafToAdd, node: CallNode, options: CallRunOptions) {
    this.#leaf = leaf;
    this.#node = node;
    this.#options = options;
  }

  start(): void {
    void this.#toItsEnd();
  }

  abort(error: StoredError): void {
    this.#givenUp ??= error;
    this.#controller.abort(error.message);
  }

  async #toItsEnd(): Promise<void> {
    try {
      const { output, trace } = await this.#run();
      this.#options.onEnd(done(output), this.#below(trace));
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  async #run(): Promise<RunResult<unknown>> {
    const { workflows, common, depth } = this.#options;
    const callee = calledBy(this.#node, workflows);
    if (callee === undefined) {
      throw this.#error('workflow_not_found', `workflow "${this.#node.workflow}" is not known`);
    }
    if (depth >= MAX_CALL_DEPTH) throw new PrimitiveError(this.#stored(CALL_TOO_DEEP));
    const input = callee.input.safeParse(this.#leaf.input());
    if (!input.success) {
      const issue = input.error.issues[0];
      throw this.#error('input_invalid', `${issue?.path.join('.')}: ${issue?.message}`);
    }
    return this.#options.start(make(callee.plan), input.data, {
      ...common,
      runId: `${this.#options.runId}.${this.#leaf.path}`,
      timeoutMs: callee.timeoutMs,
      ...(callee.onFailure === undefined ? {} : { onFailure: callee.onFailure }),
      ...(callee.compensators === undefined ? {} : { compensators: callee.compensators }),
      signal: this.#controller.signal,
    });
  }

  #failed(thrown: unknown): void {
    const trace = thrown instanceof PrimitiveError ? this.#below(thrown.trace) : [];
    if (this.#givenUp !== undefined) return this.#options.onEnd(failed(this.#givenUp), trace);
    const ended =
      thrown instanceof PrimitiveError
        ? thrown
        : { code: 'definition_error', message: thrown instanceof Error ? thrown.message : String(thrown) };
    this.#options.onEnd(failed(this.#stored(ended)), trace);
  }

  #error(code: string, message: string): PrimitiveError {
    return new PrimitiveError({ code, message, path: '', retryable: false, at: this.#options.now() });
  }

  #stored(ended: { code: string; message: string; retryable?: boolean }): StoredError {
    return callError(this.#node, this.#leaf.path, ended, this.#options.now());
  }

  /** Paths of the called run stand below the leaf. */
  #below(trace: readonly StepRecord[]): StepRecord[] {
    return trace.map((record) => ({ ...record, path: `${this.#leaf.path}.${record.path}` }));
  }
}
