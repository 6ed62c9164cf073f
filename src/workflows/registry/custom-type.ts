import { AGENT_TYPES } from '../../contracts/agent-type.ts';
import { COORDINATION_SEGMENTS } from '../../coordination/keys.ts';
import { AgentType } from '../../coordination/models/agent-id.ts';
import { RESERVED_IDS } from '../../primitives/compose/chain.ts';
import { RUNS } from '../../primitives/durable/service-times.ts';
import { RESERVED_SEGMENTS } from '../../redis/keys.ts';
import { CIRCUIT_SEGMENTS } from '../../resilience/shared/keys.ts';
import { isQueueName, QUEUE_NAMES } from '../../../queues/catalogue.ts';

/**
 * A type of agents is also the name of its queue, of a step, of what is counted and of a part of the fleet's status: what
 * means something there already is taken, however it is written.
 */
const TAKEN: ReadonlySet<string> = new Set([
  ...QUEUE_NAMES,
  ...Object.values(AGENT_TYPES),
  ...RESERVED_SEGMENTS,
  ...COORDINATION_SEGMENTS,
  ...CIRCUIT_SEGMENTS,
  ...RESERVED_IDS,
  RUNS,
  'redis',
  'all',
  'api',
  'dev',
]);

/** Why agents that a module brings cannot be of this type; null when they can. */
export function customTypeProblem(type: string): string | null {
  const named = AgentType.safeParse(type);
  if (!named.success) return `"${type}" is no type: ${named.error.issues[0]?.message}`;
  if (isQueueName(type)) return `"${type}" is a queue of the fleet itself: choose another type`;
  if (TAKEN.has(type.toLowerCase()) || type in {}) return `"${type}" is a reserved word: choose another type`;
  return null;
}

export function isCustomType(type: string): boolean {
  return customTypeProblem(type) === null;
}
