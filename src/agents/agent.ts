import type { z, ZodType } from 'zod';
import type { AppliedOperation, World } from '../contracts/world.ts';
import type { Language } from '../models/language.ts';

/** The few levels an agent may log at; a pino child logger fits. */
export interface AgentLogger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
}

/** The worlds as an agent sees them: one operation that reads, decides and writes as one. */
export interface WorldAccess {
  /**
   * Hand the current world to `apply` and store what it returns with a version compare-and-set; `apply` is
   * called again on the fresh world when another writer came first, so it must be pure.
   *
   * The write and the step's result are recorded together and at most once for the step: a repeated step gets
   * the recorded output back and `apply` is not called.
   *
   * @param apply  `next: null` means nothing changed: nothing is written; `applied` is what the world's history tells
   * @param options.ofVersion  `apply` is given the world of that version, under the number of the present one: what
   *   it returns replaces what others have done since
   * Errors: world_contention (conflict) after five lost races, world_too_large (invalid_input); with `ofVersion` also
   * world_version_not_found (not_found), world_version_gone (not_found)
   */
  transact<T>(
    worldId: string,
    apply: (world: World) => { next: World | null; output: T; applied?: readonly AppliedOperation[] },
    options?: { readonly ofVersion?: number },
  ): Promise<T>;
}

export interface EmitOptions {
  readonly anew?: boolean;
  /** With `anew`: what was emitted before may not be told, and whoever read it is told so. */
  readonly blocked?: boolean;
}

/** Where a step belongs. */
export interface AgentStep {
  readonly runId: string;
  readonly workflow: string;
  readonly path: string;
  readonly worldId: string | undefined;
}

/** What the shell around a job gives an agent. Agents know nothing of queues. */
export interface AgentContext {
  /** Aborts on timeout, cancellation and shutdown; hand it to everything that waits. */
  readonly signal: AbortSignal;
  /** Equal on every attempt, replay and resume of the same step. */
  readonly idempotencyKey: string;
  /** 1-based. */
  readonly attempt: number;
  /** Milliseconds this attempt should plan with; what cuts it short comes later, or at the same time. */
  readonly budgetMs: number;
  readonly log: AgentLogger;
  /** The step it works for; absent: a job that stands alone. */
  readonly step?: AgentStep;
  /** For whom it works, where that is known. */
  readonly player?: { readonly sessionId: string | undefined; readonly userId: string | undefined };
  readonly worlds: WorldAccess;
  /** The models this agent may ask; null: none is configured, which is no degradation. */
  readonly language: Language | null;
  /**
   * What `produce` gave under this name in an earlier attempt of the step, or what it gives now: calls that cost
   * money are not repeated because a worker died.
   */
  memo<T>(key: string, produce: () => Promise<T>): Promise<T>;
  /**
   * A piece of the text, safe to be read while the rest is made. Together they are the text of the output.
   *
   * @param options.anew  what was emitted before is void: the text begins with this piece
   */
  emit(text: string, options?: EmitOptions): void;
}

/** An agent: typed input, typed output, one plain asynchronous function. */
export interface Agent<I extends ZodType = ZodType, O extends ZodType = ZodType> {
  /** The queue it works on: `ipa`, `wba`, `nga`, or its own type. */
  readonly name: string;
  readonly input: I;
  readonly output: O;
  run(input: z.output<I>, ctx: AgentContext): Promise<z.input<O>>;
}
