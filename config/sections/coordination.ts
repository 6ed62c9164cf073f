import { decimal, duration, flag, integer, optionalDuration, section } from '../keys.ts';

/** Settings of who gets a message, and of what happens to agents that fail. */

export const router = section({
  enabled: flag({
    default: true,
    description:
      'Whether a message to a type goes to its best agent; else it waits in the mailbox that all of them share',
  }),
  weight_queue: weight(0.3, 'how much waits for it'),
  weight_heartbeat: weight(0.4, 'how old its heartbeat is'),
  weight_success: weight(0.3, 'how often it fails'),
  heartbeat_fresh_seconds: duration({
    min: 0.1,
    max: 86_400,
    default: 30,
    description: 'Age from which a heartbeat is as bad as it can be',
  }),
  success_window_size: integer({
    min: 1,
    max: 10_000,
    default: 100,
    description: "How many of an agent's last outcomes count",
  }),
});

export const monitoring = section({
  health_check_interval: duration({
    min: 0.1,
    max: 3600,
    default: 15,
    description: 'How often agents are asked for their health',
  }),
  failure_detection_enabled: flag({
    default: true,
    description: 'Whether agents that are not healthy are restarted',
  }),
  failure_detection_interval: optionalDuration({
    min: 0.1,
    max: 3600,
    default: null,
    description: 'How often agents are looked at; null is health_check_interval, at least 5 s',
  }),
  restart_policy: section({
    base: duration({
      min: 0,
      max: 86_400,
      default: 5,
      description: 'Pause between the first two attempts to restart an agent',
    }),
    backoff_factor: decimal({
      min: 1,
      max: 100,
      default: 2,
      description: 'By how much each further pause is longer',
    }),
    backoff_max: duration({
      min: 0,
      max: 86_400,
      default: 60,
      description: 'Longest pause between attempts; at least monitoring.restart_policy.base',
    }),
    max_attempts_window: integer({
      min: 1,
      max: 1000,
      default: 5,
      description: 'Attempts to restart an agent within window_seconds',
    }),
    window_seconds: duration({
      min: 0.001,
      max: 86_400,
      default: 60,
      description: 'The time in which those attempts are counted',
    }),
    circuit_breaker_failures: integer({
      min: 1,
      max: 100,
      default: 3,
      description: 'Failed restarts in a row after which none is tried for circuit_reset_seconds',
    }),
    circuit_reset_seconds: duration({
      min: 0.001,
      max: 86_400,
      default: 300,
      description: 'How long no restart is tried then',
    }),
  }),
});

function weight(value: number, what: string) {
  return decimal({
    min: 0,
    max: 1_000_000,
    default: value,
    description: `How much it counts for an agent ${what}; only the proportion of the three weights matters`,
  });
}
