import type { StepContext } from '../step-context.ts';
import type { StepHandler } from '../plan/node.ts';
import { costOf, type Usage } from './money.ts';
import { priceOf, type PriceList } from './price-book.ts';

/** How the cost of a step's calls is known. What is left out fits steps that call the model port. */
export interface CostOptions<I, O> {
  /** Must have a price. */
  readonly model: string | ((input: I, ctx: StepContext) => string);
  /** Estimate before the call; default a quarter of the characters of the input's JSON. */
  inputTokens?(input: I): number;
  /** The longest answer that is expected, in tokens; default 500. */
  readonly outputAllowance?: number;
  /** What the call did use; default the `usage` of its output. Undefined: unknown, so the estimate is charged. */
  usage?(output: O): Usage | undefined;
  /** What a failed call used; default the `usage` of the error or of its details. Undefined: nothing. */
  usageOfError?(error: unknown): Usage | undefined;
  /** Whose cost it is; default `player_id` of the run's metadata. */
  user?(input: I, ctx: StepContext): string | undefined;
  /** Default `workflow` of the run's metadata. */
  workflow?(input: I, ctx: StepContext): string | undefined;
}

/** One call as its cost is followed. */
export interface MeteredCall {
  readonly model: string;
  readonly user: string | undefined;
  readonly workflow: string | undefined;
  readonly estimate: Usage;
  readonly estimateMicroUsd: number;
  microUsd(usage: Usage): number;
  usageOf(output: unknown): Usage;
  usageOfError(error: unknown): Usage | undefined;
}

export type Metering = (input: unknown, ctx: StepContext) => MeteredCall;

/**
 * The metering of each metered handler. Modifiers of a primitive copy its node and keep the handler, so a budget
 * finds the metering of the step it is put around.
 */
const meterings = new WeakMap<StepHandler, Metering>();

export function meteringOf(handler: StepHandler | undefined): Metering | undefined {
  return handler === undefined ? undefined : meterings.get(handler);
}

export function withMetering(handler: StepHandler, metering: Metering): StepHandler {
  meterings.set(handler, metering);
  return handler;
}

const CHARACTERS_PER_TOKEN = 4;
const DEFAULT_OUTPUT_TOKENS = 500;

/** Errors: definition_error for a fixed model without a price; for a chosen one when the call is made */
export function createMetering<I, O>(prices: PriceList, options: CostOptions<I, O>): Metering {
  const { model: modelOf, outputAllowance = DEFAULT_OUTPUT_TOKENS } = options;
  if (typeof modelOf === 'string') priceOf(prices, modelOf);
  return (value, ctx) => {
    const input = value as I; // handlers are called with what their step's input schema gave
    const model = typeof modelOf === 'string' ? modelOf : modelOf(input, ctx);
    const price = priceOf(prices, model);
    const estimate = {
      inputTokens: options.inputTokens?.(input) ?? estimateTokens(input),
      outputTokens: outputAllowance,
    };
    return {
      model,
      user: options.user === undefined ? text(ctx.metadata['player_id']) : options.user(input, ctx),
      workflow:
        options.workflow === undefined ? text(ctx.metadata['workflow']) : options.workflow(input, ctx),
      estimate,
      estimateMicroUsd: costOf(price, estimate),
      microUsd: (usage) => costOf(price, usage),
      usageOf: (output) =>
        (options.usage === undefined ? reportedUsage(output) : checked(options.usage(output as O))) ??
        estimate,
      usageOfError: (error) =>
        options.usageOfError === undefined ? usageInError(error) : checked(options.usageOfError(error)),
    };
  };
}

/** A rough count, for estimates alone: what is charged in the end is what the provider reports. */
function estimateTokens(input: unknown): number {
  return Math.ceil((JSON.stringify(input) ?? '').length / CHARACTERS_PER_TOKEN);
}

function usageInError(error: unknown): Usage | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  return reportedUsage(error) ?? ('details' in error ? reportedUsage(error.details) : undefined);
}

/** `usage: { input_tokens, output_tokens }`, as the model port reports it. */
export function reportedUsage(value: unknown): Usage | undefined {
  if (typeof value !== 'object' || value === null || !('usage' in value)) return undefined;
  const { usage } = value;
  if (typeof usage !== 'object' || usage === null) return undefined;
  const { input_tokens: input, output_tokens: output } = usage as Readonly<Record<string, unknown>>;
  return typeof input === 'number' && typeof output === 'number'
    ? checked({ inputTokens: input, outputTokens: output })
    : undefined;
}

/** Whole, not negative numbers, or nothing that could be charged. */
function checked(usage: Usage | undefined): Usage | undefined {
  if (usage === undefined) return undefined;
  const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
  return isCount(usage.inputTokens) && isCount(usage.outputTokens) ? usage : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
