import type { FleetOperations } from '../contracts/operations.ts';
import type { RunView } from '../contracts/run.ts';
import type { RunOutcome } from '../primitives/testing/run-outcome.ts';
import type { RunRequest } from '../runtime/plan-fleet.ts';
import type { NamedPlan } from '../workflows/as-definition.ts';
import type { KillPoint, ProcessRole } from './kill-points.ts';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  /** Such as SIGKILL. */
  readonly signal: string | null;
}

/** A process that was told to die. */
export interface Victim {
  readonly pid: number;
  /**
   * It is dead, and another one works in its place.
   * Errors: kill_point_missed (timeout) when it does not come to the point within half a minute
   */
  readonly gone: Promise<Ended>;
}

/** A process that was told to stand still; it still holds what it held. */
export interface Frozen {
  readonly pid: number;
  /** It stands still, and another one works beside it. Errors: kill_point_missed (timeout) */
  readonly stands: Promise<void>;
  /** It goes on where it stood. */
  thaw(): void;
  /** It ends what it still holds, and itself. */
  retire(): Promise<Ended>;
}

export interface DurableHarnessOptions {
  /**
   * What the fleet knows beside the product's own workflows. A list: its workers live in this process. A module (a URL,
   * or an absolute path) that exports such a list as `plans`: its workers are processes of their own, which can be killed.
   */
  readonly plans: readonly NamedPlan[] | URL | string;
  /** Default: REDIS_URL, else a local server of its own, else a container. */
  readonly redisUrl?: string;
  /** Configuration by key path, as on the command line, over short locks and no circuits. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How many processes of each role; default one. */
  readonly processes?: Partial<Readonly<Record<ProcessRole, number>>>;
}

/** How a run went, with all that the fleet says of it. */
export interface HarnessRun extends RunOutcome {
  readonly runId: string;
  readonly view: RunView;
}

export interface HarnessRunOptions extends RunRequest {
  /** Delivered as soon as the run is accepted. */
  readonly signals?: Readonly<Record<string, unknown>>;
}

/** A fleet of its own, on a real Redis, under a key prefix of its own. Nothing of it is left when it is disposed. */
export interface DurableHarness extends AsyncDisposable {
  readonly redisUrl: string;
  readonly operations: FleetOperations;
  /** Starts a run and tells its id. Errors: workflow_not_found, validation_failed */
  start(
    plan: string | { readonly name: string },
    input: unknown,
    options?: HarnessRunOptions,
  ): Promise<string>;
  /** Waits for the end of a run. */
  ended(runId: string): Promise<HarnessRun>;
  /** Starts a run and waits for its end; a failure is a value here. */
  run(
    plan: string | { readonly name: string },
    input: unknown,
    options?: HarnessRunOptions,
  ): Promise<HarnessRun>;
  /**
   * Kill a process (SIGKILL): now, or when it comes to a moment. Another one takes its place.
   * @returns when it is dead, or will be: then wait for `gone`
   * Errors: kill_point_unknown (invalid_input)
   */
  kill(role: ProcessRole, at?: KillPoint): Promise<Victim>;
  /** Let a process stand still (SIGSTOP) at a moment, past its locks, while another one works beside it. */
  freeze(role: ProcessRole, at: KillPoint): Promise<Frozen>;
  /** The roles of the processes that live, and that nothing has been done to. */
  processes(): readonly ProcessRole[];
  /** What the processes have logged. */
  logs(): string;
}
