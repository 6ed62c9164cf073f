import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { FleetError } from '../src/kernel/errors.ts';

const DEFAULT_PRICES_FILE = 'config/model-prices.yaml';

const UsdPer1kTokens = z.number().min(0).max(1000);

/** USD per 1000 tokens by model, and the day they were true. */
export const ModelPrices = z.strictObject({
  as_of: z.iso.date(),
  models: z.record(
    z.string().min(1).max(128),
    z.strictObject({ input: UsdPer1kTokens, output: UsdPer1kTokens }),
  ),
});
export type ModelPrices = Readonly<z.output<typeof ModelPrices>>;

/**
 * @param file  default the list that comes with the product, wherever it was started
 * Errors: config_invalid (invalid_input) when the file cannot be read or says something else
 */
export function readModelPrices(file: string = ownPricesFile()): ModelPrices {
  try {
    return ModelPrices.parse(parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new FleetError({
      code: 'config_invalid',
      kind: 'invalid_input',
      message: `${file}: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`,
      cause: error,
    });
  }
}

/** Sources and built files lie at different depths below it. */
function ownPricesFile(): string {
  for (let folder = new URL('./', import.meta.url), last = ''; folder.href !== last;) {
    const found = new URL(DEFAULT_PRICES_FILE, folder);
    if (existsSync(found)) return fileURLToPath(found);
    last = folder.href;
    folder = new URL('../', folder);
  }
  return DEFAULT_PRICES_FILE;
}
