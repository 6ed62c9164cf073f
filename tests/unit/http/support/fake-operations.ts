import { hasRole, type Caller } from '../../../../src/contracts/caller.ts';
import type { ChannelName, Escalation } from '../../../../src/contracts/escalation.ts';
import type {
  AcknowledgeEscalation,
  EscalationFilter,
  ResolveEscalation,
  TestChannel,
} from '../../../../src/contracts/safety-operations/escalations.ts';
import type { BreakerView } from '../../../../src/contracts/breaker.ts';
import type { CostRange, CostReport } from '../../../../src/contracts/costs.ts';
import type { DefinitionView } from '../../../../src/contracts/definition.ts';
import type {
  BulkDeadLetters,
  DeadLetterOutcomes,
  FleetOperations,
  Submitted,
} from '../../../../src/contracts/operations.ts';
import type {
  AgentListFilter,
  AgentListing,
  AgentOperations,
  AgentReason,
  AskedOfAgent,
  PreviewQuestion,
} from '../../../../src/coordination/agents/operations.ts';
import type { AgentCapabilitySet } from '../../../../src/coordination/models/capability.ts';
import type {
  BroadcastMessage,
  MailboxView,
  MessageAuditEntry,
  MessageAuditFilter,
  MessageOperations,
  RecoverMessages,
} from '../../../../src/coordination/messages/operations.ts';
import {
  agentIdText,
  canonicalAgentId,
  type AgentIdInput,
} from '../../../../src/coordination/models/agent-id.ts';
import { MessageResult, type AgentMessageInput } from '../../../../src/coordination/models/message.ts';
import type { DeadLetter, QueueView, Readiness } from '../../../../src/contracts/operator.ts';
import { isOpen, RunSummary, type RunEvent, type RunView } from '../../../../src/contracts/run.ts';
import { Schedule, type ScheduleView } from '../../../../src/contracts/schedule.ts';
import type { CheckRuns, ConsistencyReport } from '../../../../src/contracts/consistency.ts';
import type { RollbackHistory, RollbackResult, RollbackRun } from '../../../../src/contracts/rollback.ts';
import type { SessionView, TurnRecord, UpdateSession } from '../../../../src/contracts/session.ts';
import type { SessionExport } from '../../../../src/contracts/session-export.ts';
import type { OrchestrationResponse } from '../../../../src/contracts/turn.ts';
import type {
  InterventionListFilter,
  ResolveIntervention,
} from '../../../../src/contracts/safety-operations/interventions.ts';
import type { RunToken } from '../../../../src/contracts/token.ts';
import type {
  RollbackRules,
  RulesChanged,
  RulesCheck,
  SafetyOverview,
  UnreadText,
  ValidateText,
} from '../../../../src/contracts/safety-operations/rules.ts';
import type { ValidationResult } from '../../../../src/contracts/safety.ts';
import type { FleetEvent, FleetEventGap } from '../../../../src/contracts/fleet-event.ts';
import { isWanted } from '../../../../src/realtime/event-filter.ts';
import { compareIds } from '../../../../src/realtime/follow-log.ts';
import type { FleetStatus } from '../../../../src/contracts/status.ts';
import type { RunExplanation } from '../../../../src/contracts/why.ts';
import { beginIntervention } from '../../../../src/safety/interventions/evolve.ts';
import { crisisOf } from '../../../support/interventions.ts';
import { deferred } from '../../../../src/kernel/deferred.ts';
import { FleetError } from '../../../../src/kernel/errors.ts';
import { newRunId, newSessionId, type RunId } from '../../../../src/kernel/ids.ts';
import { createStarterWorld } from '../../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../../src/sessions/world/view.ts';
import type { SessionWorld } from '../../../../src/contracts/world-history.ts';

const AT = '2026-01-01T00:00:00.000Z';

/** A fleet in memory that obeys the contract as far as HTTP can see it; fields are there for tests to reach in. */
export class FakeOperations implements FleetOperations, MessageOperations, AgentOperations {
  readonly sessions = new Map<string, SessionView>();
  readonly runs = new Map<string, RunView>();
  readonly events = new Map<string, RunEvent[]>();
  readonly calls: { name: string; args: unknown[] }[] = [];
  readonly deadLetters: DeadLetter[] = [];
  readonly definitions = new Map<string, DefinitionView>();
  readonly turns: TurnRecord[] = [];
  readonly schedules = new Map<string, ScheduleView>();
  readonly deduplicated = new Map<string, Submitted>();
  readinessAnswer: Readiness = {
    status: 'ready',
    checks: [{ name: 'redis', ok: true, essential: true, detail: 'redis://10.0.0.1:6379' }],
  };
  /** Thrown by every operation while it is set. */
  failure: Error | undefined;
  /** Submissions wait for this before they answer. */
  hold: Promise<unknown> | undefined;
  /** Whether submissions end while their caller waits. */
  answersInTime = false;
  worldVersion = 5;
  readonly interventions = [1, 2, 3].map((n) => beginIntervention(crisisOf({ sessionId: `s${n}` })));
  #wake = deferred();

