import { z } from 'zod';
import {
  duration,
  field,
  integer,
  list,
  optionalNumber,
  optionalText,
  records,
  section,
  text,
} from '../keys.ts';

/** Settings of the language models that agents may ask. */

const ModelName = z.string().regex(/^\S{1,128}$/);

export const llm = section({
  base_url: optionalText({
    accepts: isEndpoint,
    expected: 'an address like https://models.example/v1, without credentials or a query',
    secret: 'url',
    default: null,
    description:
      'Address of an OpenAI-compatible provider; null: agents work by their own rules, without network',
  }),
  api_key: optionalText({
    // Anything else cannot stand in a header.
    accepts: (key) => /^[\x21-\x7e]+$/.test(key),
    expected: 'a key of printable characters without spaces',
    secret: 'whole',
    default: null,
    description: 'Key of the provider, sent as a bearer token; null sends none',
  }),
  model: optionalText({
    accepts: (name) => ModelName.safeParse(name).success,
    expected: 'the name of a model, up to 128 characters without spaces',
    default: null,
    description: 'The model that is asked first; needed with llm.base_url',
  }),
  fallback_models: list(ModelName, {
    expected: 'a list of names of models',
    default: [],
    description: 'Models of the same provider that are asked in this order when the one before fails',
  }),
  provider: text({
    accepts: (name) => /^[A-Za-z0-9_.-]{1,64}$/.test(name),
    expected: '1 to 64 letters, digits, "_", "." or "-"',
    default: 'main',
    description: 'Name of the provider in outputs, in its circuit provider.<name> and in the log',
  }),
  timeout_ms: integer({
    min: 100,
    max: 300_000,
    default: 15_000,
    description: 'Longest time one request to a model may take; real_agents.timeouts may say less',
  }),
  daily_budget_usd: optionalNumber({
    min: 0,
    max: 1_000_000,
    default: null,
    description:
      'What the models of the whole fleet may cost per UTC day; beyond, agents work by their own rules; null is unlimited',
  }),
  prices: records(
    z.strictObject({
      model: field(ModelName, { expected: 'the name of a model' }),
      input: field(z.number().min(0).max(1000), { expected: 'USD per 1000 tokens' }),
      output: field(z.number().min(0).max(1000), { expected: 'USD per 1000 tokens' }),
    }),
    {
      expected: 'a list of {model, input, output}',
      default: [],
      description: 'Prices in USD per 1000 tokens, before those that come with the product',
    },
  ),
});

export const realAgents = section({
  retry: section({
    max_retries: integer({
      min: 0,
      max: 1,
      default: 1,
      description: 'Requests to a model that a step may send again after a failure that may pass',
    }),
    base_delay: duration({
      min: 0,
      max: 60,
      default: 1,
      description: 'Pause before such a request; never more than a quarter of the time that is left',
    }),
  }),
  timeouts: section({
    ipa: modelTimeout('input processor (ipa)', 8),
    wba: modelTimeout('world builder (wba)', 12),
    nga: modelTimeout('narrative generator (nga)', 15),
  }),
});

function modelTimeout(title: string, seconds: number) {
  return duration({
    min: 0.1,
    max: 300,
    default: seconds,
    description: `Longest time one request of the ${title} to a model may take`,
  });
}

function isEndpoint(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password, search, hash } = new URL(address);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}
