import { z } from 'zod';
import { parseDuration, parseSize } from '../durations.ts';
import {
  choice,
  decimal,
  duration,
  field,
  flag,
  integer,
  namedRecords,
  optionalDuration,
  optionalInteger,
  optionalText,
  records,
  section,
  size,
  text,
} from '../keys.ts';

/** Settings of agents: how they run, how they show that they are there, and how what they can do is found. */

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const TYPE = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

const Bytes = z.union([
  z.int().min(0),
  z.string().transform((value, ctx) => {
    const bytes = parseSize(value);
    if (bytes !== undefined) return bytes;
    ctx.addIssue({ code: 'custom', message: 'not a size' });
    return z.NEVER;
  }),
]);

const Seconds = z.union([z.number(), z.string()]).transform((value, ctx) => {
  const seconds = typeof value === 'number' ? value : parseDuration(value);
  if (seconds !== undefined && seconds >= 1 && seconds <= 300) return seconds;
  ctx.addIssue({ code: 'custom', message: 'not in range' });
  return z.NEVER;
});

/** An agent of this name in each worker process; a text is an agent that asks for nothing. */
const Instance = z.union([
  z
    .string()
    .regex(NAME)
    .transform((name) => ({ name, resources: {} })),
  z.strictObject({
    name: z.string().regex(NAME),
    resources: z
      .strictObject({
        cpu_threads: z.int().min(1).optional(),
        ram_bytes: Bytes.optional(),
        gpu_memory_bytes: Bytes.optional(),
      })
      .default({}),
  }),
]);

export const agents = section({
  auto_register: flag({
    default: false,
    description:
      'Whether workers register their agents, for those types whose auto_register_enabled is true; jobs are processed either way',
  }),
  heartbeat_ttl: duration({
    min: 1,
    max: 300,
    default: 30,
    description: 'How long an agent counts as alive after its last heartbeat',
  }),
  heartbeat_interval: optionalDuration({
    min: 0.05,
    max: 300,
    default: null,
    description:
      'Time between two heartbeats, below agents.heartbeat_ttl; null is a third of that, at least 1 s and at most half of it',
  }),
  record_retention: duration({
    min: 1,
    max: 31_536_000,
    default: 86_400,
    description: 'How long the record of an agent outlives its last heartbeat',
  }),
  state_retention: duration({
    min: 1,
    max: 31_536_000,
    default: 86_400,
    description: 'How long the saved state of an agent outlives its last heartbeat',
  }),
  max_state_bytes: size({
    min: 1,
    max: 16_777_216,
    default: 1_048_576,
    description: 'Largest state that an agent may save, as JSON',
  }),
  discovery: section({
    enabled: flag({ default: true, description: 'Whether agents advertise what they can do' }),
    strategy: choice(['immediate', 'delayed', 'heartbeat', 'manual'], {
      default: 'immediate',
      description:
        'When that is advertised: at registration, after discovery_delay, with the first heartbeat, or only when asked',
    }),
    discovery_delay: duration({
      min: 0,
      max: 3600,
      default: 0,
      description: 'Wait before capabilities are advertised with the strategy delayed',
    }),
    discovery_timeout: duration({
      min: 0.001,
      max: 3600,
      default: 30,
      description: 'Longest time one attempt to advertise may take',
    }),
    retry_attempts: integer({
      min: 0,
      max: 100,
      default: 3,
      description: 'Further attempts after one that failed',
    }),
    retry_delay: duration({
      min: 0,
      max: 3600,
      default: 5,
      description: 'Wait between attempts to advertise',
    }),
    capability_validation: flag({
      default: true,
      description: 'Whether one wrong capability keeps all of its agent from being advertised',
    }),
    environments: section({
      development: advertised('development', true),
      testing: advertised('testing', false),
      staging: advertised('staging', true),
      production: advertised('production', true),
    }),
    cache_ttl: duration({
      min: 60,
      max: 3600,
      default: 300,
      description: 'How long a search is remembered; who is alive is looked up in any case',
    }),
    max_search_results: integer({
      min: 1,
      max: 1000,
      default: 50,
      description: 'Most results that a search may ask for',
    }),
    capability_matching: section({
      algorithm: choice(
        ['weighted_score', 'exact_match', 'fuzzy_match', 'priority_based', 'semantic_match', 'semantic'],
        { default: 'weighted_score', description: 'How a search compares when it does not say' },
      ),
      score_threshold: share(0.5, 'Least score of a match of weighted_score'),
      fuzzy_threshold: share(0.3, 'A match of fuzzy_match scores more than this'),
      semantic_threshold: share(0.2, 'A match of semantic_match scores more than this'),
      prefer_exact_version: flag({
        default: true,
        description: 'Whether the preferred version comes first among equal scores',
      }),
      include_deprecated: flag({
        default: false,
        description: 'Whether deprecated capabilities are found unless a search says otherwise',
      }),
    }),
  }),
  input_processor: agent('input processor (ipa)', { timeout: 10, instances: 3 }),
  world_builder: agent('world builder (wba)', { timeout: 15, instances: 2 }),
  narrative_generator: agent('narrative generator (nga)', { timeout: 20, instances: 3 }),
  custom: namedRecords(
    z.string().regex(TYPE),
    z.strictObject({
      timeout: field(Seconds, { expected: 'duration 1..300 s' }).optional(),
      concurrency: field(z.int().min(1).max(1000), { expected: 'integer 1..1000' }).optional(),
      global_concurrency: field(z.int().min(1).max(10_000), { expected: 'integer 1..10000' }).optional(),
    }),
    {
      expected: 'settings by type (a letter, then letters, digits, "_" or "-")',
      default: {},
      description:
        'Types of agents that modules bring: agents.custom.echo has timeout, concurrency and global_concurrency, as agents.input_processor has',
    },
  ),
});

