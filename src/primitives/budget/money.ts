import { FleetError } from '../../kernel/errors.ts';

/** Tokens of one call, as providers report them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** USD per 1000 tokens. */
export interface UsdPer1kTokens {
  readonly input: number;
  readonly output: number;
}

const MICRO_PER_USD = 1_000_000;
/** Prices are whole numbers of these, so that tokens times price is exact. */
const NANO_PER_USD = 1_000_000_000;
const NANO_PER_MICRO_AND_1K = 1_000_000;

/**
 * An amount of USD in whole micro-USD; money is only ever added in these.
 * Errors: definition_error for what is no amount
 */
export function toMicroUsd(usd: number, what: string): number {
  const micro = Math.round(usd * MICRO_PER_USD);
  if (Number.isSafeInteger(micro) && micro >= 0) return micro;
  throw new FleetError({
    code: 'definition_error',
    kind: 'invalid_input',
    message: `${what} ${usd} is no amount: expected USD from 0`,
  });
}

export function toUsd(microUsd: number): number {
  return microUsd / MICRO_PER_USD;
}

/** What a call costs in whole micro-USD, begun ones counted: a budget is never undercharged. */
export function costOf(price: UsdPer1kTokens, { inputTokens, outputTokens }: Usage): number {
  const nanoPer1k = (usd: number): number => Math.round(usd * NANO_PER_USD);
  const scaled = inputTokens * nanoPer1k(price.input) + outputTokens * nanoPer1k(price.output);
  return Math.ceil(scaled / NANO_PER_MICRO_AND_1K);
}
