import type { RunStatus, RunSummary } from './run.ts';

/** Where a list of runs goes on: the last run that was looked at. */
export interface RunPosition {
  /** Epoch ms of its admission. */
  readonly at: number;
  readonly id: string;
}

/** Which runs, newest first. */
export interface RunFilter {
  readonly workflow?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly session_id?: string | undefined;
  readonly user_id?: string | undefined;
  /** Epoch ms of admission, both included. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
  readonly after?: RunPosition | undefined;
}

/** `next` null: there are no more. A page may hold less than `limit` and still have a next one. */
export interface RunPage {
  readonly items: readonly RunSummary[];
  readonly next: RunPosition | null;
}