  rulesVersion = '0123456789ab';

  #rules(): RulesChanged {
    return {
      ok: true,
      status: {
        source: 'default',
        redis_key: 'ao:safety:rules',
        cache_ttl_s: 2,
        last_reload_ts: AT,
        rules_version: this.rulesVersion,
        last_error: null,
        live: true,
      },
    };
  }

  async safety(caller: Caller): Promise<SafetyOverview> {
    this.#enter('safety', caller);
    return {
      enabled: true,
      status: this.#rules().status,
      rules: [],
      counts: { rules: 0, patterns: 0, terms: 0, phrases: {} },
      human_channel: 'none',
      system_health: 'healthy',
      ...(hasRole(caller, 'admin') ? { document: { rules: [] } } : {}),
    };
  }

  async putSafetyRules(document: unknown, options: { ifMatch?: string | undefined }, caller: Caller) {
    this.#enter('putSafetyRules', document, options, caller);
    if (options.ifMatch !== undefined && options.ifMatch !== this.rulesVersion) {
      throw new FleetError({
        code: 'safety_rules_stale',
        kind: 'conflict',
        httpStatus: 412,
        message: 'stale',
      });
    }
    return this.#rules();
  }

  async checkSafetyRules(document: unknown): Promise<RulesCheck> {
    this.#enter('checkSafetyRules', document);
    return { valid: true, errors: [], warnings: [], rule_count: 0 };
  }

  async rollbackSafetyRules(request: RollbackRules, caller: Caller) {
    this.#enter('rollbackSafetyRules', request, caller);
    return this.#rules();
  }

  async reloadSafetyRules() {
    this.#enter('reloadSafetyRules');
    return this.#rules();
  }

  async noteUnreadText(unread: UnreadText, caller: Caller): Promise<void> {
    this.#enter('noteUnreadText', unread, caller);
  }

  async validateText(request: ValidateText): Promise<ValidationResult> {
    this.#enter('validateText', request);
    return {
      level: 'safe',
      score: 0.9,
      findings: [],
      crisis_detected: false,
      crisis_types: [],
      distress_types: [],
      overall_sentiment: 0,
      therapeutic_appropriateness: 0.8,
      escalation_recommended: false,
      alternative_content: null,
      monitoring_flags: [],
      rules_version: this.rulesVersion,
      source: 'default',
    };
  }

  async createSession(request: Parameters<FleetOperations['createSession']>[0], caller: Caller) {
    this.#enter('createSession', request, caller);
    await this.hold;
    const id = request.session_id ?? newSessionId();
    const known = this.sessions.get(id);
    if (known !== undefined) {
      if (known.world_id === (request.world_id ?? 'w')) return { session: known, created: false };
      throw new FleetError({ code: 'session_exists', kind: 'conflict', message: `session "${id}" exists` });
    }
    const session: SessionView = {
      session_id: id,
      ...((request.user_id ?? caller.user_id) !== undefined && {
        user_id: request.user_id ?? caller.user_id!,
      }),
      world_id: request.world_id ?? 'w',
      created_at: AT,
      last_activity_at: AT,
      turn: 0,
      ttl_seconds: 60,
      active_run_id: null,
      pending_turns: 0,
      emotional_state: null,
      therapeutic_context: { goals: [], avoid: [], progress: [] },
      difficulty: 'normal',
      flags: {},
      metadata: {},
      memory: null,
    };
    this.sessions.set(id, session);
    return { session, created: true };
  }

  async getSession(sessionId: string, caller: Caller) {
    this.#enter('getSession', sessionId, caller);
    const session = this.sessions.get(sessionId);
    if (session === undefined) throw notFound('session_not_found', sessionId);
    if (!hasRole(caller, 'read') && session.user_id !== caller.user_id) {
      throw new FleetError({ code: 'forbidden', kind: 'forbidden', message: 'not your session' });
    }
    return session;
  }

  async updateSession(sessionId: string, update: UpdateSession, caller: Caller) {
    this.#enter('updateSession', sessionId, update, caller);
    const session = await this.getSession(sessionId, caller);
    const next = { ...session, difficulty: update.difficulty ?? session.difficulty };
    this.sessions.set(sessionId, next);
    return next;
  }

  async exportSession(sessionId: string, caller: Caller): Promise<SessionExport> {
    this.#enter('exportSession', sessionId, caller);
    const session = await this.getSession(sessionId, caller);
    return { format: 'ao-session-1', exported_at: AT, session, turns: this.turns, world: null, runs: [] };
  }

  async deleteSession(sessionId: string, caller: Caller) {
    this.#enter('deleteSession', sessionId, caller);
    await this.getSession(sessionId, caller);
    this.sessions.delete(sessionId);
    return { session_id: sessionId, status: 'deleted' as const };
  }

  async submitTurn(...args: Parameters<FleetOperations['submitTurn']>): Promise<Submitted> {
    this.#enter('submitTurn', ...args);
    const [sessionId, , caller, options] = args;
    if (!this.sessions.has(sessionId)) throw notFound('session_not_found', sessionId);
    return this.#submit(caller, options?.runId);
  }

  async listTurns(...args: Parameters<FleetOperations['listTurns']>) {
    this.#enter('listTurns', ...args);
    const { limit, before } = args[1];
    const older = this.turns.filter(({ turn }) => before === undefined || turn < before);
    const items = older.sort((a, b) => b.turn - a.turn).slice(0, limit);
    return { items, nextBefore: older.length > limit ? items.at(-1)!.turn : null };
  }

  async getWorld(...args: Parameters<FleetOperations['getWorld']>): Promise<SessionWorld> {
    this.#enter('getWorld', ...args);
    const [sessionId, { version = this.worldVersion, full = false }] = args;
    if (!this.sessions.has(sessionId)) throw notFound('session_not_found', sessionId);
    if (version > this.worldVersion) throw notFound('world_version_not_found', String(version));
    const world = { ...createStarterWorld('w', AT), version };
    return {
      world_id: 'w',
      version,
      current_version: this.worldVersion,
      updated_at: AT,
      view: viewOf(world),
      ...(full ? { world } : {}),
    };
  }

  async listWorldVersions(...args: Parameters<FleetOperations['listWorldVersions']>) {
    this.#enter('listWorldVersions', ...args);
    const { limit, before = this.worldVersion + 1 } = args[1];
    const newest = Math.min(before - 1, this.worldVersion);
    const items = Array.from({ length: Math.min(limit, newest) }, (_, i) => ({
      version: newest - i,
      at: AT,
      step: 'wba',
      ops: [{ op: 'take' as const, object_id: 'lamp' }],
    }));
    return { items, nextBefore: newest > limit ? items.at(-1)!.version : null };
  }

  async startRun(...args: Parameters<FleetOperations['startRun']>): Promise<Submitted> {
    this.#enter('startRun', ...args);
    const [workflow, , caller, options] = args;
    if (workflow !== 'turn') throw notFound('workflow_not_found', workflow);
    const { dedup_id: dedupId } = args[1];
    const earlier = dedupId === undefined ? undefined : this.deduplicated.get(dedupId);
    if (earlier !== undefined) return { ...earlier, isRepeat: true };
    const submitted = await this.#submit(caller, options?.runId);
    if (dedupId !== undefined) this.deduplicated.set(dedupId, submitted);
    return submitted;
  }

  async startRuns(...args: Parameters<FleetOperations['startRuns']>) {
    this.#enter('startRuns', ...args);
    const [workflow, { items }, caller] = args;
    if (workflow !== 'turn') throw notFound('workflow_not_found', workflow);
    return items.map((item, index) =>
      'input' in item
        ? { index, runId: this.addRun(caller.id) as RunId }
        : {
            index,
            error: new FleetError({ code: 'validation_failed', kind: 'invalid_input', message: 'no' }),
          },
    );
  }

  async listRuns(...args: Parameters<FleetOperations['listRuns']>): ReturnType<FleetOperations['listRuns']> {
    this.#enter('listRuns', ...args);
    const [{ limit, after }] = args;
    const all = [...this.runs.values()].toReversed();
    const from = after === undefined ? 0 : all.findIndex(({ run_id }) => run_id === after.id) + 1;
    const items = all.slice(from, from + limit).map((run) => RunSummary.parse(withoutDetails(run)));
    const last = items.at(-1);
    const isLast = last === undefined || from + limit >= all.length;
    return { items, next: isLast ? null : { at: Date.parse(last.created_at), id: last.run_id } };
  }

  async updateRunMetadata(...args: Parameters<FleetOperations['updateRunMetadata']>) {
    this.#enter('updateRunMetadata', ...args);
    const run = await this.getRun(args[0], args[2]);
    const changed = { ...run, metadata: { ...run.metadata, ...args[1] } };
    this.runs.set(run.run_id, changed);
    return changed;
  }

  async resumeRun(runId: string, caller: Caller) {
    this.#enter('resumeRun', runId, caller);
    const run = await this.getRun(runId, caller);
    if (run.status === 'failed' || run.status === 'timed_out') return run;
    throw new FleetError({ code: 'run_not_resumable', kind: 'conflict', message: `it is ${run.status}` });
  }

  async rerunRun(...args: Parameters<FleetOperations['rerunRun']>) {
    this.#enter('rerunRun', ...args);
    const [runId, caller, options] = args;
    await this.getRun(runId, caller);
    const submitted = await this.#submit(caller, options?.runId);
    if (submitted.done) throw new Error('nobody waits for it');
    return submitted.accepted;
  }

  async getRun(runId: string, caller: Caller) {
    this.#enter('getRun', runId, caller);
    const run = this.runs.get(runId);
    if (run === undefined) throw notFound('run_not_found', runId);
    if (!hasRole(caller, 'read') && run.submitted_by !== caller.id) throw notFound('run_not_found', runId);
    return run;
  }

  async awaitRun(...args: Parameters<FleetOperations['awaitRun']>) {
    this.#enter('awaitRun', ...args);
    return this.getRun(args[0], args[2]);
  }

  async whyRun(runId: string, caller: Caller): Promise<RunExplanation> {
    this.#enter('whyRun', runId, caller);
    const { status } = await this.getRun(runId, caller);
    const detail = 'queue "ipa" is paused';
    return {
      run_id: runId,
      status,
      summary: `the run is ${status}: ${detail}`,
      reasons: [{ kind: 'queue_paused', subject: 'ipa', detail, what_changes_it: 'somebody resumes it' }],
    };
  }

  async signalRun(runId: string, name: string, payload: unknown, caller: Caller) {
    this.#enter('signalRun', runId, name, payload, caller);
    return this.getRun(runId, caller);
  }

  async cancelRun(runId: string, request: { reason?: string }, caller: Caller) {
    this.#enter('cancelRun', runId, request, caller);
    const run = this.runs.get(runId);
    if (run === undefined) throw notFound('run_not_found', runId);
    if (!isOpen(run.status)) {
      throw new FleetError({ code: 'run_not_cancellable', kind: 'conflict', message: 'it has ended' });
    }
    this.emit(runId, 'run.cancelled');
    return this.runs.get(runId)!;
  }

  async rollbackRun(runId: string, request: RollbackRun, caller: Caller): Promise<RollbackResult> {
    this.#enter('rollbackRun', runId, request, caller);
    const run = await this.getRun(runId, caller);
    if (isOpen(run.status)) {
      throw new FleetError({ code: 'run_active', kind: 'conflict', message: 'it has not ended' });
    }
    return { ok: true, savepoint: request.savepoint ?? 'start', executed: 1, skipped: 0, errors: [] };
  }

  async rollbackHistory(runId: string, caller: Caller): Promise<RollbackHistory> {
    this.#enter('rollbackHistory', runId, caller);
    await this.getRun(runId, caller);
    return { history: [] };
  }

  async checkRuns(request: CheckRuns, caller: Caller): Promise<ConsistencyReport> {
    this.#enter('checkRuns', request, caller);
    if (request.run_id !== undefined) await this.getRun(request.run_id, caller);
    return { checked: 1, complete: true, findings: [], repaired: 0, errors: [] };
  }

  async listRunEvents(
    ...args: Parameters<FleetOperations['listRunEvents']>
  ): ReturnType<FleetOperations['listRunEvents']> {
    this.#enter('listRunEvents', ...args);
    const [runId, { after, limit }, caller] = args;
    await this.getRun(runId, caller);
    const rest = (this.events.get(runId) ?? []).slice(after === undefined ? 0 : Number(after.split('-')[0]));
    const items = rest.slice(0, limit);
    const run = this.runs.get(runId);
    return { items, ended: !isOpen(run!.status) && items.length === rest.length };
  }

  async listDefinitions() {
    this.#enter('listDefinitions');
    return [...this.definitions.values()].map(({ name, version, versions }) => ({
      name,
      latest: version,
      versions,
    }));
  }

  async getDefinition(name: string, version?: number) {
    this.#enter('getDefinition', name, version);
    const definition = this.definitions.get(name);
    if (definition === undefined) throw notFound('workflow_not_found', name);
    return definition;
  }

  async putDefinition(content: unknown, caller: Caller) {
    this.#enter('putDefinition', content, caller);
    const { name } = Object(content) as { name?: unknown };
    if (typeof name !== 'string') {
      const message = 'expected a name';
      const problems = [{ path: '/name', code: 'invalid_name', message }];
      const kind = 'invalid_input';
      throw new FleetError({ code: 'invalid_workflow', kind, httpStatus: 422, message, problems });
    }
    const known = this.definitions.get(name);
    if (known !== undefined) return { definition: known, created: false };
    const definition = { ...DEFINITION, name, definition: content };
    this.definitions.set(name, definition);
    return { definition, created: true };
  }

  async deleteDefinition(name: string, version: number | undefined, caller: Caller) {
    this.#enter('deleteDefinition', name, version, caller);
    if (!this.definitions.delete(name)) throw notFound('workflow_not_found', name);
  }

  async *runEvents(...args: Parameters<FleetOperations['runEvents']>): AsyncGenerator<RunEvent> {
    this.#enter('runEvents', ...args);
    const [runId, { after, signal }] = args;
    let seen = after === undefined ? 0 : Number(after.split('-')[0]);
    for (;;) {
      signal.throwIfAborted();
      const stored = this.events.get(runId) ?? [];
      for (const event of stored.slice(seen)) {
        seen++;
        yield event;
      }
      if (!isOpen(this.runs.get(runId)!.status)) return;
      await Promise.race([
        this.#wake.promise,
        new Promise((resolve) => signal.addEventListener('abort', resolve)),
      ]);
    }
  }

  async listSchedules() {
    this.#enter('listSchedules');
    return [...this.schedules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async getSchedule(name: string) {
    this.#enter('getSchedule', name);
    const known = this.schedules.get(name);
    if (known === undefined) throw notFound('schedule_not_found', name);
    return known;
  }

  async putSchedule(...args: Parameters<FleetOperations['putSchedule']>) {
    this.#enter('putSchedule', ...args);
    const [name, request, caller] = args;
    const times = { created_by: caller.id, updated_at: AT, next_run_at: AT, last: null };
    const schedule: ScheduleView = { name, ...Schedule.parse(request), ...times };
    const created = !this.schedules.has(name);
    this.schedules.set(name, schedule);
    return { schedule, created };
  }

  async deleteSchedule(name: string, caller: Caller) {
    this.#enter('deleteSchedule', name, caller);
    if (!this.schedules.delete(name)) throw notFound('schedule_not_found', name);
  }

  readonly tokens = new Map<string, RunToken[]>();

  async runTokens(runId: string, { after }: { after?: string }): Promise<AsyncIterable<RunToken>> {
    this.#enter('runTokens', runId, after);
    const all = this.tokens.get(runId) ?? [];
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    return (async function* () {
      yield* all.slice(from);
    })();
  }

  readonly mailboxes = new Map<string, MailboxView>();
  readonly messageEvents: MessageAuditEntry[] = [];

  async sendMessage(message: AgentMessageInput): Promise<MessageResult> {
    this.#enter('sendMessage', message);
    return MessageResult.parse({
      message_id: message.message_id,
      recipient: canonicalAgentId(message.recipient),
      delivered: true,
    });
  }

  async broadcastMessage({ message, recipients }: BroadcastMessage): Promise<MessageResult[]> {
    this.#enter('broadcastMessage', message, recipients);
    const { message_id } = message;
    return recipients.map((recipient) => {
      const isAgent = typeof Object(recipient).type === 'string';
      return MessageResult.parse({
        message_id,
        recipient: isAgent ? recipient : message.recipient,
        delivered: isAgent,
        ...(isAgent ? {} : { error: 'it is none', error_code: 'invalid_recipient' }),
      });
    });
  }

  async listMailboxes({ limit, after }: { limit: number; after?: string }) {
    this.#enter('listMailboxes', limit, after);
    const rest = [...this.mailboxes.values()].filter(({ agent_id: id }) => after === undefined || id > after);
    const items = rest.slice(0, limit);
    return { items, next: rest.length > limit ? items.at(-1)!.agent_id : null };
  }

  async getMailbox(agent: AgentIdInput): Promise<MailboxView> {
    this.#enter('getMailbox', agent);
    const found = this.mailboxes.get(agentIdText(agent));
    if (found === undefined) throw notFound('mailbox_not_found', agentIdText(agent));
    return found;
  }

  async recoverMessages(request: RecoverMessages) {
    this.#enter('recoverMessages', request);
    return { total: 1, per_agent: { 'anna:default': 1 } };
  }

  async messageAudit({ limit, before }: MessageAuditFilter): Promise<MessageAuditEntry[]> {
    this.#enter('messageAudit', limit, before);
    const from = this.messageEvents.findIndex(({ id }) => id === before) + 1;
    return this.messageEvents.slice(from, from + limit);
  }

  readonly escalations = new Map<string, Escalation>();

  async listEscalations(filter: EscalationFilter) {
    this.#enter('listEscalations', filter);
    return [...this.escalations.values()].slice(0, filter.limit);
  }
  async getEscalation(id: string) {
    this.#enter('getEscalation', id);
    const found = this.escalations.get(id);
    if (found !== undefined) return found;
    throw new FleetError({
      code: 'escalation_not_found',
      kind: 'not_found',
      message: `no escalation "${id}"`,
    });
  }
  async acknowledgeEscalation(id: string, request: AcknowledgeEscalation, caller: Caller) {
    this.#enter('acknowledgeEscalation', id, request, caller);
    return { ...(await this.getEscalation(id)), already_acknowledged_by: null };
  }
  async resolveEscalation(id: string, request: ResolveEscalation, caller: Caller) {
    this.#enter('resolveEscalation', id, request, caller);
    return this.getEscalation(id);
  }
  async listSafetyAlerts(page: { limit: number; after?: string }) {
    this.#enter('listSafetyAlerts', page);
    return [{ id: '1-0', kind: 'alert' as const, at: AT, data: { alert_type: 'safety.escalation_failed' } }];
  }
  async testChannel(channel: ChannelName, { tier }: TestChannel) {
    this.#enter('testChannel', channel, tier);
    return { channel, tier, outcome: 'skipped' as const, recipient_masked: '-', response_time_ms: 0 };
  }

  async costs(range: CostRange): Promise<CostReport> {
    this.#enter('costs', range);
    const total = { requests: 1, input_tokens: 10, output_tokens: 5, usd: 0.03, usd_per_1k_tokens: 2 };
    return {
      from: range.from ?? '2026-08-01',
      to: range.to ?? '2026-08-15',
      group_by: range.groupBy ?? 'day',
      total,
      groups: [{ key: 'gpt-4', ...total }],
    };
  }

  async status(): Promise<FleetStatus> {
    this.#enter('status');
    return {
      initialized: true,
      active_sessions: 1,
      active_runs: 2,
      request_count: 10,
      error_count: 1,
      error_rate: 0.1,
      avg_processing_ms: 120,
      window_seconds: 3600,
      degraded_level: 0,
      components: { redis: { status: 'ok' }, nga: { status: 'ok', waiting: 0, workers: 1 } },
    };
  }

  async deleteQueue(name: string, caller: Caller): Promise<void> {
    this.#enter('deleteQueue', name, caller);
    if (name !== 'echo') throw notFound('queue_not_found', name);
  }

  async listQueues(): Promise<QueueView[]> {
    this.#enter('listQueues');
    const counts = {
      waiting: 0,
      prioritized: 0,
      active: 0,
      delayed: 0,
      'waiting-children': 0,
      completed: 0,
      failed: 0,
    };
    const rate = { completed_per_min: 0, failed_per_min: 0 };
    return ['ipa', 'flow'].map((name) => ({
      name,
      agent_type: null,
      paused: false,
      counts,
      oldest_waiting_s: null,
      rate,
      workers: 0,
      dlq: 0,
    }));
  }

  async listDeadLetters(filter: Parameters<FleetOperations['listDeadLetters']>[0]) {
    this.#enter('listDeadLetters', filter);
    const from = filter.after
      ? this.deadLetters.findIndex(({ dlq_id }) => dlq_id === filter.after!.id) + 1
      : 0;
    return this.deadLetters.slice(from, from + filter.limit);
  }

  async getDeadLetter(dlqId: string) {
    this.#enter('getDeadLetter', dlqId);
    return { ...this.#deadLetter(dlqId), data: { input: { text: 'a secret thought' } }, stacktrace: [] };
  }

  readonly agents = new Map<string, AgentListing>();
  readonly capabilitySets: AgentCapabilitySet[] = [];

  async listAgents(filter: AgentListFilter): Promise<AgentListing[]> {
    this.#enter('listAgents', filter);
    return [...this.agents.values()].filter(
      ({ agent_type: type, status }) =>
        (filter.type ?? type) === type && (filter.status ?? status) === status,
    );
  }

  async getAgent(agent: AgentIdInput): Promise<AgentListing> {
    this.#enter('getAgent', agent);
    const found = this.agents.get(agentIdText(agent));
    if (found === undefined) throw notFound('agent_not_found', agentIdText(agent));
    return found;
  }

  async deregisterAgent(agent: AgentIdInput): Promise<void> {
    await this.getAgent(agent);
    this.agents.delete(agentIdText(agent));
  }

  drainAgent(agent: AgentIdInput, request: AgentReason, caller: Caller) {
    return this.#askOf(agent, 'drain', request, caller);
  }

  restartAgent(agent: AgentIdInput, request: AgentReason, caller: Caller) {
    return this.#askOf(agent, 'restart', request, caller);
  }

  degradeAgent(agent: AgentIdInput, request: AgentReason) {
    return this.#askOf(agent, 'degrade', request);
  }

  undegradeAgent(agent: AgentIdInput) {
    return this.#askOf(agent, 'undegrade');
  }

  async #askOf(
    agent: AgentIdInput,
    command: AskedOfAgent['command'],
    ...more: unknown[]
  ): Promise<AskedOfAgent> {
    this.#enter(`${command}Agent`, agent, ...more);
    const found = this.agents.get(agentIdText(agent));
    if (found === undefined) throw notFound('agent_not_found', agentIdText(agent));
    return { agent_id: found.agent_id, command, command_id: null, changed: true };
  }

  async previewRouting(question: PreviewQuestion) {
    this.#enter('previewRouting', question);
    const weights = { queue: 0.3, heartbeat: 0.4, success: 0.3 };
    return {
      agent_type: question.agentType,
      weights,
      configured_weights: weights,
      configured_heartbeat_fresh_seconds: 30,
      candidates: [],
      selected: null,
      reason: 'no healthy candidates found' as const,
      excluded: [],
      summary: { total_agents: 0, healthy_candidates: 0, excluded_count: 0, exclusion_reasons: {} },
    };
  }

  async discoverCapabilities(request: unknown) {
    this.#enter('discoverCapabilities', request);
    return {
      matches: [],
      total_agents_searched: this.capabilitySets.length,
      search_duration_ms: 0,
      discovery_timestamp: AT,
      cache_hit: false,
    };
  }

  async listCapabilities(): Promise<AgentCapabilitySet[]> {
    this.#enter('listCapabilities');
    return this.capabilitySets;
  }

  async capabilityStatistics() {
    this.#enter('capabilityStatistics');
    const none = { processing: 0, generation: 0, analysis: 0, coordination: 0, storage: 0, communication: 0 };
    return {
      total_agents: 0,
      total_capabilities: 0,
      active_capabilities: 0,
      by_type: none,
      unique_names: 0,
      average_load: null,
      algorithm: 'weighted_score' as const,
      orphans: 0,
    };
  }

  async discoveryStatus() {
    this.#enter('discoveryStatus');
    const counts = { pending: 0, discovering: 0, registered: 0, failed: 0, disabled: 0 };
    return {
      enabled: true,
      environment: 'development' as const,
      strategy: 'immediate' as const,
      counts,
      components: [],
    };
  }

  async systemSummary() {
    this.#enter('systemSummary');
    return {
      total_agents: 0,
      healthy_agents: 0,
      degraded_agents: 0,
      unhealthy_agents: 0,
      unknown_agents: 0,
      total_capabilities: 0,
      unique_capability_types: 0,
      overall_health: 'unknown' as const,
    };
  }

  async systemHealth() {
    this.#enter('systemHealth');
    return { overall_health: 'unknown' as const, agents: [] };
  }

  breaker: BreakerView = {
    name: 'provider.main',
    state: 'open',
    mode: 'shared',
    state_changed_at: AT,
    first_opened_at: AT,
    retry_after_ms: 1500,
    failures: 0,
    successes: 0,
    trials: 0,
    recovery_overdue: false,
    degraded: false,
    counters: {
      calls: { success: 3, failure: 5, timeout: 0, rejected: 1, ignored: 0 },
      transitions: { 'closed>open': 1 },
      state_seconds: { closed: 60, open: 2.5, half_open: 0 },
    },
    config: {
      enabled: true,
      failure_threshold: 5,
      timeout_seconds: 60,
      recovery_timeout_seconds: 300,
      half_open_max_calls: 3,
      success_threshold: 2,
      failure_window_seconds: 60,
      call_timeout_ms: null,
    },
  };

  readonly fleetLog: FleetEvent[] = [];
  readonly fleetGaps: FleetEventGap[] = [];

  async listFleetEvents(...args: Parameters<FleetOperations['listFleetEvents']>) {
    this.#enter('listFleetEvents', ...args);
    const [filter, { after, limit }] = args;
    const wanted = this.fleetLog.filter((event) => isWanted(event, filter));
    if (after === undefined) return { items: wanted.slice(-limit), next: null };
    const rest = wanted.filter((event) => compareIds(event.event_id, after) > 0);
    const items = rest.slice(0, limit);
    return { items, next: rest.length > limit ? items.at(-1)!.event_id : null };
  }

  /** Ends with what there is. */
  async *fleetEvents(...args: Parameters<FleetOperations['fleetEvents']>) {
    this.#enter('fleetEvents', ...args);
    const [filter, { after }] = args;
    yield* this.fleetGaps;
    for (const event of this.fleetLog) {
      if (isWanted(event, filter) && (after === undefined || compareIds(event.event_id, after) > 0))
        yield event;
    }
  }

  async listBreakers(): Promise<BreakerView[]> {
    this.#enter('listBreakers');
    return [this.breaker];
  }

  async getBreaker(name: string): Promise<BreakerView> {
    this.#enter('getBreaker', name);
    if (name === this.breaker.name) return this.breaker;
    throw new FleetError({
      code: 'breaker_not_found',
      kind: 'not_found',
      message: `no circuit breaker "${name}"`,
    });
  }

  async resetBreaker(name: string): Promise<BreakerView> {
    return { ...(await this.getBreaker(name)), state: 'closed', retry_after_ms: null, first_opened_at: null };
  }

  openBreaker(name: string): Promise<BreakerView> {
    return this.getBreaker(name);
  }

  async replayDeadLetter(dlqId: string, caller: Caller) {
    this.#enter('replayDeadLetter', dlqId, caller);
    return { job_id: this.#deadLetter(dlqId).job_id };
  }

  async discardDeadLetter(dlqId: string, request: { reason: string }, caller: Caller) {
    this.#enter('discardDeadLetter', dlqId, request, caller);
    return this.#deadLetter(dlqId);
  }

  async replayDeadLetters(request: BulkDeadLetters, caller: Caller): Promise<DeadLetterOutcomes> {
    this.#enter('replayDeadLetters', request, caller);
    return this.#many(request);
  }

  async discardDeadLetters(
    request: BulkDeadLetters & { reason: string },
    caller: Caller,
  ): Promise<DeadLetterOutcomes> {
    this.#enter('discardDeadLetters', request, caller);
    return this.#many(request);
  }

  #many({ max }: BulkDeadLetters): DeadLetterOutcomes {
    const items = this.deadLetters.slice(0, max).map(({ dlq_id: dlqId, job_id: jobId }) => {
      const error = dlqId.endsWith('bad') ? notFound('dead_letter_not_found', dlqId) : undefined;
      return error === undefined ? { dlqId, jobId } : { dlqId, error };
    });
    return { items, more: this.deadLetters.length > max };
  }

  async readiness() {
    if (this.failure) throw this.failure;
    return this.readinessAnswer;
  }

  /** Add an event to a run; terminal ones end it. */
  emit(runId: string, type: RunEvent['type']): RunEvent {
    const events = this.events.get(runId) ?? [];
    const event: RunEvent = { id: `${events.length + 1}-0`, type, run_id: runId, at: AT };
    this.events.set(runId, [...events, event]);
    const status = TERMINAL[type];
    if (status !== undefined) this.runs.set(runId, { ...this.runs.get(runId)!, status, ended_at: AT });
    this.#wake.resolve();
    this.#wake = deferred();
    return event;
  }

  addRun(submittedBy = 'nobody', runId: string = newRunId()): string {
    if (!this.runs.has(runId)) {
      this.runs.set(runId, { ...RUN, run_id: runId, correlation_id: runId, submitted_by: submittedBy });
      this.emit(runId, 'run.accepted');
    }
    return runId;
  }

  addDeadLetter(id: string): void {
    this.deadLetters.push({
      dlq_id: id,
      queue: 'ipa',
      job_id: id.split('~')[1] ?? id,
      workflow_id: null,
      reason: 'exhausted',
      error: 'boom',
      attempts: 3,
      first_failed_at: AT,
      dead_at: AT,
      replays: 0,
    });
  }

  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  async #submit(caller: Caller, chosen?: string): Promise<Submitted> {
    const runId = this.addRun(caller.id, chosen);
    await this.hold;
    if (this.answersInTime) return { done: true, response: responseOf(runId) };
    const location = `/v1/runs/${runId}`;
    return {
      done: false,
      accepted: { run_id: runId, status: 'pending', progress: 0, location, queued_behind: 0 },
    };
  }

  #deadLetter(dlqId: string): DeadLetter {
    const entry = this.deadLetters.find(({ dlq_id }) => dlq_id === dlqId);
    if (entry === undefined) throw notFound('dead_letter_not_found', dlqId);
    return entry;
  }

  async listInterventions(filter: InterventionListFilter, caller: Caller) {
    this.#enter('listInterventions', filter, caller);
    const from = filter.after === undefined ? 0 : Number(filter.after.id) + 1;
    const items = this.interventions.slice(from, from + filter.limit);
    const last = from + items.length - 1;
    const next = last + 1 < this.interventions.length ? { at: 0, id: String(last) } : null;
    return { items, next, unreadable: [] };
  }

  async getIntervention(id: string, caller: Caller) {
    this.#enter('getIntervention', id, caller);
    const found = this.interventions.find((one) => one.intervention_id === id);
    if (found === undefined) throw notFound('intervention_not_found', id);
    return found;
  }

  async resolveIntervention(id: string, request: ResolveIntervention, caller: Caller) {
    this.#enter('resolveIntervention', id, request, caller);
    return { ...(await this.getIntervention(id, caller)), state: request.outcome };
  }

  async releaseSession(sessionId: string, caller: Caller) {
    this.#enter('releaseSession', sessionId, caller);
    return { session_id: sessionId, was_held: true };
  }

  async forgetPlayer(userId: string, caller: Caller) {
    this.#enter('forgetPlayer', userId, caller);
    return { was_known: true, detached_interventions: 0, open_interventions: 0 };
  }

  async safetyDashboard(): Promise<never> {
    this.#enter('safetyDashboard');
    throw notFound('not_here', 'dashboard');
  }

  async safetyReport(): Promise<never> {
    this.#enter('safetyReport');
    throw notFound('not_here', 'report');
  }

  #enter(name: string, ...args: unknown[]): void {
    this.calls.push({ name, args });
    if (this.failure) throw this.failure;
  }
}

