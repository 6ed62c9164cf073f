import { z } from 'zod';
import { provenanceOf } from './load.ts';
import { REDACTED, type Source } from './problems.ts';
import { ConfigSchema, type Config } from './schema.ts';
import { KEYS, schemaAt } from './tree.ts';

export interface ConfigDescription {
  readonly key: string;
  readonly env: string;
  readonly default: unknown;
  /** Completes "expected …": type and range in words. */
  readonly expected: string;
  readonly description: string;
}

/** Every key in the order of the schema, for documentation and `ao config explain`. */
export function describeConfig(): ConfigDescription[] {
  return KEYS.map(({ path, env, default: value, traits, description }) => {
    return { key: path, env, default: value, expected: traits.expected, description };
  });
}

export interface EffectiveRow {
  readonly key: string;
  readonly value: unknown;
  readonly source: Source;
  /** The place in words, like `env AO_PORT`; absent for defaults. */
  readonly origin?: string;
}

/** The value of every key and where it came from; secrets are hidden. */
export function effectiveConfig(config: Config): EffectiveRow[] {
  const { sources } = provenanceOf(config);
  return KEYS.map(({ path }) => {
    const segments = path.split('.');
    const value = segments.reduce<unknown>((parent, name) => Reflect.get(parent as object, name), config);
    const from = sources.get(path) ?? { source: 'default' as const };
    return { key: path, value: withoutSecrets(value, segments), ...from };
  });
}

/** The JSON Schema (2020-12) of a configuration file, for editors and `ao config schema`. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(ConfigSchema, { io: 'input' }) };
}

function withoutSecrets(value: unknown, path: readonly PropertyKey[]): unknown {
  const secret = schemaAt(path, true)?.traits?.secret;
  if (secret === 'whole' && value !== undefined && value !== null) return REDACTED;
  if (secret === 'url' && typeof value === 'string') return withoutCredentials(value);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => withoutSecrets(item, [...path, index]));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [name, withoutSecrets(child, [...path, name])]),
    );
  }
  return value;
}

/** `redis://user:pw@host` as `redis://***REDACTED***@host`; query parameters may hold credentials too. */
function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/?#]*@/, `//${REDACTED}@`).replace(/\?.*$/, `?${REDACTED}`);
}
