import type { FEELING_TRENDS, StoredMemory } from '../../contracts/memory.ts';

/** Feelings that lift; every other one is hard. */
const BRIGHT: ReadonlySet<string> = new Set(['calm', 'hopeful', 'happy', 'grateful', 'proud', 'curious']);
const LOOKS_AT = 6;
/** Means of +1 and -1 that differ by less are the same. */
const NOTABLE = 0.3;

export function isBright(feeling: string): boolean {
  return BRIGHT.has(feeling);
}

/** Whether the newer half of the last six feelings is brighter than the older half; null for fewer than two. */
export function trendOf(feelings: StoredMemory['feelings']): (typeof FEELING_TRENDS)[number] | null {
  const last = feelings.slice(-LOOKS_AT).map(({ feeling }) => (isBright(feeling) ? 1 : -1));
  if (last.length < 2) return null;
  const middle = Math.floor(last.length / 2);
  const change = mean(last.slice(middle)) - mean(last.slice(0, middle));
  if (Math.abs(change) < NOTABLE) return 'steady';
  return change > 0 ? 'improving' : 'worsening';
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
