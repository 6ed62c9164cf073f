import { AgentRegistry } from '../../src/coordination/agents/registry.ts';
import { Capabilities } from '../../src/coordination/capabilities/capabilities.ts';
import type { CoordinationCore } from '../../src/coordination/core.ts';
import type { AgentIdInput } from '../../src/coordination/models/agent-id.ts';
import { CAPABILITY_TYPES } from '../../src/coordination/models/capability.ts';
import { inParallel } from './statistics.ts';

/** Advertised at once. */
const WIDTH = 200;
/** Of the capabilities of all agents together. */
const NAMES = 200;

/** Times a call several times, each after something else was done. */
export type Measure = (
  what: string,
  call: (sample: number) => Promise<unknown>,
  before?: (sample: number) => Promise<unknown>,
) => Promise<void>;

export interface Fleet {
  readonly agents: readonly AgentIdInput[];
  /** Of the processes that run the agents. */
  readonly registries: readonly AgentRegistry[];
  readonly running: CoordinationCore;
  /** Of a process that only asks. */
  readonly asking: CoordinationCore;
}

/** Finding agents by what they can do, when each of them advertises two capabilities. */
export async function measureDiscovery(fleet: Fleet, measure: Measure): Promise<void> {
  const { agents, registries, running, asking } = fleet;
  const advertised = new Capabilities({ core: running, directory: new AgentRegistry(running) });
  for (const registry of registries) registry.attach(advertised.hooks);
  const advertise = (index: number, version = '1.0.0') =>
    advertised.register(agents[index]!, { capabilities: skillsOf(index, version) });
  await inParallel(agents.length, WIDTH, async (index) => void (await advertise(index)));

  const searching = () => new Capabilities({ core: asking, directory: new AgentRegistry(asking) });
  const capabilities = searching();
  const everybody = () => capabilities.discover({ capability_name: 'skill' });
  await measure('discover, for the first time', () => searching().discover({ capability_name: 'skill' }));
  await measure('discover, all fit', everybody);
  await measure('discover, one in a hundred fits', () =>
    capabilities.discover({ capability_name: 'skill_7' }),
  );
  await measure('discover, a new question', (sample) =>
    capabilities.discover({ capability_name: 'skill', max_duration_ms: sample }),
  );
  await measure('discover, a new question to fuzzy_match', (sample) =>
    capabilities.discover({ capability_name: `skil_${sample}` }, { algorithm: 'fuzzy_match' }),
  );
  await measure('discover when a tenth has beaten', everybody, (sample) =>
    registries[sample % registries.length]!.heartbeat(),
  );
  await measure('discover when one has changed', everybody, (sample) =>
    advertise(sample % agents.length, `1.0.${sample + 1}`),
  );
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
