import neo4j from 'neo4j-driver';

/** Numbers that the graph keeps as fractions, also when they happen to be whole. */
const FRACTIONS: ReadonlySet<string> = new Set(['disposition']);

/** The driver sends every number of JavaScript as a fraction; a version, a turn or a count is whole. */
export function toParameters(value: unknown, name = ''): unknown {
  if (typeof value === 'number') return isWhole(value) && !FRACTIONS.has(name) ? neo4j.int(value) : value;
  if (Array.isArray(value)) return value.map((one) => toParameters(one, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toParameters(one, key)]));
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value);
}
