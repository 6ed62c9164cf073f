import type { CrisisFigures } from './crisis.ts';
import type { SafetyFigures } from './safety.ts';

/** What the spec demands. Half as good is where the benchmark fails, for machines are busy. Source: spec, safety 15 and 16.12 */
export const DEMANDED = {
  perSecond: 200_000,
  p50Micros: 5,
  p99Micros: 50,
  longMs: 2,
  /** Of ten times the text. */
  ratio: 12,
  rulesMs: 500,
  stallMs: 20,
} as const;
const TOLERANCE = 2;
/** Measured beside what the spec names, and slower: each of thousands of claims is judged. */
const NOT_DEMANDED: ReadonlySet<string> = new Set(['claim after claim', 'denial after denial']);

/** @returns a sentence for each figure that is not half as good as demanded */
export function missedDemands({ perSecond, latencyMicros, long, megabyte, rules }: SafetyFigures): string[] {
  const missed: string[] = [];
  const atMost = (what: string, value: number, demanded: number): void => {
    if (value > demanded * TOLERANCE) missed.push(`${what}: ${value.toFixed(1)}, demanded ${demanded}`);
  };
  if (perSecond.median < DEMANDED.perSecond / TOLERANCE) {
    missed.push(`validations/s: ${perSecond.median.toFixed(0)}, demanded ${DEMANDED.perSecond}`);
  }
  atMost('p50 in µs', latencyMicros.p50, DEMANDED.p50Micros);
  atMost('p99 in µs', latencyMicros.p99, DEMANDED.p99Micros);
  for (const [name, { ms }] of Object.entries(long)) {
    if (!NOT_DEMANDED.has(name)) atMost(`28 000 characters, ${name}, in ms`, ms, DEMANDED.longMs);
  }
  for (const [name, { ratio }] of Object.entries(megabyte)) {
    atMost(`a million units to a tenth, ${name}`, ratio, DEMANDED.ratio);
  }
  atMost('rules compiled in ms', rules.ms, DEMANDED.rulesMs);
  atMost('longest stall meanwhile in ms', rules.longestStallMs, DEMANDED.stallMs);
  return missed;
}

/** With all queues full: the answer to a player in a crisis, and the page to a person. */
export const DEMANDED_OF_CRISES = { answeredMs: 50, pagedMs: 2_000, jobsAdded: 0 } as const;

/** The same for crises; what is demanded here allows for a busy machine already. */
export function missedByCrises({ full, paged, jobsAdded }: CrisisFigures): string[] {
  const { answeredMs, pagedMs } = DEMANDED_OF_CRISES;
  return [
    ...(full.p99Ms > answeredMs
      ? [`p99 until a crisis is answered, in ms: ${full.p99Ms.toFixed(1)}, demanded ${answeredMs}`]
      : []),
    ...(paged.p99Ms > pagedMs
      ? [`p99 until a person has the page, in ms: ${paged.p99Ms.toFixed(0)}, demanded ${pagedMs}`]
      : []),
    ...(jobsAdded > DEMANDED_OF_CRISES.jobsAdded ? [`jobs that crises added: ${jobsAdded}`] : []),
  ];
}
