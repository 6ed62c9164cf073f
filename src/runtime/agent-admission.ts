import type { AgentResources } from '../coordination/models/agent-record.ts';

/** What a host has for agents; what is not known is not limited. */
export type HostLimits = { readonly [K in keyof AgentResources]?: number };

/**
 * Why an agent that asks for this may not run beside those that are there; null when it may.
 * Who asks for nothing is always let in.
 */
export function refusalOf(
  asked: AgentResources,
  others: readonly AgentResources[],
  limits: HostLimits,
): string | null {
  const problems = (Object.keys(asked) as (keyof AgentResources)[]).flatMap((resource) => {
    const [wanted, limit] = [asked[resource], limits[resource]];
    if (wanted === undefined || limit === undefined) return [];
    const taken = others.reduce((sum, other) => sum + (other[resource] ?? 0), 0);
    if (taken + wanted <= limit) return [];
    return [`${resource}: ${wanted} asked for, ${taken} of ${limit} are taken on this host`];
  });
  return problems.length === 0 ? null : problems.join('; ');
}
