import type { AgentListing } from '../../src/coordination/agents/operations.ts';

/** An agent as it is listed, alive and idle. */
export function agentListing(id: string, change: Partial<AgentListing> = {}): AgentListing {
  const [agent_type = '', instance = ''] = id.split(':');
  return {
    agent_id: id,
    agent_type,
    instance,
    registered: true,
    alive: true,
    status: 'idle',
    health: 'healthy',
    degraded: null,
    last_heartbeat: '2026-01-01T00:00:00.000Z',
    last_heartbeat_age: 1.25,
    heartbeat_ttl_s: 30,
    registered_at: '2026-01-01T00:00:00.000Z',
    uptime_s: 60,
    current_load: 0.25,
    in_flight: 1,
    concurrency: 4,
    requests: 7,
    errors: 2,
    host: 'box',
    pid: 42,
    version: '1.2.3',
    resources: {},
    capabilities: ['text_analysis@1.0.0'],
    performance: { p50_ms: 1, p95_ms: 9.6, avg_ms: 3, error_rate: 0.2, window: 7 },
    metadata: {},
    ...change,
  };
}
