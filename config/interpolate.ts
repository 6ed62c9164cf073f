const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

export interface Interpolated {
  readonly value: unknown;
  /** Whether any text was filled in. */
  readonly wasFilled: boolean;
  /** Variables that are neither set nor have a default. */
  readonly missing: readonly string[];
}

/**
 * Fills `${VAR}` and `${VAR:-default}` in every text of a value, at any depth. The default also stands in for an
 * empty variable, as in a shell. `$${` is a literal `${`.
 */
export function interpolate(value: unknown, env: NodeJS.ProcessEnv): Interpolated {
  let wasFilled = false;
  const missing: string[] = [];

  const fillText = (text: string): string =>
    text.replaceAll(REFERENCE, (whole, name: string | undefined, fallback: string | undefined) => {
      if (name === undefined) return whole.slice(1);
      wasFilled = true;
      const found = env[name];
      if (found !== undefined && (found !== '' || fallback === undefined)) return found;
      if (fallback === undefined) missing.push(name);
      return fallback ?? '';
    });

  const fill = (item: unknown): unknown => {
    if (typeof item === 'string') return fillText(item);
    if (Array.isArray(item)) return item.map(fill);
    if (typeof item === 'object' && item !== null) {
      return Object.fromEntries(Object.entries(item).map(([name, child]) => [name, fill(child)]));
    }
    return item;
  };

  return { value: fill(value), wasFilled, missing };
}
