import type { Config } from '../../config/schema.ts';
import type { LockSettings } from '../../queues/worker-options.ts';
import { CUSTOM_AGENT_TIMEOUT_MS, isAgentQueue } from '../../queues/catalogue.ts';
import { AGENT_TYPES } from '../contracts/agent-type.ts';
import type { CatalogSettings } from '../workflows/catalog/settings.ts';
import type { WorkflowSettings } from '../workflows/context.ts';

/** Configuration speaks in seconds and long names, the rooms in milliseconds and short ones. */
export function workflowSettings(config: Config): WorkflowSettings {
  const { retention, workflow, sessions, performance } = config;
  return {
    retention: {
      completed: { ageSeconds: retention.completed.age, count: retention.completed.count },
      failed: { ageSeconds: retention.failed.age, count: retention.failed.count },
    },
    recordRetentionSeconds: retention.workflow_seconds,
    maxOpenRuns: workflow.max_open_runs,
    maxPendingTurns: sessions.max_pending,
    slaMs: performance.response_time_target * 1000,
    latencyMode: sessions.latency_mode,
    isAdaptive: workflow.scheduling === 'adaptive',
    maxRunTimeoutMs: workflow.error_handling.timeout_seconds * 1000,
    judging: config.safety.enabled ? 'on' : 'disabled',
    tempRoot: workflow.temp_root,
    rollbackRetentionSeconds: workflow.error_handling.rollback_retention_days * 86_400,
  };
}

export function catalogSettings(config: Config): CatalogSettings {
  return {
    runTimeoutMs: config.workflow.error_handling.timeout_seconds * 1000,
    stepTimeoutMs: {
      ipa: agentTimeoutMs(config, 'ipa'),
      wba: agentTimeoutMs(config, 'wba'),
      nga: agentTimeoutMs(config, 'nga'),
    },
    contextMaxChars: config.sessions.context_max_chars,
  };
}

/** @param agent  `ipa`, `wba`, `nga`, or a type that a module brings */
export function agentTimeoutMs(config: Config, agent: string): number {
  const ceilingMs = config.workflow.error_handling.step_timeout_seconds * 1000;
  return Math.min(agentSettings(config, agent).timeoutMs, ceilingMs);
}

export interface AgentSettings {
  readonly timeoutMs: number;
  /** null: as the agent itself says. */
  readonly concurrency: number | null;
  /** null: unlimited. */
  readonly globalConcurrency: number | null;
}

/** How agents of a type work on their queue. */
export function agentSettings({ agents }: Config, agent: string): AgentSettings {
  if (isAgentQueue(agent)) {
    const { timeout, concurrency, global_concurrency: globalConcurrency } = agents[AGENT_TYPES[agent]];
    return { timeoutMs: timeout * 1000, concurrency, globalConcurrency };
  }
  const custom = Object.hasOwn(agents.custom, agent) ? agents.custom[agent] : undefined;
  return {
    timeoutMs: custom?.timeout === undefined ? CUSTOM_AGENT_TIMEOUT_MS : custom.timeout * 1000,
    concurrency: custom?.concurrency ?? null,
    globalConcurrency: custom?.global_concurrency ?? null,
  };
}

export function lockSettings({ queues }: Config): LockSettings {
  return {
    lockSeconds: queues.lock_duration,
    stalledIntervalSeconds: queues.stalled_interval,
    maxStalledSteps: queues.max_stalled_count,
    maxStalledRuns: queues.max_stalled_count_flow,
  };
}
