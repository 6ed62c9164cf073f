import { RunContext } from '../../contracts/run-context.ts';
import type { Continuation, Facts } from '../advance/facts.ts';
import type { Cache } from '../cache/cached-call.ts';
import type { Compensators, OnFailure } from '../effects/effect.ts';
import type { MemoryEffects, MemoryLedger } from '../effects/memory-effects.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import type { Callable } from '../plan/callable.ts';
import { contextInvalid, type Checkpoint } from '../step-context.ts';
import type { StepRecord } from './leaf-call.ts';
import type { StepToken } from './step-tokens.ts';
import type { TimerClock } from './timer-clock.ts';

export interface RunOptions {
  readonly runId?: string;
  readonly correlationId?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Baggage, tags, and the state with which the run begins. */
  readonly context?: Omit<RunContext, 'v'>;
  /** Aborting cancels the run; sagas still undo what they did. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly clock?: TimerClock;
  /** Uniform in [0, 1): jitter and `ctx.random()`. */
  readonly random?: () => number;
  /** Where cached steps look first; whose call it is stands in the metadata (`player_id`, `session_id`). */
  readonly cache?: Cache;
  /** Payloads for `waitFor`, there from the start. */
  readonly signals?: Readonly<Record<string, unknown>>;
  /** What `call` may name. */
  readonly workflows?: readonly Callable[];
  /** How many runs there are around this one; default none. */
  readonly depth?: number;
  /** Where the effects of its steps go; look here afterwards. Default: a place of their own, thrown away. */
  readonly effects?: MemoryEffects;
  /** Of a run that is called: its caller undoes it when it must. */
  readonly ledger?: MemoryLedger;
  /** What becomes of them when the run does not complete; default: all are undone. */
  readonly onFailure?: OnFailure;
  readonly compensators?: Compensators;
  /** What an earlier execution had recorded when it was left: what has an outcome is not done again. */
  readonly recorded?: Partial<Pick<Facts, 'results' | 'errors' | 'decisions' | 'ending'>>;
  /** Sees what steps show with `emitToken`, and that a text is complete. What it throws is ignored. */
  onToken?(token: StepToken): void;
  /** Where the run is counted and logged; spans go to whoever records them in this process. */
  readonly telemetry?: Telemetry;
  /** As metrics, log lines and spans name it; left out: `metadata.workflow`. */
  readonly definition?: string;
  /** Called with what was known and what followed from it; the facts go on growing, so copy what you keep. */
  onAdvance?(facts: Facts, next: Continuation): void;
}

export interface RunResult<O> {
  readonly output: O;
  readonly runId: string;
  readonly correlationId: string;
  readonly durationMs: number;
  readonly isDegraded: boolean;
  /** As its steps left it. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly checkpoints: readonly Checkpoint[];
  /** Calls of steps in the order in which they ended. */
  readonly trace: readonly StepRecord[];
  readonly branches: Continuation['branches'];
}

/** Errors: context_invalid */
export function parseContext(context: RunOptions['context']): RunContext {
  const parsed = RunContext.safeParse(context ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw contextInvalid(`context of the run: ${issue?.path.join('.')}: ${issue?.message}`);
}
