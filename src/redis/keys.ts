/**
 * Every Redis key and channel of ours is built here and nowhere else. The prefix is BullMQ's prefix too; on
 * Redis Cluster it is a hash tag (`{ao}`, `{ao:0}` …), so one fleet lives on one shard and several fleets, or
 * several shards of one, differ by prefix alone. The segment after the prefix is reserved: no queue is named so.
 */
export interface Keys {
  readonly prefix: string;
  /** Hash: the run record. */
  run(runId: string): string;
  /** Hash: step path -> JSON output. */
  runResults(runId: string): string;
  /** Hash: step path -> JSON error envelope. */
  runErrors(runId: string): string;
  /** Hash: decision -> JSON value, chosen once. */
  runDecisions(runId: string): string;
  /** Hash: signal -> JSON payload. */
  runSignals(runId: string): string;
  /** Hash: the effects of a run with what undoes them, and its savepoints. */
  runEffects(runId: string): string;
  /** Hash: what a step found out by calls that cannot be repeated for nothing, by the step's own name for it. */
  runOutput(runId: string, path: string): string;
  /** String: who rolls the run back at this moment. */
  runRollback(runId: string): string;
  /** List: how the run was rolled back, newest first. */
  runRollbacks(runId: string): string;
  /** String: what a step of some run keeps there by name. */
  own(name: string): string;
  /** Stream of run.* and step.* events; also the channel that announces a new entry. */
  runEvents(runId: string): string;
  /** Stream: pieces of the texts its steps write; also the channel that announces a new one. */
  runTokens(runId: string): string;
  /** Sorted set: open run -> epoch ms of its next check. Its cardinality is the number of open runs. */
  deadlines(): string;
  /** Sorted set: run -> epoch ms of its admission, as long as its record is kept. */
  runIndex(): string;
  /** Sorted set: the newest runs of a session -> epoch ms of their admission. */
  sessionRuns(sessionId: string): string;
  /** Hash: the run a `dedup_id` stands for, and the fingerprint of its request. */
  dedup(hash: string): string;
  /** Hash: what a schedule did last. */
  schedule(name: string): string;
  /** Sorted set: open run -> epoch ms at which no reason was found why it does not move. */
  unexplained(): string;
  /** Hash: when the last round over all runs began, and where it stopped. */
  consistency(): string;
  /** Channel: ids of runs that ended from outside; workers abort what they do for them. */
  cancelled(): string;
  /** Hash: `name@version` -> SHA-256 and JSON of a definition that was registered. */
  definitions(): string;
  /** String: grows with every change of the definitions; also the channel that announces it. */
  definitionsRevision(): string;
  /** Hash: `name@version` -> hash of the plan of a definition in code. */
  definitionPins(): string;
  /** Hash: type of agents that a module brought -> JSON of what is known of it; also the channel that announces a change. */
  agentTypes(): string;
  /** Hash: session. */
  session(sessionId: string): string;
  /** List: runs of a session that wait for their turn, first in front. */
  sessionPending(sessionId: string): string;
  /** Stream: finished turns. */
  sessionTurns(sessionId: string): string;
  /** Sorted set: session that is being forgotten -> epoch ms since when. */
  forgetting(): string;
  /** Hash: `version` and JSON `data` of a world. */
  world(worldId: string): string;
  /** Stream: the newest patches of a world, each with what takes it back. */
  worldHistory(worldId: string): string;
  /** Stream: changes of worlds that the graph does not have yet. No world is called `outbox`. */
  worldOutbox(): string;
  /** Hash: who may write the graph, and until when. */
  worldOutboxWriter(): string;
  /** Hash: dead letter id -> number of replays. */
  deadLetterReplays(): string;
  /** Hash: state of an idempotent request. */
  idempotency(hash: string): string;
  /** Stream: what happened to the fleet; also the channel that announces a new entry. */
  fleetEvents(): string;
  /** Hash: source of events -> how far they stand in the log of the fleet. */
  bridgeCursor(): string;
  /** Stream: who did what. */
  audit(): string;
  /** Prefix of the rate limiter's own keys. */
  rateLimit(): string;
  /** String: secret that signs page cursors. */
  cursorSecret(): string;
  /** String: JSON of a remembered result of a step. */
  cache(name: string, version: string, hash: string): string;
  /** Hash: what one budget has spent and reserved on one UTC day, in micro-USD. */
  budget(name: string, day: string): string;
  /** Sorted set: reservations of that budget -> epoch ms at which they lapse. */
  budgetHolds(name: string, day: string): string;
  /** Hash: what one queue, or `run`, served within one minute since the epoch. */
  serviceTimes(name: string, minute: string): string;
  /** Sorted set: session -> epoch ms of its last turn's admission. */
  activeSessions(): string;
  /** Hash: requests, tokens and micro-USD of one UTC day by model, user or workflow. */
  costs(group: string, day: string): string;
  /** String: the rules document that holds. */
  safetyRules(): string;
  /** Channel: the version of rules that were just stored. */
  safetyRulesChanged(): string;
  /** List: the newest 20 accepted rules documents, newest first. */
  safetyRulesHistory(): string;
  /** Hash: what is known of a player's earlier texts. */
  safetyUser(userHash: string): string;
  /** Hash: open intervention, hold and repeated violations of a session. */
  safetySession(sessionId: string): string;
  /** Hash: `version` and JSON `data` of an intervention. */
  safetyIntervention(id: string): string;
  /** Sorted set: intervention that is not closed -> epoch ms of its beginning. */
  safetyInterventions(): string;
  /** Sorted set: closed intervention -> epoch ms of its beginning. */
  safetyClosedInterventions(): string;
  /** Hash: `version` and JSON `data` of an escalation. */
  safetyEscalation(id: string): string;
  /** Sorted set: escalation -> epoch ms of its beginning. */
  safetyEscalations(): string;
  /** Sorted set: `<what>|<id>|<round>` -> epoch ms at which it is due. */
  safetyDue(): string;
  /** Sorted set: page that a channel did not take yet -> epoch ms at which its tier was called. */
  safetyMissed(channel: string): string;
  /** String: who makes up for missed pages of a channel, or sends one page, at this moment. */
  safetyLane(what: string): string;
  /** Stream: notifications of the console channel, and alerts. */
  safetyAlerts(): string;
  /** Stream: what happened, for watchers. */
  safetyEvents(): string;
  /** Stream: every judgement that is not safe, every transition, every act of an administrator. */
  safetyAudit(): string;
  /** Hash: counters of one UTC hour, `YYYYMMDDHH`. */
  safetyStats(hour: string): string;
  /** String: a story that was withheld. */
  safetyQuarantine(id: string): string;
}

