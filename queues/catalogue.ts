import { z, type ZodType } from 'zod';
import { AGENTS, type AgentName } from '../src/contracts/agent-type.ts';
import { DirectJobData, RunJobData, StepJobData } from '../src/contracts/job.ts';
import type { RetryPolicy } from '../src/contracts/retry.ts';

/** Every queue of the fleet. Names hold no `:` and are never a reserved key segment. */
export const QUEUE_NAMES = [...AGENTS, 'flow', 'maintenance'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

export function isQueueName(name: string): name is QueueName {
  return (QUEUE_NAMES as readonly string[]).includes(name);
}

export function isAgentQueue(name: QueueName): name is AgentName {
  return (AGENTS as readonly string[]).includes(name);
}

/** The custom BullMQ backoff type of every job of ours; each worker registers it. */
export const BACKOFF_TYPE = 'ao';

export interface QueueSpec {
  readonly name: QueueName;
  /** How a job of this queue is repeated when its data names no policy. */
  readonly retry: RetryPolicy;
  /** Milliseconds one attempt may take when its definition names no limit. */
  readonly timeoutMs: number;
  /** What a job's data must look like; agent queues also take the second form from any producer. */
  readonly data: ZodType;
}

const AgentJobData = z.union([StepJobData, DirectJobData]);

const AGENT_RETRY: RetryPolicy = {
  max_attempts: 3,
  base_delay_ms: 500,
  factor: 2,
  max_delay_ms: 30_000,
  jitter: 0.5,
};

/** Settling only talks to Redis, so a failure means that Redis was away: come back soon, and often. */
const FLOW_RETRY: RetryPolicy = {
  max_attempts: 20,
  base_delay_ms: 250,
  factor: 2,
  max_delay_ms: 10_000,
  jitter: 0.5,
};

export const QUEUES: Readonly<Record<QueueName, QueueSpec>> = {
  ipa: { name: 'ipa', retry: AGENT_RETRY, timeoutMs: 10_000, data: AgentJobData },
  wba: { name: 'wba', retry: AGENT_RETRY, timeoutMs: 15_000, data: AgentJobData },
  nga: { name: 'nga', retry: AGENT_RETRY, timeoutMs: 20_000, data: AgentJobData },
  flow: { name: 'flow', retry: FLOW_RETRY, timeoutMs: 30_000, data: RunJobData },
  maintenance: {
    name: 'maintenance',
    retry: { ...FLOW_RETRY, max_attempts: 1 },
    timeoutMs: 30_000,
    data: z.object({}),
  },
};
