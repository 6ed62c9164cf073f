import { isAbsolute } from 'node:path';
import { z } from 'zod';
import {
  choice,
  duration,
  field,
  flag,
  integer,
  namedRecords,
  optionalInteger,
  optionalText,
  section,
} from '../keys.ts';

/** Settings of what the fleet does: agents, runs, sessions, and what is kept of them. */

export const agents = section({
  input_processor: agent('input processor (ipa)', 10),
  world_builder: agent('world builder (wba)', 15),
  narrative_generator: agent('narrative generator (nga)', 20),
});

export const workflow = section({
  max_open_runs: integer({
    min: 1,
    max: 10_000_000,
    default: 100_000,
    description: 'Runs that may be open in the fleet; beyond, submissions are answered 429',
  }),
  scheduling: choice(['adaptive', 'fixed'], {
    default: 'adaptive',
    description:
      'Whether a fast run asks no model at all when the fleet is so busy that it would be late (adaptive), or tries in any case (fixed)',
  }),
  accept_changed_plans: flag({
    default: false,
    description:
      'Whether a process may start although a plan in its code changed under the same version; never in production',
  }),
  timeout_check_interval_s: duration({
    min: 0.1,
    max: 60,
    default: 2,
    description: 'How often the watchdog looks for runs past their deadline',
  }),
  temp_root: optionalText({
    accepts: isAbsolute,
    expected: 'an absolute path of a folder',
    default: null,
    description:
      'The folder in which steps may write files, the same for all workers and APIs; null is nowhere',
  }),
  error_handling: section({
    timeout_seconds: duration({
      min: 1,
      max: 3600,
      default: 300,
      description: 'Deadline of a run, and the longest a request may ask for',
    }),
    step_timeout_seconds: duration({
      min: 1,
      max: 600,
      default: 60,
      description: 'Longest time one attempt of a step may take when its agent sets nothing shorter',
    }),
    rollback_retention_days: integer({
      min: 1,
      max: 365,
      default: 30,
      description: 'Days for which the history of rollbacks of a run is kept',
    }),
    circuit_breaker: section({
      enabled: flag({ default: true, description: 'Whether failing dependencies are cut off for a while' }),
      failure_threshold: integer({
        min: 1,
        max: 100,
        default: 5,
        description: 'Consecutive failures that open a circuit',
      }),
      timeout_seconds: duration({
        min: 1,
        max: 3600,
        default: 60,
        description: 'How long an open circuit refuses calls before it tries again',
      }),
      recovery_timeout_seconds: duration({
        min: 1,
        max: 7200,
        default: 300,
        description: 'Time since first opening after which a circuit counts as overdue',
      }),
      half_open_max_calls: integer({
        min: 1,
        max: 20,
        default: 3,
        description: 'Trial calls in flight while a circuit is half open',
      }),
      success_threshold: integer({
        min: 1,
        max: 10,
        default: 2,
        description: 'Successful trial calls that close a circuit',
      }),
      failure_window_seconds: duration({
        min: 1,
        max: 3600,
        default: 60,
        description: 'Time without a failure after which the count of failures begins anew',
      }),
      call_timeout_ms: optionalInteger({
        min: 1,
        max: 3_600_000,
        default: null,
        description:
          'Longest time any call through a circuit may take; null: as long as the time limit of who calls',
      }),
    }),
  }),
});

const seconds = (min: number, max: number) =>
  field(z.number().min(min).max(max), { expected: `number ${min}..${max} of seconds` }).optional();
const upTo = (max: number) => field(z.int().min(1).max(max), { expected: `integer 1..${max}` }).optional();

/** What one circuit has in place of `workflow.error_handling.circuit_breaker`. */
export const circuits = namedRecords(
  z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/),
  z.strictObject({
    enabled: field(z.boolean(), { expected: 'boolean' }).optional(),
    failure_threshold: upTo(100),
    timeout_seconds: seconds(1, 3600),
    recovery_timeout_seconds: seconds(1, 7200),
    half_open_max_calls: upTo(20),
    success_threshold: upTo(10),
    failure_window_seconds: seconds(1, 3600),
    call_timeout_ms: upTo(3_600_000),
  }),
  {
    expected: 'settings of circuits by their names (letters, digits, "_", "." and "-")',
    default: {},
    description:
      'Circuits with settings of their own, by name: circuits.provider.main has failure_threshold and others, as in workflow.error_handling.circuit_breaker',
  },
);

export const retention = section({
  completed: kept('completed', 3600, 1000),
  failed: kept('failed', 604_800, 5000),
  workflow_seconds: duration({
    min: 60,
    max: 31_536_000,
    default: 86_400,
    description: 'How long the record of an ended run can be read',
  }),
});

export const sessions = section({
  ttl_seconds: duration({
    min: 60,
    max: 2_592_000,
    default: 86_400,
    description: 'How long a session lives after its last turn',
  }),
  latency_mode: choice(['fast', 'full'], {
    default: 'fast',
    description:
      'Whether agents answer locally when a model takes longer than performance.response_time_target allows (fast), or let it take its time (full); a request may choose',
  }),
  max_pending: integer({
    min: 1,
    max: 1000,
    default: 8,
    description: 'Turns of one session that may wait; beyond, they are answered 429',
  }),
  context_max_chars: integer({
    min: 1,
    max: 1_000_000,
    default: 6000,
    description: 'Characters of the past that agents are told at most; whole items go, the oldest first',
  }),
});

export const queues = section({
  lock_duration: duration({
    min: 1,
    max: 600,
    default: 30,
    description: 'How long a worker holds a job without renewing its lock',
  }),
  stalled_interval: duration({
    min: 1,
    max: 600,
    default: 15,
    description: 'How often workers look for jobs whose lock was lost',
  }),
  max_stalled_count: integer({
    min: 1,
    max: 100,
    default: 3,
    description: 'How often a step may lose its worker before it fails',
  }),
  max_stalled_count_flow: integer({
    min: 1,
    max: 100,
    default: 10,
    description: 'How often a run may lose its worker before it fails',
  }),
});

function agent(title: string, timeoutSeconds: number) {
  return section({
    enabled: flag({ default: true, description: `Whether workers process jobs of the ${title}` }),
    timeout: duration({
      min: 1,
      max: 300,
      default: timeoutSeconds,
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
  });
}

function kept(which: string, ageSeconds: number, count: number) {
  return section({
    age: duration({
      min: 1,
      max: 31_536_000,
      default: ageSeconds,
      description: `How long ${which} jobs stay in their queue`,
    }),
    count: integer({
      min: 1,
      max: 10_000_000,
      default: count,
      description: `How many ${which} jobs stay in each queue`,
    }),
  });
}