export const RESERVED_SEGMENTS = [
  'wf',
  'sess',
  'world',
  'own',
  'dlq',
  'idem',
  'events',
  'bridge',
  'audit',
  'rl',
  'secret',
  'cache',
  'budget',
  'costs',
  'perf',
  'safety',
] as const;

export function createKeys(prefix: string): Keys {
  const key = (...parts: string[]): string => [prefix, ...parts].join(':');
  return {
    prefix,
    run: (runId) => key('wf', 'runs', runId),
    runResults: (runId) => key('wf', runId, 'results'),
    runErrors: (runId) => key('wf', runId, 'err'),
    runDecisions: (runId) => key('wf', runId, 'dec'),
    runSignals: (runId) => key('wf', runId, 'sig'),
    runEffects: (runId) => key('wf', runId, 'effects'),
    runOutput: (runId, path) => key('wf', runId, 'out', path),
    runRollback: (runId) => key('wf', runId, 'rollback'),
    runRollbacks: (runId) => key('wf', runId, 'rollbacks'),
    own: (name) => key('own', name),
    runEvents: (runId) => key('wf', runId, 'events'),
    runTokens: (runId) => key('wf', runId, 'tokens'),
    deadlines: () => key('wf', 'deadlines'),
    runIndex: () => key('wf', 'index'),
    sessionRuns: (sessionId) => key('sess', sessionId, 'runs'),
    dedup: (hash) => key('wf', 'dedup', hash),
    schedule: (name) => key('wf', 'schedules', name),
    unexplained: () => key('wf', 'unexplained'),
    consistency: () => key('wf', 'consistency'),
    cancelled: () => key('wf', 'cancel'),
    definitions: () => key('wf', 'defs'),
    definitionsRevision: () => key('wf', 'defs', 'revision'),
    definitionPins: () => key('wf', 'defs', 'code'),
    agentTypes: () => key('wf', 'agents'),
    session: (sessionId) => key('sess', sessionId),
    sessionPending: (sessionId) => key('sess', sessionId, 'pending'),
    sessionTurns: (sessionId) => key('sess', sessionId, 'turns'),
    forgetting: () => key('wf', 'forgetting'),
    world: (worldId) => key('world', worldId),
    worldHistory: (worldId) => key('world', worldId, 'history'),
    worldOutbox: () => key('world', 'outbox'),
    worldOutboxWriter: () => key('world', 'outbox', 'writer'),
    deadLetterReplays: () => key('dlq', 'replays'),
    idempotency: (hash) => key('idem', hash),
    fleetEvents: () => key('events'),
    bridgeCursor: () => key('bridge', 'cursor'),
    audit: () => key('audit'),
    rateLimit: () => key('rl'),
    cursorSecret: () => key('secret', 'cursor'),
    cache: (name, version, hash) => key('cache', name, `v${version}`, hash),
    budget: (name, day) => key('budget', name, day),
    budgetHolds: (name, day) => key('budget', name, day, 'holds'),
    serviceTimes: (name, minute) => key('perf', name, minute),
    activeSessions: () => key('perf', 'sessions'),
    costs: (group, day) => key('costs', group, day),
    safetyRules: () => key('safety', 'rules'),
    safetyRulesChanged: () => key('safety', 'rules', 'changed'),
    safetyRulesHistory: () => key('safety', 'rules', 'history'),
    safetyUser: (userHash) => key('safety', 'user', userHash),
    safetySession: (sessionId) => key('safety', 'session', sessionId),
    safetyIntervention: (id) => key('safety', 'intervention', id),
    safetyInterventions: () => key('safety', 'interventions', 'active'),
    safetyClosedInterventions: () => key('safety', 'interventions', 'history'),
    safetyEscalation: (id) => key('safety', 'escalation', id),
    safetyEscalations: () => key('safety', 'escalations'),
    safetyDue: () => key('safety', 'due'),
    safetyMissed: (channel) => key('safety', 'missed', channel),
    safetyLane: (what) => key('safety', 'lane', what),
    safetyAlerts: () => key('safety', 'alerts'),
    safetyEvents: () => key('safety', 'events'),
    safetyAudit: () => key('safety', 'audit'),
    safetyStats: (hour) => key('safety', 'stats', hour),
    safetyQuarantine: (id) => key('safety', 'quarantine', id),
  };
}
