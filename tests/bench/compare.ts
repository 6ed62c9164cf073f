import { spread, type Spread } from './statistics.ts';
import { throughput, type Subject } from './subject.ts';

export interface Comparison {
  readonly rounds: number;
  readonly runsPerRound: number;
  /** By subject, in the order they were given. */
  readonly runsPerSecond: Readonly<Record<string, Spread>>;
  /** Each over the first, round by round. */
  readonly ratios: Readonly<Record<string, Spread>>;
}

/**
 * Rounds of all subjects in turn, each round in the opposite order of the one before, so that whatever else the
 * machine does falls on all alike. The first round warms up and is not counted.
 */
export async function compare(
  subjects: readonly [Subject, ...Subject[]],
  rounds: number,
  runsPerRound: number,
): Promise<Comparison> {
  const measured = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      await subject.isMeasured?.(true);
      const runsPerSecond = await throughput(subject, runsPerRound);
      await subject.isMeasured?.(false);
      if (round >= 0) measured.get(subject.name)!.push(runsPerSecond);
    }
  }
  const first = measured.get(subjects[0].name)!;
  const others = [...measured].slice(1);
  return {
    rounds,
    runsPerRound,
    runsPerSecond: Object.fromEntries([...measured].map(([name, values]) => [name, spread(values)])),
    ratios: Object.fromEntries(
      others.map(([name, values]) => [name, spread(values.map((value, index) => value / first[index]!))]),
    ),
  };
}
