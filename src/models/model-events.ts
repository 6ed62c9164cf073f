import type { AnswerFormat } from './dialect.ts';
import type { ProviderFault } from './provider-error.ts';

export type RequestOutcome = 'success' | 'cancelled' | ProviderFault;

/** What happens between the fleet and its models: names and numbers, never words of players, prompts or answers. */
export type ModelEvent =
  /** A request was made and ended. */
  | {
      readonly type: 'request';
      readonly agent: string;
      readonly provider: string;
      readonly model: string;
      readonly outcome: RequestOutcome;
      readonly status: number | undefined;
      readonly durationMs: number;
    }
  /** The provider refused a field; from now on requests are simpler. */
  | { readonly type: 'simplified'; readonly provider: string; readonly format: AnswerFormat }
  /** The provider, or its `model`, is not asked for a while. */
  | {
      readonly type: 'unhealthy';
      readonly provider: string;
      readonly model: string | undefined;
      readonly status: number;
      readonly forMs: number;
    }
  /** An answer was of no use; its model is asked once more. */
  | { readonly type: 'repair'; readonly agent: string; readonly model: string; readonly issues: number }
  /** An error that nobody foresaw; its message is left out, because nobody knows what it quotes. */
  | { readonly type: 'unforeseen'; readonly agent: string; readonly model: string; readonly error: string };
