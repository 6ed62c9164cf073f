import { BYPASS, digestOf } from './cache-key.ts';

/** Everything that shapes a model's answer. */
export interface LlmKeyParts {
  readonly model: string;
  readonly system?: string | undefined;
  readonly messages: readonly unknown[];
  /** A tool that changes something makes the call unfit for a cache. */
  readonly tools?: readonly { readonly name: string; readonly hasSideEffects?: boolean }[] | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly seed?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly promptVersion?: string | undefined;
  readonly locale?: string | undefined;
}

/**
 * The key of a model call: changing any part is a miss.
 *
 * @param options.allowNonDeterministic  also answers of a temperature above 0 without a seed; default false
 * @returns BYPASS for calls that must not be cached: chance is wanted, tools act, or a part is no JSON
 */
export function llmKey(
  parts: LlmKeyParts,
  options: { readonly allowNonDeterministic?: boolean } = {},
): string | typeof BYPASS {
  const isRandom = (parts.temperature ?? 0) > 0 && parts.seed === undefined;
  if (isRandom && options.allowNonDeterministic !== true) return BYPASS;
  if (parts.tools?.some((tool) => tool.hasSideEffects === true)) return BYPASS;
  const { model, system, messages, tools, temperature, topP, seed, maxOutputTokens, promptVersion, locale } =
    parts;
  return (
    digestOf({
      model,
      system,
      messages,
      tools,
      temperature,
      topP,
      seed,
      maxOutputTokens,
      promptVersion,
      locale,
    }) ?? BYPASS
  );
}
