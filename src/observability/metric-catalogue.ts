/** Every name below is exported with this prefix; the metrics of the process itself keep prom-client's names. */
export const METRIC_PREFIX = 'agent_orchestration_';

export interface MetricSpec {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Values come from fixed sets: never the id of a run, a session, a user or a job. */
  readonly labels: readonly string[];
  /** Of a histogram; left out: {@link DURATION_BUCKETS}. */
  readonly buckets?: readonly number[];
}

/** Steps and glue take less time than answers. */
const PRIMITIVE_BUCKETS: readonly number[] = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** Of every metric of a node: what it is, and in whose plan it stands. */
const NODE_LABELS = ['kind', 'primitive', 'definition', 'engine'] as const;

/** Every metric of the product: the source of the instruments, of the documentation and of the dashboards' tests. */
export const METRIC_CATALOGUE = [
  { name: 'build_info', type: 'gauge', help: 'Always 1', labels: ['version', 'role', 'node_version'] },

  { name: 'queue_jobs', type: 'gauge', help: 'Jobs by state', labels: ['queue', 'state'] },
  {
    name: 'queue_oldest_waiting_seconds',
    type: 'gauge',
    help: 'Age of the job that has waited longest',
    labels: ['queue'],
  },
  { name: 'queue_paused', type: 'gauge', help: '1 while the queue is paused', labels: ['queue'] },
  { name: 'queue_workers', type: 'gauge', help: 'Workers connected to the queue', labels: ['queue'] },
  // Dead letters of steps and of mailboxes lie in queues of their own; only those of mailboxes belong to an agent.
  {
    name: 'dlq_length',
    type: 'gauge',
    help: 'Dead letters; of a mailbox the queue is dlq.<type>.<instance>, else agent is empty',
    labels: ['queue', 'agent'],
  },

  { name: 'jobs_completed_total', type: 'counter', help: 'Jobs completed', labels: ['queue'] },
  {
    name: 'jobs_failed_total',
    type: 'counter',
    help: 'Attempts that failed: error, timeout, stalled, cancelled, validation or circuit_open',
    labels: ['queue', 'reason'],
  },
  { name: 'jobs_stalled_total', type: 'counter', help: 'Jobs whose worker was lost', labels: ['queue'] },
  { name: 'jobs_retried_total', type: 'counter', help: 'Attempts that will be repeated', labels: ['queue'] },
  { name: 'job_duration_seconds', type: 'histogram', help: 'Time to process one attempt', labels: ['queue'] },
  {
    name: 'job_wait_seconds',
    type: 'histogram',
    help: 'Time from adding a job to its start',
    labels: ['queue'],
  },
  {
    name: 'step_duration_seconds',
    type: 'histogram',
    help: 'Time an agent took for one attempt of a step',
    labels: ['agent', 'workflow', 'step', 'outcome'],
  },
  {
    name: 'step_wait_seconds',
    type: 'histogram',
    help: 'Time a step waited for a worker',
    labels: ['agent', 'priority'],
  },
  { name: 'worker_active_jobs', type: 'gauge', help: 'Jobs this process works on', labels: ['queue'] },
  {
    name: 'worker_concurrency',
    type: 'gauge',
    help: 'Jobs this process may work on at a time',
    labels: ['queue'],
  },

  { name: 'workflow_runs_total', type: 'counter', help: 'Runs ended', labels: ['workflow', 'status'] },
  {
    name: 'workflow_version_unavailable_total',
    type: 'counter',
    help: 'Jobs put back because the worker does not know the version of their workflow',
    labels: ['workflow'],
  },
  {
    name: 'workflow_validation_errors_total',
    type: 'counter',
    help: 'What was wrong with definitions that were refused at registration; one with two problems counts for each',
    labels: ['code'],
  },
  {
    name: 'workflow_duration_seconds',
    type: 'histogram',
    help: 'Time from accepting a run to its end',
    labels: ['workflow', 'status'],
  },
  {
    name: 'turn_response_seconds',
    type: 'histogram',
    help: "Time from a player's input to the told story",
    labels: ['workflow'],
  },
  {
    name: 'sla_total',
    type: 'counter',
    help: 'Turns answered within performance.response_time_target, and not',
    labels: ['workflow', 'met'],
  },
  {
    name: 'workflow_failures_total',
    type: 'counter',
    help: 'Runs that failed',
    labels: ['workflow', 'code'],
  },
  {
    name: 'workflow_timeouts_total',
    type: 'counter',
    help: 'Limits that were exceeded',
    labels: ['scope'],
  },
  {
    name: 'workflow_degraded_total',
    type: 'counter',
    help: 'Answers that were less than they could be, by how much (level) and why; one with two reasons counts for each',
    labels: ['level', 'reason'],
  },
  {
    name: 'workflow_early_warnings_total',
    type: 'counter',
    help: 'Limits of which three quarters had passed: of a step or of a run',
    labels: ['scope'],
  },
  {
    name: 'workflow_rollbacks_total',
    type: 'counter',
    help: 'Rollbacks by what began them (manual or auto) and whether all was undone (complete or partial)',
    labels: ['trigger', 'outcome'],
  },
  {
    name: 'workflow_repairs_total',
    type: 'counter',
    help: 'Inconsistencies the watchdog repaired',
    labels: ['kind'],
  },
  {
    name: 'workflow_unexplained_runs',
    type: 'gauge',
    help: 'Open runs that stood still within the last minute without a reason; 0 unless something is broken',
    labels: [],
  },

  {
    name: 'router_decisions_total',
    type: 'counter',
    help: 'Choices of routers, each counted when it was recorded',
    labels: ['router', 'route', 'reason'],
  },
  {
    name: 'router_savings_usd_total',
    type: 'counter',
    help: 'Saved against the dearest route that could have taken the call, on the tokens it did use',
    labels: ['router', 'route'],
  },
  {
    name: 'cache_requests_total',
    type: 'counter',
    help: 'Looks at a tier of a cache, and calls that never looked',
    labels: ['cache', 'tier', 'result'],
  },
  { name: 'cache_entries', type: 'gauge', help: 'Entries in the memory of this process', labels: ['cache'] },
  {
    name: 'llm_tokens_total',
    type: 'counter',
    help: 'Tokens of metered calls; agent is the queue of the step',
    labels: ['agent', 'model', 'direction'],
  },
  {
    name: 'llm_request_seconds',
    type: 'histogram',
    help: 'Time of a request to a model: success, cancelled, or how it failed (network, timeout, rate_limited, conflict, server, denied, client, refused, unreadable)',
    labels: ['agent', 'outcome'],
  },
  { name: 'llm_cost_usd_total', type: 'counter', help: 'What metered calls cost', labels: ['model'] },
  {
    name: 'budget_rejections_total',
    type: 'counter',
    help: 'Calls that a budget did not allow: per_request, daily or store_error',
    labels: ['budget', 'reason'],
  },
  {
    name: 'budget_alerts_total',
    type: 'counter',
    help: 'UTC days on which a budget reached its alert ratio',
    labels: ['budget'],
  },
  {
    name: 'budget_overruns_total',
    type: 'counter',
    help: 'Calls that cost more than their budget allows for one, against their estimate',
    labels: ['budget'],
  },
  {
    name: 'stream_first_token_seconds',
    type: 'histogram',
    help: 'Time from the start of an attempt to the first piece of its text',
    labels: [],
  },
  {
    name: 'primitive_executions_total',
    type: 'counter',
    help: 'Nodes of plans that ended: success, error, timeout or cancelled',
    labels: [...NODE_LABELS, 'outcome'],
  },
  {
    name: 'primitive_duration_seconds',
    type: 'histogram',
    help: 'Time from the start of a node to its end, pauses and retries included',
    labels: NODE_LABELS,
    buckets: PRIMITIVE_BUCKETS,
  },
  {
    name: 'primitive_active',
    type: 'gauge',
    help: 'Nodes this process works on; of durable runs their steps only',
    labels: NODE_LABELS,
  },
  {
    name: 'primitive_attempts_total',
    type: 'counter',
    help: 'Calls of steps, the first one included: success, error, timeout or cancelled',
    labels: [...NODE_LABELS, 'outcome'],
  },
  {
    name: 'primitive_retries_exhausted_total',
    type: 'counter',
    help: 'Nodes that failed although they were tried as often as allowed',
    labels: NODE_LABELS,
  },
  {
    name: 'primitive_branch_total',
    type: 'counter',
    help: 'Choices: then, else, passthrough, the case, or the route',
    labels: [...NODE_LABELS, 'branch'],
  },
  {
    name: 'primitive_fallback_total',
    type: 'counter',
    help: 'Successes of an alternative, by its place in the list',
    labels: [...NODE_LABELS, 'index'],
  },
  {
    name: 'primitive_timeouts_total',
    type: 'counter',
    help: 'Limits that fired: of one attempt, or the deadline of a part of a plan',
    labels: [...NODE_LABELS, 'limit'],
  },
  {
    name: 'primitive_abandoned_total',
    type: 'counter',
    help: 'Handlers that went on after they were told to stop; what they gave was discarded',
    labels: NODE_LABELS,
  },
  {
    name: 'saga_compensations_total',
    type: 'counter',
    help: 'Undos of steps: success, error, timeout or cancelled',
    labels: ['definition', 'engine', 'step', 'outcome'],
  },
  {
    name: 'telemetry_dropped_total',
    type: 'counter',
    help: 'Spans, lines and counts that could not be delivered',
    labels: ['signal'],
  },

  {
    name: 'graph_outbox_entries',
    type: 'gauge',
    help: 'Changes of worlds that the graph does not have yet; 0 without neo4j.url',
    labels: [],
  },
  {
    name: 'graph_entries_total',
    type: 'counter',
    help: 'Changes that left the outbox: applied, healed (the world was copied whole), skipped (known already), forgotten, orphaned (the world is gone) or refused',
    labels: ['outcome'],
  },
  {
    name: 'graph_failures_total',
    type: 'counter',
    help: 'Attempts to write the graph that failed, and will be repeated',
    labels: ['code'],
  },
  {
    name: 'graph_batch_seconds',
    type: 'histogram',
    help: 'Time to write one batch of changes to the graph',
    labels: [],
  },

  {
    name: 'safety_wal_pending',
    type: 'gauge',
    help: 'Interventions that wait on the disk of this process for Redis',
    labels: [],
  },
  { name: 'safety_enabled', type: 'gauge', help: '1 while texts are judged', labels: [] },
  {
    name: 'safety_degraded_total',
    type: 'counter',
    help: "Texts that the judge failed on: a player's text was searched for the plainest words, a story withheld",
    labels: ['reason'],
  },
  {
    name: 'safety_protocol_steps_total',
    type: 'counter',
    help: 'Steps of protocols: completed, skipped (nothing is set up for it), retried or failed',
    labels: ['step', 'outcome'],
  },
  {
    name: 'safety_escalations_total',
    type: 'counter',
    help: 'Escalations: created, next_tier, repeated, unacknowledged (a deadline passed), failed (no channel delivered), acknowledged, resolved or superseded',
    labels: ['level', 'outcome'],
  },
  {
    name: 'safety_notifications_total',
    type: 'counter',
    help: 'Attempts to tell a person: delivered, late (delivered after the channel had been down), failed, or skipped (the channel is not set up)',
    labels: ['channel', 'outcome'],
  },
  {
    name: 'safety_ack_seconds',
    type: 'histogram',
    help: 'Time from an escalation to its acknowledgement',
    labels: [],
    buckets: [5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400],
  },
  {
    name: 'safety_missed_pages',
    type: 'gauge',
    help: 'Pages that a channel has not taken yet',
    labels: ['channel'],
  },
  {
    name: 'safety_unacknowledged',
    type: 'gauge',
    help: 'Escalations whose first deadline passed and that nobody has acknowledged',
    labels: ['level'],
  },
  {
    name: 'safety_human_channel',
    type: 'gauge',
    help: '1 while a channel that leaves the fleet is set up, 0 while none is',
    labels: [],
  },

  {
    name: 'messages_delivered_total',
    type: 'counter',
    help: 'Messages that were put into a mailbox; agent is <type>:<instance>',
    labels: ['agent'],
  },
  {
    name: 'messages_delivery_errors_total',
    type: 'counter',
    help: 'Messages that were not: queue_full, redis_unavailable or unknown_outcome',
    labels: ['agent', 'reason'],
  },
  {
    name: 'messages_duplicate_total',
    type: 'counter',
    help: 'Messages whose id was in the mailbox already',
    labels: ['agent'],
  },
  {
    name: 'message_nacks_total',
    type: 'counter',
    help: 'Deliveries of messages that failed',
    labels: ['agent'],
  },
  {
    name: 'message_retries_total',
    type: 'counter',
    help: 'Messages that will be delivered again after a failure',
    labels: ['agent'],
  },
  {
    name: 'message_permanent_failures_total',
    type: 'counter',
    help: 'Messages that became dead letters',
    labels: ['agent'],
  },
  {
    name: 'messages_recovered_total',
    type: 'counter',
    help: 'Messages put back because their consumer was lost',
    labels: ['agent'],
  },
  {
    name: 'message_wait_seconds',
    type: 'histogram',
    help: 'Time from accepting a message to its first delivery',
    labels: ['agent'],
  },
  {
    name: 'backoff_seconds',
    type: 'histogram',
    help: 'Wait before a message is delivered again',
    labels: ['agent'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120],
  },
  {
    name: 'queue_length',
    type: 'gauge',
    help: 'Messages that wait in a mailbox, by priority: 9, 5 or 1',
    labels: ['agent', 'priority'],
  },
  {
    name: 'reserved_length',
    type: 'gauge',
    help: 'Messages of a mailbox that somebody is handling',
    labels: ['agent'],
  },
  {
    name: 'message_audit_failures_total',
    type: 'counter',
    help: 'Entries of the audit of messages that could not be written',
    labels: [],
  },

  {
    name: 'agents_registered',
    type: 'gauge',
    help: 'Agents that are registered, the silent ones included',
    labels: ['type'],
  },
  { name: 'agents_alive', type: 'gauge', help: 'Agents whose heartbeats arrive', labels: ['type'] },
  {
    name: 'agents_unhealthy',
    type: 'gauge',
    help: 'Agents that are registered, and silent or degraded',
    labels: [],
  },
  {
    name: 'agent_heartbeat_age_seconds',
    type: 'gauge',
    help: 'Time since the last heartbeat; agent is <type>:<instance>',
    labels: ['agent'],
  },
  {
    name: 'agent_records_corrupt_total',
    type: 'counter',
    help: 'Records of agents that could not be read',
    labels: [],
  },
  {
    name: 'agents_restarts_total',
    type: 'counter',
    help: 'Restarts of agents: success, failure or denied',
    labels: ['agent', 'result'],
  },
  {
    name: 'agents_fallbacks_total',
    type: 'counter',
    help: 'Agents whose messages were given to others',
    labels: ['type'],
  },
  {
    name: 'agent_messages_moved_total',
    type: 'counter',
    help: 'Messages that were given to another agent',
    labels: [],
  },
  {
    name: 'routing_no_candidate_total',
    type: 'counter',
    help: 'Messages that went where they were addressed because nobody of the type was fit',
    labels: ['type'],
  },
  {
    name: 'routing_decision_seconds',
    type: 'histogram',
    help: 'Time to choose who gets a message',
    labels: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
  },
  {
    name: 'capability_searches_total',
    type: 'counter',
    help: 'Searches for agents that can do something',
    labels: ['algorithm'],
  },
  {
    name: 'capability_search_cache_hits_total',
    type: 'counter',
    help: 'Such searches that were answered from memory',
    labels: ['algorithm'],
  },
  {
    name: 'capability_search_seconds',
    type: 'histogram',
    help: 'Time of such a search',
    labels: [],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
  },
  {
    name: 'capability_sets_unreadable_total',
    type: 'counter',
    help: 'Sets of capabilities in Redis that could not be read',
    labels: [],
  },

  { name: 'circuit_state', type: 'gauge', help: '0 closed, 1 half open, 2 open', labels: ['name'] },
  {
    name: 'circuit_degraded',
    type: 'gauge',
    help: '1 while fallbacks answer for a circuit',
    labels: ['name'],
  },
  {
    name: 'circuit_recovery_overdue',
    type: 'gauge',
    help: '1 while a circuit has not found back to closed within recovery_timeout_seconds',
    labels: ['name'],
  },
  {
    name: 'circuit_state_seconds_total',
    type: 'counter',
    help: 'Time in each state; every process shows that of the fleet',
    labels: ['name', 'state'],
  },
  {
    name: 'circuit_transitions_total',
    type: 'counter',
    help: 'Changes of state, counted by the process that brought them about',
    labels: ['name', 'from', 'to'],
  },
  {
    name: 'circuit_calls_total',
    type: 'counter',
    help: 'Calls: success, failure, timeout, rejected or ignored',
    labels: ['name', 'outcome'],
  },
  {
    name: 'circuit_call_duration_seconds',
    type: 'histogram',
    help: 'Time of the calls that were made',
    labels: ['name'],
  },

  {
    name: 'http_requests_total',
    type: 'counter',
    help: 'Requests answered; route is a template',
    labels: ['method', 'route', 'status'],
  },
  {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    help: 'Time to answer a request',
    labels: ['method', 'route'],
  },
  { name: 'http_in_flight', type: 'gauge', help: 'Requests being answered', labels: [] },
  { name: 'rate_limited_total', type: 'counter', help: 'Requests refused by a rate limit', labels: ['role'] },
  {
    name: 'auth_failures_total',
    type: 'counter',
    help: 'Requests without a valid key or role',
    labels: ['reason'],
  },
  {
    name: 'idempotent_replays_total',
    type: 'counter',
    help: 'Requests answered with the stored answer of an earlier one',
    labels: [],
  },

  {
    name: 'world_ops_rejected_total',
    type: 'counter',
    help: 'Operations on worlds that were refused: of a model, of what a player meant, or sent as operations',
    labels: ['code', 'origin'],
  },

  {
    name: 'safety_intervention_response_seconds',
    type: 'histogram',
    help: 'From a line in a crisis to its supportive answer',
    labels: [],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
  {
    name: 'safety_output_blocked_total',
    type: 'counter',
    help: 'Stories and free texts of worlds that were withheld, by category of what was found',
    labels: ['category'],
  },

  { name: 'redis_up', type: 'gauge', help: '1 while the connection is usable', labels: ['connection'] },
  { name: 'redis_reconnects_total', type: 'counter', help: 'Reconnections', labels: ['connection'] },
  { name: 'redis_memory_used_bytes', type: 'gauge', help: 'Memory Redis uses', labels: [] },
  { name: 'redis_memory_max_bytes', type: 'gauge', help: 'maxmemory of Redis, 0 is unlimited', labels: [] },
  {
    name: 'redis_eviction_policy_ok',
    type: 'gauge',
    help: '1 when Redis never evicts keys',
    labels: [],
  },

  {
    name: 'config_last_reload_success',
    type: 'gauge',
    help: '1 when the configuration could be read the last time, at the start or on SIGHUP',
    labels: [],
  },
  {
    name: 'config_last_reload_timestamp_seconds',
    type: 'gauge',
    help: 'When the configuration was read the last time',
    labels: [],
  },

  {
    name: 'safety_rules_reload_total',
    type: 'counter',
    help: 'Rules of safety that were applied or rejected, or could not be read: applied, rejected, unreachable',
    labels: ['outcome'],
  },
  {
    name: 'safety_rules_info',
    type: 'gauge',
    help: 'Always 1, with the rules that hold in this process',
    labels: ['version', 'source'],
  },
  {
    name: 'safety_resources_age_seconds',
    type: 'gauge',
    help: 'Time since somebody made sure of the telephone numbers that players in need are shown',
    labels: [],
  },
  {
    name: 'safety_validations_total',
    type: 'counter',
    help: 'Texts that were judged',
    labels: ['stage', 'level'],
  },
  {
    name: 'safety_validation_duration_seconds',
    type: 'histogram',
    help: 'Time to judge a text',
    labels: ['stage'],
    buckets: [1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2],
  },
  {
    name: 'safety_crisis_total',
    type: 'counter',
    help: 'Signs of a crisis that were written down',
    labels: ['type', 'level'],
  },
  {
    name: 'safety_suppressed_total',
    type: 'counter',
    help: 'Phrases that were found and excused, by the reason',
    labels: ['reason'],
  },
  {
    name: 'safety_interventions_active',
    type: 'gauge',
    help: 'Interventions that nobody has closed',
    labels: ['level'],
  },
] as const satisfies readonly MetricSpec[];

export type MetricName = (typeof METRIC_CATALOGUE)[number]['name'];

/** Bounds of every duration histogram: 0.5, 1, 2 and 5 s are the limits that answers are judged by. */
export const DURATION_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120,
];
