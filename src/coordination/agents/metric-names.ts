/** The figures of agents. The label `agent` is the text form of one. */
export const AGENT_METRICS = {
  /** By `type`. */
  registered: 'agent_orchestration_agents_registered',
  /** By `type`. */
  alive: 'agent_orchestration_agents_alive',
  /** Registered, and not alive or degraded. */
  unhealthy: 'agent_orchestration_agents_unhealthy',
  heartbeatAgeSeconds: 'agent_orchestration_agent_heartbeat_age_seconds',
  corruptRecords: 'agent_orchestration_agent_records_corrupt_total',
  /** By `agent` and `result`. */
  restarts: 'agent_orchestration_agents_restarts_total',
  /** By `type`. */
  fallbacks: 'agent_orchestration_agents_fallbacks_total',
  messagesMoved: 'agent_orchestration_agent_messages_moved_total',
} as const;
