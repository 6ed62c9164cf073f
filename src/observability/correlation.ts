import { AsyncLocalStorage } from 'node:async_hooks';

/** The ids that tie log lines together; each line carries those of the work it was written in. */
export interface Correlation {
  readonly request_id?: string;
  readonly correlation_id?: string;
  readonly workflow_id?: string;
  readonly job_id?: string;
  readonly queue?: string;
  readonly agent?: string;
  readonly attempt?: number;
}

const storage = new AsyncLocalStorage<Correlation>();
const NONE: Correlation = Object.freeze({});

/** Run `work` with these ids over those already present; everything it awaits has them too. */
export function withCorrelation<T>(ids: Correlation, work: () => T): T {
  return storage.run({ ...currentCorrelation(), ...ids }, work);
}

export function currentCorrelation(): Correlation {
  return storage.getStore() ?? NONE;
}
