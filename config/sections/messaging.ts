import { decimal, duration, flag, integer, section, size } from '../keys.ts';

/** Settings of messages between agents: how many are kept, how they are repeated and recovered. */
export const messaging = section({
  queue_size: integer({
    min: 1,
    max: 1_000_000,
    default: 10_000,
    description: 'Messages that one mailbox holds; beyond, sends are refused (429 over HTTP)',
  }),
  retry_attempts: integer({
    min: 0,
    max: 100,
    default: 3,
    description: 'How often a message is delivered again after a failure; 0 makes the first one final',
  }),
  backoff_base: duration({
    min: 0,
    max: 3600,
    default: 1,
    description: 'Wait before the first repetition of a message',
  }),
  backoff_max: duration({
    min: 0,
    max: 3600,
    default: 30,
    description: 'Longest wait before a repetition; at least messaging.backoff_base',
  }),
  backoff_factor: decimal({
    min: 1,
    max: 10,
    default: 2,
    description: 'By how much the wait grows with each repetition',
  }),
  backoff_jitter: decimal({
    min: 0,
    max: 1,
    default: 0,
    description: 'The share of a wait that is left to chance',
  }),
  visibility_timeout: duration({
    min: 0.05,
    max: 43_200,
    default: 5,
    description: 'How long a received message stays invisible to others unless it is settled',
  }),
  message_timeout: duration({
    min: 1,
    max: 300,
    default: 5,
    description: 'How long an agent that asks another one waits for the answer, unless it says otherwise',
  }),
  max_stalls: integer({
    min: 0,
    max: 100,
    default: 3,
    description: 'How often a message may lose its consumer before it is a dead letter',
  }),
  sweep_interval_ms: integer({
    min: 50,
    max: 60_000,
    default: 1000,
    description: 'Milliseconds between looks for messages whose consumer was lost',
  }),
  auto_recover_on_start: flag({
    default: true,
    description: 'Whether a starting process puts back messages that earlier ones lost',
  }),
  audit_max_len: integer({
    min: 0,
    max: 100_000_000,
    default: 100_000,
    description: 'Entries the audit of messages keeps, approximately; 0 is off',
  }),
  max_payload_bytes: size({
    min: 1,
    max: 16_777_216,
    default: 262_144,
    description: 'Largest payload of a message, as JSON',
  }),
});