function agent(title: string, defaults: { readonly timeout: number; readonly instances: number }) {
  return section({
    enabled: flag({ default: true, description: `Whether the ${title} may register` }),
    timeout: duration({
      min: 1,
      max: 300,
      default: defaults.timeout,
      description: `Longest time one attempt of the ${title} may take`,
    }),
    concurrency: integer({
      min: 1,
      max: 1000,
      default: 4,
      description: `Jobs of the ${title} that one worker process runs at a time`,
    }),
    global_concurrency: optionalInteger({
      min: 1,
      max: 10_000,
      default: null,
      description: `Jobs of the ${title} that the whole fleet runs at a time; null is unlimited`,
    }),
    auto_register_enabled: flag({
      default: false,
      description: `Whether workers register the ${title}; needs agents.auto_register, too`,
    }),
    max_instances: integer({
      min: 1,
      max: 100,
      default: defaults.instances,
      description: `Most agents of the ${title} that one worker process may run`,
    }),
    instance: optionalText({
      accepts: (name) => NAME.test(name),
      expected: '1 to 64 letters, digits, "_" or "-"',
      default: null,
      description: `Name of the one agent of the ${title} in this process; null is made of host, process and chance`,
    }),
    instances: records(Instance, {
      expected:
        'a list of names, or of objects with name and resources (cpu_threads, ram_bytes, gpu_memory_bytes)',
      default: [],
      description: `Agents of the ${title} that each worker process runs, in the place of instance`,
    }),
    capabilities: section({
      advertise: flag({
        default: true,
        description: `Whether it is made known what the ${title} can do`,
      }),
      version: text({
        accepts: (version) => SEMVER.test(version),
        expected: 'a version like 1.0.0',
        default: '1.0.0',
        description: `Version of the capabilities of the ${title}`,
      }),
    }),
  });
}

function advertised(environment: string, isOn: boolean) {
  return flag({ default: isOn, description: `Whether anything is advertised in ${environment}` });
}

function share(value: number, description: string) {
  return decimal({ min: 0, max: 1, default: value, description });
}
