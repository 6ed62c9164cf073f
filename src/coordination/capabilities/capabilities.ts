import { systemClock } from '../../kernel/clock.ts';
import type { AgentDirectory } from '../agents/directory.ts';
import type { RegistryHooks } from '../agents/hooks.ts';
import type { CoordinationCore } from '../core.ts';
import type { AgentIdInput } from '../models/agent-id.ts';
import type { AgentCapabilitySet } from '../models/capability.ts';
import type {
  CapabilityDiscoveryResponse,
  CapabilityMatchCriteriaInput,
} from '../models/capability-search.ts';
import type { Clock } from '../ports.ts';
import { parseInput } from '../validate.ts';
import { CatalogueReader } from './catalogue.ts';
import { matchAlgorithms } from './match/algorithms.ts';
import type { SemanticScorer } from './match/semantic-match.ts';
import { advertisedSets, capabilityStatistics, type CapabilityStatistics } from './overview.ts';
import { CapabilitySearch } from './search.ts';
import { planRequest, planSearch, type DiscoverOptions } from './search-options.ts';
import { CapabilitySettings, type CapabilityOptions } from './settings.ts';
import { CapabilityStore, type CapabilitySetOf } from './store.ts';

export interface CapabilitiesParts {
  readonly core: CoordinationCore;
  readonly directory: AgentDirectory;
  readonly settings?: CapabilityOptions;
  /** In the place of the words that `semantic_match` compares. */
  readonly semanticScorer?: SemanticScorer;
  readonly clock?: Clock;
}

/** What agents can do: advertise it, and find who can do something. Each verb has its file; this is their sum. */
export class Capabilities {
  readonly #store: CapabilityStore;
  readonly #catalogue: CatalogueReader;
  readonly #search: CapabilitySearch;
  readonly #directory: AgentDirectory;
  readonly #settings: CapabilitySettings;

  /** Errors: validation (invalid_input) */
  constructor({ core, directory, settings, semanticScorer, clock = systemClock }: CapabilitiesParts) {
    this.#settings = parseInput(CapabilitySettings, settings ?? {}, 'capabilities');
    this.#directory = directory;
    this.#store = new CapabilityStore(core, directory);
    this.#catalogue = new CatalogueReader(core);
    this.#search = new CapabilitySearch({
      core,
      directory,
      catalogue: this.#catalogue,
      algorithms: matchAlgorithms(semanticScorer),
      clock,
      cacheTtlMs: this.#settings.cacheTtlMs,
    });
  }

  /** For the registry: `registry.attach(capabilities.hooks)`; without them a set lapses with the first TTL. */
  get hooks(): RegistryHooks {
    return this.#store.hooks;
  }

  /**
   * Advertise what an agent of this process can do, instead of what it advertised before. Its heartbeats keep it.
   * @param set  `agent_id` may be left out
   * @returns the set as it is stored
   * Errors: validation (invalid_input), agent_not_registered (not_found), redis_unavailable (unavailable)
   */
  register(agent: AgentIdInput, set: CapabilitySetOf): Promise<AgentCapabilitySet> {
    return this.#store.register(agent, set);
  }

  /** The agent advertises nothing any more. Errors: redis_unavailable (unavailable) */
  drop(agent: AgentIdInput, registrationId?: string): Promise<boolean> {
    return this.#store.drop(agent, registrationId);
  }

  /**
   * Who can do this? An answer without matches is no error.
   * Errors: validation (invalid_input), redis_unavailable (unavailable), and what a plugged-in scorer throws
   */
  async discover(
    criteria: CapabilityMatchCriteriaInput,
    options: DiscoverOptions = {},
  ): Promise<CapabilityDiscoveryResponse> {
    return this.#search.run(planSearch(criteria, options, this.#settings));
  }

  /** The same with everything in one object, as it comes over HTTP. */
  async discoverRequest(request: unknown): Promise<CapabilityDiscoveryResponse> {
    return this.#search.run(planRequest(request, this.#settings));
  }

  /** What everybody alive advertises, in the order of text forms. Errors: redis_unavailable (unavailable) */
  async list(): Promise<AgentCapabilitySet[]> {
    return advertisedSets(await this.#catalogue.read());
  }

  /** Errors: redis_unavailable (unavailable) */
  async statistics(): Promise<CapabilityStatistics> {
    const catalogue = await this.#catalogue.read();
    return capabilityStatistics(catalogue, this.#directory, this.#settings.matching.algorithm);
  }
}
