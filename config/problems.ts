import type { FieldProblem } from '../src/kernel/errors.ts';
import { FleetError } from '../src/kernel/errors.ts';
import { nearest } from '../src/kernel/suggest.ts';
import type { KeyTraits } from './keys.ts';

export const REDACTED = '***REDACTED***';

/** Which layer decided a value. */
export type Source = 'default' | 'profile' | 'file' | 'env' | 'flag';

/** One value for one key before validation, with the place it came from in words: `env AO_PORT`. */
export interface Assignment {
  readonly key: string;
  readonly value: unknown;
  readonly source: Source;
  readonly origin: string;
}

/** What one layer says: its values, and what is wrong with it whatever the other layers say. */
export interface Layer {
  readonly assignments: readonly Assignment[];
  readonly problems: readonly FieldProblem[];
  /** Keys that were set, but so badly that there is no value to judge. */
  readonly unusableKeys: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Everything that is wrong with the configuration, at once. `problems[].message` is one complete line each:
 * `http.body_limit: expected size …, got "abc" (from env AO_HTTP__BODY_LIMIT)`.
 */
export class ConfigError extends FleetError {
  declare readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[]) {
    const lines = problems.map(({ message }) => `  ${message}`).join('\n');
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super({
      code: 'config_invalid',
      kind: 'invalid_input',
      message: `the configuration has ${count}:\n${lines}`,
      problems,
    });
    this.name = 'ConfigError';
  }
}

/** `path: what (from origin)`; the origin is left out when there is none. */
export function problem(path: string, what: string, origin?: string, code = 'invalid'): FieldProblem {
  const from = origin === undefined ? '' : ` (from ${origin})`;
  return { path: toPointer(path), message: `${path}: ${what}${from}`, code };
}

export function wrongValue(path: string, traits: KeyTraits, value: unknown, origin?: string): FieldProblem {
  return problem(path, `expected ${traits.expected}, got ${show(value, traits)}`, origin);
}

export function unknownName(path: string, known: Iterable<string>, origin?: string): FieldProblem {
  const name = path.slice(path.lastIndexOf('.') + 1);
  return problem(path, `unknown key${didYouMean(name, known)}`, origin, 'unknown_key');
}

export function didYouMean(name: string, known: Iterable<string>): string {
  const suggestion = nearest(name, known);
  return suggestion === undefined ? '' : `, did you mean ${suggestion}?`;
}

/** Array positions are written `[0]`, names are joined by dots. */
export function dotted(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[${segment}]`;
    return text === '' ? String(segment) : `${text}.${String(segment)}`;
  }, '');
}

/** The value as a message may show it: short, and never a secret. */
function show(value: unknown, traits: KeyTraits): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  const mayHoldSecret = traits.secret === 'whole' || traits.kind === 'records';
  if (mayHoldSecret || (traits.secret === 'url' && text.includes('@'))) return REDACTED;
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function toPointer(path: string): string {
  return `/${path.replaceAll(/[.[]/g, '/').replaceAll(']', '')}`;
}
