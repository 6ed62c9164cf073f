/** Where a value stops being plain JSON, or null. `undefined` fields are dropped, as JSON drops them. */
export function firstNonJson(value: unknown, path: string): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : path;
  if (value === undefined) return null;
  if (typeof value !== 'object') return path;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = firstNonJson(item, `${path}[${index}]`);
      if (found !== null) return found;
    }
    return null;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return path;
  for (const [key, item] of Object.entries(value)) {
    const found = firstNonJson(item, `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}
