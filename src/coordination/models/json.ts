import { z } from 'zod';
import type { JsonValue } from '../../kernel/json.ts';

export type JsonObject = { readonly [key: string]: JsonValue };

/** Objects and arrays within each other; the outermost is the first. */
const MAX_DEPTH = 32;

type Path = readonly PropertyKey[];
type Complain = (path: Path, message: string) => void;

/**
 * An object that JSON carries without changing it: what it would drop or turn into something else (undefined,
 * functions, dates, NaN, cycles …) is an error, never a silent conversion. Complaints name paths, never values.
 */
export const JsonObject = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  complain(value, [], [], (path, message) => {
    context.addIssue({ code: 'custom', path: [...path], message });
  });
}) as unknown as z.ZodType<JsonObject, JsonObject>; // the refinement proves that every value is JSON

function complain(value: unknown, path: Path, above: readonly object[], report: Complain): void {
  if (typeof value !== 'object' || value === null) {
    if (!isJsonScalar(value)) report(path, `${nameOf(value)} is not JSON`);
    return;
  }
  if (above.includes(value)) report(path, 'refers back to what it is part of');
  else if (above.length >= MAX_DEPTH) report(path, `is nested deeper than ${MAX_DEPTH}`);
  else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1)
      complain(value[index], [...path, index], [...above, value], report);
  } else if (!isPlain(value)) report(path, 'is no plain object; only JSON is accepted');
  else {
    for (const [key, member] of Object.entries(value))
      complain(member, [...path, key], [...above, value], report);
  }
}

function isJsonScalar(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

/** Without a class, and without members that JSON would pass over. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isClassless = prototype === null || prototype === Object.prototype;
  return isClassless && Object.getOwnPropertySymbols(value).length === 0;
}

function nameOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value;
}
