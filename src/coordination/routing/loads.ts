import { askScript, isUnavailable } from '../messages/availability.ts';
import type { CoordinationCore } from '../core.ts';
import { mailboxQueue } from '../keys.ts';
import { agentLoads } from '../scripts/agent-loads.ts';

/** What an agent has to do, and how it did lately. Null: it could not be read. */
export interface Load {
  readonly depth: number | null;
  /** 1 as long as there is no outcome. */
  readonly successRatio: number | null;
}

const UNREADABLE: Load = { depth: null, successRatio: null };

/** Agents of one script, so that others are served in between. */
const PER_SCRIPT = 1000;

/**
 * The loads of these instances of a type, in their order; one round trip, however many there are, none when there are none. What cannot be read
 * is logged, and counts as the worst.
 * Errors: redis_unavailable (unavailable)
 */
export async function readLoads(
  core: CoordinationCore,
  type: string,
  instances: readonly string[],
): Promise<Load[]> {
  const pages: string[][] = [];
  for (let from = 0; from < instances.length; from += PER_SCRIPT)
    pages.push(instances.slice(from, from + PER_SCRIPT));
  const loads = (await Promise.all(pages.map((page) => readPage(core, type, page)))).flat();
  const unread = instances.filter((_, index) => isUnread(loads[index]!));
  if (unread.length > 0)
    core.logger.warn(
      { type, agents: unread.length, instances: unread.slice(0, 10) },
      'what some agents have to do could not be read; it counts as the worst',
    );
  return loads;
}

async function readPage(core: CoordinationCore, type: string, page: readonly string[]): Promise<Load[]> {
  const { redis, keys, logger } = core;
  const mailboxes = `${keys.prefix}:${mailboxQueue({ type, instance: '' })}`;
  try {
    const answer = await askScript(redis, agentLoads, [keys.agentRates(type)], [mailboxes, ...page]);
    const [nowMs, ...words] = answer as [number, string, string]; // what the script answers
    const [depths = [], rates = []] = words.map((text) => text.split(' '));
    return page.map((_, index) => ({
      depth: depthOf(depths[index]),
      successRatio: ratioOf(rates[index], nowMs),
    }));
  } catch (error) {
    if (isUnavailable(error)) throw error;
    logger.warn({ type, err: error }, 'the loads of agents could not be read');
    return page.map(() => UNREADABLE);
  }
}

function isUnread({ depth, successRatio }: Load): boolean {
  return depth === null || successRatio === null;
}

function depthOf(word: string | undefined): number | null {
  return word === undefined || word === '?' ? null : Number(word);
}

/** `successes:outcomes:until`; who had no outcome for so long begins anew. */
function ratioOf(rate: string | undefined, nowMs: number): number | null {
  if (rate === '-') return 1;
  const [successes, outcomes, untilMs] = rate?.split(':') ?? [];
  if (Number(untilMs) <= nowMs) return 1;
  const ratio = Number(successes) / Number(outcomes);
  return ratio >= 0 && ratio <= 1 ? ratio : null;
}
