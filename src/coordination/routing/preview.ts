import type { ExclusionReason, RoutingCandidate, RoutingPreview } from '../models/routing.ts';
import type { Runner } from './field.ts';
import { exclusionOf, normalisedWeights, rank, type Rules, type Standing } from './score.ts';

export interface PreviewRules extends Rules {
  readonly excludeDegraded: boolean;
  /** Agents of the type that are excluded are shown too, after the others. */
  readonly showAllCandidates: boolean;
}

/** What is told of a decision: the agents of the type with their loads, and all others that there are. */
export function previewOf(
  type: string,
  agents: readonly (Runner & Standing)[],
  others: readonly Runner[],
  rules: PreviewRules,
): RoutingPreview {
  const reasons = new Map<Runner, ExclusionReason>();
  for (const agent of [...agents, ...others]) {
    const reason = exclusionOf(agent, type, rules.excludeDegraded);
    if (reason !== null) reasons.set(agent, reason);
  }
  const ranked = rank(
    agents.filter((agent) => !reasons.has(agent)),
    rules,
  );
  const selected = ranked[0]?.candidate.instance ?? null;
  const candidates = ranked.map(({ candidate, score }): RoutingCandidate => ({
    ...figuresOf(candidate),
    score,
    excluded: false,
  }));
  const hidden = agents.flatMap((agent): RoutingCandidate[] => {
    const reason = reasons.get(agent);
    if (reason === undefined) return [];
    return [{ ...figuresOf(agent), score: null, excluded: true, exclusion_reason: reason }];
  });
  return {
    agent_type: type,
    weights: normalisedWeights(rules.weights),
    configured_weights: rules.weights,
    configured_heartbeat_fresh_seconds: rules.heartbeatFreshMs / 1000,
    candidates: rules.showAllCandidates ? [...candidates, ...hidden] : candidates,
    selected,
    reason: selected === null ? 'no healthy candidates found' : 'selected minimal weighted score',
    excluded: [...reasons].map(([agent, reason]) => ({
      instance: agent.instance,
      agent_type: agent.type,
      reason,
    })),
    summary: {
      total_agents: agents.length + others.length,
      healthy_candidates: ranked.length,
      excluded_count: reasons.size,
      exclusion_reasons: countsOf([...reasons.values()]),
    },
  };
}

function figuresOf(agent: Standing) {
  return {
    instance: agent.instance,
    queue_length: agent.depth,
    heartbeat_age_s: agent.heartbeatAgeMs === null ? null : agent.heartbeatAgeMs / 1000,
    success_rate: agent.successRatio,
  };
}

function countsOf(reasons: readonly ExclusionReason[]): Partial<Record<ExclusionReason, number>> {
  const counts: Partial<Record<ExclusionReason, number>> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
