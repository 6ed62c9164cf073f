import { z, type ZodType } from 'zod';
import { AGENTS, type AgentName } from '../src/contracts/agent-type.ts';
import { IpaOutput } from '../src/contracts/intent.ts';
import { DirectJobData, RunJobData, StepJobData } from '../src/contracts/job.ts';
import { NgaOutput } from '../src/contracts/narrative.ts';
import type { RetryPolicy } from '../src/contracts/retry.ts';
import { PageJobData, ProtocolJobData } from '../src/contracts/safety-job.ts';
import { WbaOutput } from '../src/contracts/world.ts';

/** Every queue of the fleet. Names hold no `:` and are never a reserved key segment. */
export const QUEUE_NAMES = [
  ...AGENTS,
  'flow',
  'maintenance',
  'safety-protocol',
  'safety-escalation',
] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

export function isQueueName(name: string): name is QueueName {
  return (QUEUE_NAMES as readonly string[]).includes(name);
}

/** The queue of one of the fleet's own agents. */
export function isAgentQueue(name: string): name is AgentName {
  return (AGENTS as readonly string[]).includes(name);
}

/** Agents work on it: those of the fleet, or those of a type that a module brought, which its queue is named after. */
export function servesAgents(name: string): boolean {
  return isAgentQueue(name) || !isQueueName(name);
}

/** The queues of the worker role `safety`: a process of its own, so that busy agents never delay a page. */
export const SAFETY_QUEUES = ['safety-protocol', 'safety-escalation'] as const;
export type SafetyQueueName = (typeof SAFETY_QUEUES)[number];

export function isSafetyQueue(name: string): name is SafetyQueueName {
  return (SAFETY_QUEUES as readonly string[]).includes(name);
}

/** The custom BullMQ backoff type of every job of ours; each worker registers it. */
export const BACKOFF_TYPE = 'ao';

export interface QueueSpec {
  readonly name: string;
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
  /** Failed jobs stay for ever: what should have reached a person is never swept away. */
  readonly keepsFailed?: true;
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

/** Spec, safety 8: three repeats, a second apart. */
const PROTOCOL_RETRY: RetryPolicy = {
  max_attempts: 4,
  base_delay_ms: 1_000,
  factor: 1,
  max_delay_ms: 1_000,
  jitter: 0,
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
  'safety-protocol': {
    name: 'safety-protocol',
    retry: PROTOCOL_RETRY,
    timeoutMs: 5_000,
    data: ProtocolJobData,
    result: z.unknown(),
    stallLimit: 'run',
    keepsFailed: true,
  },
  'safety-escalation': {
    name: 'safety-escalation',
    // A page carries its own pauses: contracts/safety-job.ts.
    retry: { ...PROTOCOL_RETRY, base_delay_ms: 120_000, max_delay_ms: 120_000 },
    timeoutMs: 15_000,
    data: PageJobData,
    result: z.unknown(),
    stallLimit: 'run',
    keepsFailed: true,
  },
};

/** How long an agent of another type may take where nobody says it, in milliseconds. */
export const CUSTOM_AGENT_TIMEOUT_MS = 30_000;

/** The queue of a type of agents that a module brought: like those of the fleet, but whatever it answers may be any JSON. */
export function agentQueueSpec(type: string): QueueSpec {
  return agentQueue(type, CUSTOM_AGENT_TIMEOUT_MS, z.json());
}

/** Of a queue of the catalogue, else of the type of agents that it is named after. */
export function specOf(name: string): QueueSpec {
  return isQueueName(name) ? QUEUES[name] : agentQueueSpec(name);
}

function agentQueue(name: string, timeoutMs: number, output: ZodType): QueueSpec {
  return {
    name,
    retry: AGENT_RETRY,
    timeoutMs,
    data: AgentJobData,
    result: z.union([StepResult, output]),
    stallLimit: 'step',
  };
}
