import { FleetError } from '../../kernel/errors.ts';
import type { UsdPer1kTokens } from './money.ts';

/** A dated list of prices; `config/model-prices.ts` reads one. */
export interface PriceList {
  readonly as_of: string;
  readonly models: Readonly<Record<string, UsdPer1kTokens>>;
}

/**
 * The price of a model.
 * Errors: definition_error (invalid_input) for a model without one; nothing is free because nobody knows its price
 */
export function priceOf(list: PriceList, model: string): UsdPer1kTokens {
  const price = Object.hasOwn(list.models, model) ? list.models[model] : undefined;
  if (price !== undefined) return price;
  throw new FleetError({
    code: 'definition_error',
    kind: 'invalid_input',
    message: `no price is known for model "${model}"; known on ${list.as_of}: ${Object.keys(list.models).join(', ')}`,
    details: { model },
  });
}
