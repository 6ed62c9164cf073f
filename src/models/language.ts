import type { ZodType } from 'zod';
import type { DegradedReason, TokenUsage } from '../contracts/provenance.ts';

/**
 * One question to a language model whose answer has a form. What the player wrote travels apart from the rules: it
 * is sent as a delimited message of its own and can change neither the rules nor the form.
 */
export interface LanguageRequest<T> {
  /** Names the form of the answer for the provider: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Role and rules. */
  readonly system: string;
  /** What the model may rely on; sent as JSON. */
  readonly context: unknown;
  /** The player's own words. */
  readonly player: string;
  readonly output: ZodType<T>;
  /** 0 for understanding, about 0.7 for telling. */
  readonly temperature: number;
  /** Default 500. */
  readonly maxOutputTokens?: number;
  /** What is wrong with an answer that has the right form; told to the model, once. Empty: nothing. */
  readonly check?: (answer: T) => readonly string[];
}

/** For whom something is asked; it is written down with what the answer cost. */
export interface CallAccount {
  readonly workflow?: string | undefined;
  readonly user?: string | undefined;
}

export interface LanguageContext {
  readonly signal: AbortSignal;
  /** Milliseconds all calls for this answer may take together. */
  readonly budgetMs: number;
  /** Told of the answer while it grows; what it tells may still be refused at the end. */
  readonly onPartial?: (partial: unknown) => void;
  /** Agents leave it out: their shell knows it. */
  readonly account?: CallAccount;
}

/** No answer is an expected outcome: the caller has a local one, and says why it was used. */
export type LanguageAnswer<T> =
  | {
      readonly ok: true;
      readonly value: T;
      readonly provider: string;
      readonly model: string;
      readonly usage: TokenUsage;
    }
  | {
      readonly ok: false;
      readonly reason: DegradedReason;
      /** What was spent all the same. */
      readonly usage?: TokenUsage;
    };

/** The language models of one agent, whoever runs them. */
export interface Language {
  /** Errors: the signal's reason; nothing else. */
  ask<T>(request: LanguageRequest<T>, ctx: LanguageContext): Promise<LanguageAnswer<T>>;
}
