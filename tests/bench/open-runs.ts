import type { Config } from '../../config/schema.ts';
import { countOpenRuns } from '../../src/primitives/durable/open-runs.ts';
import { compare, type Comparison } from './compare.ts';
import { startFleet, type FleetSubject } from './fleet.ts';
import { IDLE_WAIT, IDLE_WORKFLOW } from './idle-workflow.ts';
import type { Plan } from './plan.ts';
import { inParallel } from './statistics.ts';
import type { Subject } from './subject.ts';

export interface OpenRunsFigures extends Comparison {
  readonly few: number;
  readonly many: number;
}

interface Common {
  readonly redisUrl: string;
  readonly concurrency: number;
  /** With a key prefix of its own each time. */
  readonly config: () => Config;
}

const FILLERS = 200;

/**
 * Chains of three steps in a fleet with few open runs and in one with many, in turn. Each open run is a real one
 * with its record and its jobs, and waits for a signal. The watchdog looks after the open runs of the fleet that is
 * measured; the other one's rests meanwhile.
 */
export async function measureOpenRuns(
  common: Common,
  { rounds, runsPerRound, openRuns }: Plan,
): Promise<OpenRunsFigures> {
  await using few = await filledFleet(common, openRuns.few);
  await using many = await filledFleet(common, openRuns.many);
  const subjects = [chains(few, 'few'), chains(many, 'many')] as const;
  return { ...openRuns, ...(await compare([...subjects], rounds, runsPerRound)) };
}

async function filledFleet(
  { redisUrl, concurrency, config }: Common,
  openRuns: number,
): Promise<FleetSubject> {
  const queues = ['ipa', 'wba', 'nga', 'flow', 'maintenance'] as const;
  const fleet = await startFleet({ redisUrl, concurrency, config: config(), queues: [...queues] });
  const waiting = fleet.running(IDLE_WAIT);
  await inParallel(openRuns, FILLERS, () => waiting.add());
  const open = await countOpenRuns(fleet.core.store);
  if (open !== openRuns) throw new Error(`${open} runs are open instead of ${openRuns}`);
  await fleet.core.queues.get('maintenance')!.pause();
  return fleet;
}

function chains(fleet: FleetSubject, name: string): Subject {
  const maintenance = fleet.core.queues.get('maintenance')!;
  const isMeasured = (is: boolean): Promise<void> => (is ? maintenance.resume() : maintenance.pause());
  return Object.assign(fleet.running(IDLE_WORKFLOW), { name, isMeasured });
}
