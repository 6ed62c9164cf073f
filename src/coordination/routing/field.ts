import type { AgentView } from '../agents/directory.ts';
import { DEFAULT_INSTANCE } from '../models/agent-id.ts';
import type { Load } from './loads.ts';
import { best, exclusionOf, type Fitness, type Rules, type Standing } from './score.ts';

/** What is weighed of an agent besides its load. */
export interface Runner extends Fitness {
  readonly instance: string;
  readonly heartbeatAgeMs: number | null;
  readonly inFlight: number;
}

export function runnerOf({ id, record, isAlive, heartbeatAgeMs }: AgentView): Runner {
  return {
    type: id.type,
    instance: id.instance ?? DEFAULT_INSTANCE,
    isAlive,
    isRunning: record.status.running,
    isDegraded: record.status.degraded,
    heartbeatAgeMs: Number.isFinite(heartbeatAgeMs) ? Math.max(0, heartbeatAgeMs) : null,
    inFlight: record.metrics.in_flight,
  };
}

/** Whether more than an operator's word speaks against an agent: then nobody asks for its load. */
export function isUp(runner: Runner): boolean {
  return exclusionOf(runner, runner.type, false) === null;
}

type Entry = Runner & Standing & { depth: number | null };

/**
 * The agents of a type as they were at one look, and what was given to them since: many messages at once spread out
 * instead of meeting at whoever was the best before the first of them.
 */
export class Field {
  readonly #entries: readonly Entry[];

  constructor(runners: readonly Runner[], loads: readonly Load[]) {
    this.#entries = runners.map((runner, index) => ({ ...runner, ...loads[index]! }));
  }

  get size(): number {
    return this.#entries.length;
  }

  entries(): readonly (Runner & Standing)[] {
    return this.#entries;
  }

  /** The best instance gets another message; undefined when nobody is fit. */
  take(excludeDegraded: boolean, rules: Rules): string | undefined {
    const fit = this.#entries.filter((entry) => exclusionOf(entry, entry.type, excludeDegraded) === null);
    const chosen = best(fit, rules);
    if (chosen === undefined) return undefined;
    if (chosen.depth !== null) chosen.depth += 1;
    return chosen.instance;
  }
}
