/** Nesting beyond this is no sensible key or value, and would exhaust the stack. */
const MAX_DEPTH = 200;

/**
 * JSON with sorted keys and without `undefined` fields: equal values give equal text, whatever order they were
 * built in.
 *
 * @returns null for what would not survive JSON: dates, maps, functions, NaN, holes, cycles
 */
export function canonicalJson(value: unknown): string | null {
  try {
    return write(value, 0);
  } catch (error) {
    if (error instanceof NotJson) return null;
    throw error;
  }
}

class NotJson extends Error {}

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new NotJson();
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value !== 'object') throw new NotJson();
  if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NotJson();
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${write(field, depth + 1)}`);
  return `{${fields.join(',')}}`;
}
