import type { Crisis, InterventionStore, WrittenCrisis } from '../ports.ts';
import { beginIntervention } from './evolve.ts';
import type { CrisisLog } from './log.ts';
import { within } from './within.ts';

export interface WithLogOptions {
  readonly log: Pick<CrisisLog, 'append'>;
  /** Longest time until a crisis goes to the disk instead. Default 1 s, within which an answer is to be stored. */
  readonly withinMs?: number;
}

const WITHIN_MS = 1_000;

/** A store whose crises go to the disk when Redis does not take them, whatever the reason. */
export function withLog<S extends InterventionStore>(store: S, { log, withinMs }: WithLogOptions): S {
  return {
    ...store,
    async writeCrisis(crisis: Crisis, known?: Parameters<S['writeCrisis']>[1]): Promise<WrittenCrisis> {
      try {
        return await within(store.writeCrisis(crisis, known), withinMs ?? WITHIN_MS);
      } catch (error) {
        // A wrong argument is a fault of ours, and would be one on the disk.
        if (error instanceof TypeError) throw error;
      }
      await log.append(crisis);
      const intervention = beginIntervention(crisis);
      return {
        intervention,
        isNew: true,
        isRepeat: false,
        tellsPeople: false,
        isHeld: false,
        isLogged: true,
      };
    },
  };
}
