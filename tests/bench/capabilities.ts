import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { Capabilities } from '../../src/coordination/capabilities/capabilities.ts';
import { CAPABILITY_TYPES } from '../../src/coordination/models/capability.ts';
import { openCoordinationCore } from '../../src/coordination/open-core.ts';
import { testPrefix } from '../support/redis.ts';
import { inParallel, median, quantile } from './statistics.ts';

export interface CapabilitiesPlan {
  readonly agents: number;
  readonly samples: number;
}

/**
 * - known: the same question again
 * - new: a question nobody asked before
 * - changed: the same question after one agent has changed what it can do
 * - fuzzy: a new question that every agent is compared with letter by letter
 */
export const CAPABILITY_QUESTIONS = ['known', 'new', 'changed', 'fuzzy'] as const;
type Question = (typeof CAPABILITY_QUESTIONS)[number];

export interface CapabilitiesFigures {
  readonly agents: number;
  /** The first search of a process, which reads and checks everything. */
  readonly firstMs: number;
  readonly searchMs: Readonly<Record<Question, { readonly p50: number; readonly p99: number }>>;
}

const WIDTH = 100;
/** Of all agents together. */
const NAMES = 200;

/** How long it takes to find one of many agents, each with two capabilities; another process advertises them. */
export async function measureCapabilities(
  redisUrl: string,
  { agents, samples }: CapabilitiesPlan,
): Promise<CapabilitiesFigures> {
  const keyPrefix = testPrefix();
  await using workers = openCoordinationCore({ connection: redisUrl, keyPrefix });
  await using seeker = openCoordinationCore({ connection: redisUrl, keyPrefix });
  const registry = new AgentRegistry(workers, { heartbeatTtlMs: 300_000 });
  const advertised = new Capabilities({ core: workers, directory: registry });
  registry.attach(advertised.hooks);
  const advertise = (index: number, version: string) =>
    advertised.register(agentOf(index), { capabilities: skillsOf(index, version) });
  try {
    await inParallel(agents, WIDTH, async (index) => {
      await registry.register({ ...agentOf(index), process: () => Promise.resolve() });
      await advertise(index, '1.0.0');
    });
    const searching = new Capabilities({ core: seeker, directory: new AgentRegistry(seeker) });
    const timed = async (criteria: object, algorithm = 'weighted_score'): Promise<number> => {
      const startedAt = performance.now();
      await searching.discover(criteria, { algorithm });
      return performance.now() - startedAt;
    };
    const firstMs = await timed({ capability_name: 'skill' });
    const all: Record<Question, number[]> = { known: [], new: [], changed: [], fuzzy: [] };
    for (let sample = 0; sample < samples; sample += 1) {
      all.known.push(await timed({ capability_name: 'skill' }));
      all.new.push(await timed({ capability_name: `skill_${sample % NAMES}`, max_duration_ms: sample }));
      all.fuzzy.push(await timed({ capability_name: `skil_${sample}` }, 'fuzzy_match'));
      await advertise(sample % agents, `1.0.${sample + 1}`);
      all.changed.push(await timed({ capability_name: 'skill' }));
    }
    const quantiles = (question: Question) => ({
      p50: median(all[question]),
      p99: quantile(all[question], 0.99),
    });
    return {
      agents,
      firstMs,
      searchMs: {
        known: quantiles('known'),
        new: quantiles('new'),
        changed: quantiles('changed'),
        fuzzy: quantiles('fuzzy'),
      },
    };
  } finally {
    await registry.stop();
  }
}

function agentOf(index: number): { type: string; instance: string } {
  return { type: `kind${index % 10}`, instance: `i${index}` };
}

function skillsOf(index: number, version: string) {
  return [0, 1].map((place) => ({
    name: `skill_${(index * 2 + place) % NAMES}`,
    type: CAPABILITY_TYPES[(index + place) % CAPABILITY_TYPES.length]!,
    version,
    description: 'Something that one agent can do for another',
    tags: ['bench', `tag_${index % 7}`],
    estimated_duration_ms: 100 + (index % 50),
  }));
}
