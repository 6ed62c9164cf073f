import type { AgentName } from '../../contracts/agent-type.ts';
import type { RetryPolicy } from '../../contracts/retry.ts';

/** What the built-in definitions take from the configuration. */
export interface CatalogSettings {
  readonly runTimeoutMs: number;
  readonly stepTimeoutMs: Readonly<Record<AgentName, number>>;
  /** Of the past that a story is told from, characters at most; default 6000. */
  readonly contextMaxChars?: number;
}

/** `retry` of the JSON definitions: three attempts, exponential from half a second, capped. */
export const RETRY: RetryPolicy = {
  max_attempts: 3,
  base_delay_ms: 500,
  factor: 2,
  max_delay_ms: 30_000,
  jitter: 0.5,
};

/** `fail_fast`: the first failure ends the run. */
export const FAIL_FAST: RetryPolicy = { ...RETRY, max_attempts: 1 };
