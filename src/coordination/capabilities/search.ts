import { toIso, type Clock } from '../../kernel/clock.ts';
import type { AgentDirectory, AgentView } from '../agents/directory.ts';
import type { CoordinationCore } from '../core.ts';
import { parseAgentIdText } from '../models/agent-id.ts';
import type { CapabilityDiscoveryResponse, CapabilityMatch } from '../models/capability-search.ts';
import type { Catalogue, CatalogueReader } from './catalogue.ts';
import { isOfIncarnation } from './index-line.ts';
import { scoreOffers, type MatchAlgorithms, type ScoredOffer } from './match/algorithms.ts';
import { isAvailableNow, passesLiveFilters } from './match/filters.ts';
import { wantedOf } from './match/offer.ts';
import { firstOffers, type LiveOffer } from './match/rank.ts';
import { CAPABILITY_METRICS } from './metric-names.ts';
import type { SearchPlan } from './search-options.ts';
import { estimatedWaits } from './waits.ts';

/** Searches that are remembered; the one that was asked for the longest ago goes first. */
const REMEMBERED_MAX = 200;

interface Remembered {
  readonly epoch: number;
  readonly until: number;
  readonly fitting: readonly ScoredOffer[];
}

export interface SearchParts {
  readonly core: CoordinationCore;
  readonly directory: AgentDirectory;
  readonly catalogue: CatalogueReader;
  readonly algorithms: MatchAlgorithms;
  readonly clock: Clock;
  readonly cacheTtlMs: number;
}

/**
 * Finds agents by what they can do.
 *
 * 1. the index: who is alive and how loaded, one hash
 * 2. what fits the criteria: remembered as long as no capability changes
 * 3. of those, who is alive, takes work and has room at this moment, in their order
 * 4. the agents that will be shown are looked up: whoever is dead, stopped or degraded meanwhile gives way to the next
 */
export class CapabilitySearch {
  readonly #parts: SearchParts;
  readonly #remembered = new Map<string, Remembered>();

  constructor(parts: SearchParts) {
    this.#parts = parts;
  }

  /** Errors: redis_unavailable (unavailable), and whatever a plugged-in scorer throws */
  async run(plan: SearchPlan): Promise<CapabilityDiscoveryResponse> {
    const startedAt = performance.now();
    const { core, catalogue } = this.#parts;
    const { algorithm } = plan.matching;
    const found = await catalogue.read();
    const { fitting, isHit } = await this.#fitting(plan, found);
    const matches = await this.#page(plan, found, this.#alive(plan, found, fitting));
    const durationMs = performance.now() - startedAt;
    core.metrics.inc(CAPABILITY_METRICS.searches, { algorithm });
    if (isHit) core.metrics.inc(CAPABILITY_METRICS.cacheHits, { algorithm });
    core.metrics.observe(CAPABILITY_METRICS.searchSeconds, durationMs / 1000);
    return {
      matches,
      total_agents_searched: countAlive(found),
      search_duration_ms: Math.round(durationMs * 1000) / 1000,
      discovery_timestamp: toIso(found.now),
      cache_hit: isHit,
    };
  }

  async #fitting(
    { criteria, matching }: SearchPlan,
    { epoch, offers }: Catalogue,
  ): Promise<{ fitting: readonly ScoredOffer[]; isHit: boolean }> {
    const { algorithms, clock, cacheTtlMs } = this.#parts;
    const key = JSON.stringify([criteria, matching]);
    const known = this.#remembered.get(key);
    this.#remembered.delete(key);
    if (known !== undefined && known.epoch === epoch && known.until > clock.now()) {
      this.#remembered.set(key, known);
      return { fitting: known.fitting, isHit: true };
    }
    const fitting = await scoreOffers(offers, wantedOf(criteria), algorithms[matching.algorithm], matching);
    this.#remembered.set(key, { epoch, until: clock.now() + cacheTtlMs, fitting });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
    return { fitting, isHit: false };
  }

  /** What fits and may be taken now. */
  #alive(plan: SearchPlan, { lines }: Catalogue, fitting: readonly ScoredOffer[]): LiveOffer[] {
    const algorithm = this.#parts.algorithms[plan.matching.algorithm];
    const wanted = wantedOf(plan.criteria);
    const live: LiveOffer[] = [];
    for (const scored of fitting) {
      const vitals = lines.get(scored.offer.agent);
      if (vitals === undefined || !passesLiveFilters(scored.offer, wanted, vitals)) continue;
      const score = algorithm.underLoad?.(scored.score, vitals.load) ?? scored.score;
      if (algorithm.isEnough(score, plan.matching)) live.push({ scored, score, vitals });
    }
    return live;
  }

  /** The first of them whose agents are what they seem; where some are not, more are looked up. */
  async #page(plan: SearchPlan, found: Catalogue, live: readonly LiveOffer[]): Promise<CapabilityMatch[]> {
    const views = new Map<string, AgentView | null>();
    let chosen: LiveOffer[] = [];
    for (let width = plan.maxResults; ; width *= 4) {
      const first = firstOffers(live, width, plan);
      await this.#lookUp(first, views);
      chosen = first.filter(({ scored }) => isAsSeen(scored.offer.agent, found, views, plan));
      if (chosen.length >= plan.maxResults || first.length === live.length) break;
    }
    const shown = chosen.slice(0, plan.maxResults);
    const waits = await estimatedWaits(
      this.#parts.core,
      shown.map(({ scored }) => ({
        agent: parseAgentIdText(scored.offer.agent)!, // looked up under it
        durationMs: scored.offer.capability.estimated_duration_ms,
        concurrency: views.get(scored.offer.agent)!.record.metrics.concurrency,
      })),
    );
    return shown.map((match, index) => toMatch(match, waits[index] ?? null));
  }

  async #lookUp(offers: readonly LiveOffer[], views: Map<string, AgentView | null>): Promise<void> {
    const unknown = new Set(
      offers.map(({ scored }) => scored.offer.agent).filter((text) => !views.has(text)),
    );
    await Promise.all(
      [...unknown].map(async (text) => {
        const agent = parseAgentIdText(text);
        views.set(text, agent === undefined ? null : await this.#parts.directory.get(agent));
      }),
    );
  }
}

function isAsSeen(
  text: string,
  { lines }: Catalogue,
  views: ReadonlyMap<string, AgentView | null>,
  { includeDegraded, criteria }: SearchPlan,
): boolean {
  const [view, line] = [views.get(text), lines.get(text)];
  if (view == null || line === undefined || !view.isAlive) return false;
  const { registration_id, status } = view.record;
  if (!isOfIncarnation(line, registration_id)) return false;
  if (status.degraded && !includeDegraded) return false;
  return status.running || !criteria.require_available;
}

function toMatch({ scored, score, vitals }: LiveOffer, waitMs: number | null): CapabilityMatch {
  return {
    agent_id: scored.offer.agent,
    capability: scored.offer.capability,
    match_score: score,
    exact_match: scored.isExact,
    version_match: scored.isVersionMatch,
    performance_match: scored.isPerformanceMatch,
    agent_load_factor: vitals.load,
    agent_availability: isAvailableNow(scored.offer, vitals),
    estimated_wait_time_ms: waitMs,
  };
}

function countAlive({ lines, sets }: Catalogue): number {
  let count = 0;
  for (const [text, { isAlive }] of lines) if (isAlive && sets.has(text)) count += 1;
  return count;
}