function withoutDetails(run: RunView): object {
  const { progress: _p, completed_steps: _c, skipped_steps: _k, steps: _s, output: _o, ...rest } = run;
  return rest;
}
const DEFINITION: Omit<DefinitionView, 'name'> = {
  version: 1,
  source: 'stored',
  versions: [{ version: 1, source: 'stored' }],
  timeout_ms: 1000,
  sha256: 'a'.repeat(64),
  created_at: AT,
  created_by: 'admin',
  definition: {},
  graph: { hash: 'b'.repeat(64), nodes: [], edges: [], notes: [] },
};

const TERMINAL: Partial<Record<RunEvent['type'], RunView['status']>> = {
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
  'run.timed_out': 'timed_out',
};

const RUN: Omit<RunView, 'run_id' | 'correlation_id'> = {
  workflow: 'turn',
  version: 1,
  status: 'running',
  degraded: false,
  generation: 0,
  priority: 'normal',
  progress: 0,
  created_at: AT,
  started_at: null,
  ended_at: null,
  deadline_at: null,
  completed_steps: [],
  skipped_steps: [],
  steps: [],
  error: null,
  output: null,
  metadata: {},
};

function responseOf(runId: string): OrchestrationResponse {
  return {
    response_text: 'You are in a library.',
    updated_context: {
      session_id: null,
      turn: null,
      memory: null,
      world_state: null,
      metadata: {},
      last_agent: 'narrative_generator',
    },
    workflow_metadata: {
      run_id: runId,
      workflow_name: 'turn',
      version: 1,
      status: 'completed',
      steps_executed: 0,
      steps: [],
      intent: null,
      degraded: false,
      degraded_reasons: [],
    },
    performance_metrics: { total_ms: 1, queue_ms: 0, by_agent: {}, sla_ms: 2000, sla_met: true },
    therapeutic_validation: { level: 'not_validated', findings: [] },
    next_actions: [],
  };
}

function notFound(code: string, what: string): FleetError {
  return new FleetError({ code, kind: 'not_found', message: `no "${what}"` });
}
