import { z, type ZodType } from 'zod';
import { AGENTS, type AgentName } from '../src/contracts/agent-type.ts';
import { IpaOutput } from '../src/contracts/intent.ts';
import { DirectJobData, RunJobData, StepJobData } from '../src/contracts/job.ts';
import { NgaOutput } from '../src/contracts/narrative.ts';
import type { RetryPolicy } from '../src/contracts/retry.ts';
import { WbaOutput } from '../src/contracts/world.ts';

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
  /** What its return value looks like; a run's results themselves stand in the run's own hash. */
  readonly result: ZodType;
  /** Which stall limit holds: a run job is picked up more often than a step. */
  readonly stallLimit: 'step' | 'run';
}

const AgentJobData = z.union([StepJobData, DirectJobData]);

/** How a step of a run ended; a direct job returns its agent's output instead. */
const StepResult = z.union([
  z.strictObject({ status: z.literal('completed') }),
  z.strictObject({ skipped: z.literal(true), because: z.string() }),
]);
const RunResult = z.object({ status: z.string() });

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
  ipa: agentQueue('ipa', 10_000, IpaOutput),
  wba: agentQueue('wba', 15_000, WbaOutput),
  nga: agentQueue('nga', 20_000, NgaOutput),
  flow: {
    name: 'flow',
    retry: FLOW_RETRY,
    timeoutMs: 30_000,
    data: RunJobData,
    result: RunResult,
    stallLimit: 'run',
  },
  maintenance: {
    name: 'maintenance',
    retry: { ...FLOW_RETRY, max_attempts: 1 },
    timeoutMs: 30_000,
    data: z.object({}),
    result: z.unknown(),
    stallLimit: 'run',
  },
};

function agentQueue(name: AgentName, timeoutMs: number, output: ZodType): QueueSpec {
  return {
    name,
    retry: AGENT_RETRY,
    timeoutMs,
    data: AgentJobData,
    result: z.union([StepResult, output]),
    stallLimit: 'step',
  };
}
