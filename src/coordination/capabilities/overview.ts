import { z } from 'zod';
import type { AgentDirectory } from '../agents/directory.ts';
import { AgentCapabilitySet, CAPABILITY_TYPES, CapabilityType } from '../models/capability.ts';
import type { Catalogue } from './catalogue.ts';
import { MATCH_ALGORITHMS } from './settings.ts';

/** How much of everything is advertised. Agents that are not alive count as orphans and nowhere else. */
export const CapabilityStatistics = z
  .strictObject({
    total_agents: z.int().min(0),
    total_capabilities: z.int().min(0),
    active_capabilities: z.int().min(0),
    /** How many capabilities of each type. */
    by_type: z.record(CapabilityType, z.int().min(0)),
    /** How many names there are. */
    unique_names: z.int().min(0),
    /** Null when nobody advertises anything. */
    average_load: z.number().min(0).max(1).nullable(),
    /** The algorithm of searches that name none. */
    algorithm: z.enum(MATCH_ALGORITHMS),
    /** Agents in the index without capabilities, or without a live record. */
    orphans: z.int().min(0),
  })
  .meta({ id: 'CapabilityStatistics' });
export type CapabilityStatistics = z.infer<typeof CapabilityStatistics>;

/** The sets of agents that are alive, with their load at the last heartbeat, in the order of text forms. */
export function advertisedSets({ lines, sets }: Catalogue): AgentCapabilitySet[] {
  const texts = [...sets.keys()].filter((text) => lines.get(text)?.isAlive === true).toSorted();
  return texts.map((text) => {
    const [set, line] = [sets.get(text)!, lines.get(text)!];
    return { ...set, load_factor: line.load, availability: set.availability && line.isRunning };
  });
}

/** Errors: redis_unavailable (unavailable) */
export async function capabilityStatistics(
  catalogue: Catalogue,
  directory: AgentDirectory,
  algorithm: CapabilityStatistics['algorithm'],
): Promise<CapabilityStatistics> {
  const registered = new Set((await directory.list({ isAlive: true })).map(({ text }) => text));
  const sets = advertisedSets(catalogue).filter(({ agent_id }) => registered.has(agent_id));
  const capabilities = sets.flatMap((set) => set.capabilities);
  const loads = sets.map(({ load_factor }) => load_factor);
  const byType = CAPABILITY_TYPES.map((type) => [
    type,
    capabilities.filter((each) => each.type === type).length,
  ]);
  return {
    total_agents: sets.length,
    total_capabilities: capabilities.length,
    active_capabilities: capabilities.filter(({ status }) => status === 'active').length,
    by_type: Object.fromEntries(byType) as Record<CapabilityType, number>, // every type is in the list
    unique_names: new Set(capabilities.map(({ name }) => name)).size,
    average_load: loads.length === 0 ? null : loads.reduce((sum, load) => sum + load, 0) / loads.length,
    algorithm,
    orphans: catalogue.lines.size - sets.length,
  };
}
