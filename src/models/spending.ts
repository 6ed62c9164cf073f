import type { TokenUsage } from '../contracts/provenance.ts';
import type { CallAccount } from './language.ts';

/** One request to a model, before it is made. */
export interface PlannedCall {
  readonly agent: string;
  readonly model: string;
  readonly account: CallAccount;
  /** The most it is expected to use. */
  readonly estimate: TokenUsage;
}

/** What was set aside for one request. Neither call fails. */
export interface SpendingHold {
  /** The request used so much, whatever its answer was worth. */
  settle(usage: TokenUsage): Promise<void>;
  /** Nothing was used, as far as anybody knows. */
  release(): Promise<void>;
}

/** Who answers for what models cost. */
export interface SpendingPort {
  /** Errors: anything means that the request must not be made */
  reserve(call: PlannedCall): Promise<SpendingHold>;
}

/** Nobody counts. */
export const FREE_SPENDING: SpendingPort = {
  reserve: async () => ({ settle: async () => undefined, release: async () => undefined }),
};
