import type { FleetOperations } from '../../contracts/operations.ts';
import type { AgentOperations } from '../../coordination/agents/operations.ts';
import type { MessageOperations } from '../../coordination/messages/operations.ts';
import { CreateSession, type SessionView, type TurnRecord } from '../../contracts/session.ts';
import { redact } from '../../observability/redact.ts';
import { CostLedger } from '../../primitives/budget/cost-ledger.ts';
import { toBackendError } from '../../redis/script.ts';
import { createSession, getSession, listTurns } from '../../sessions/session-store.ts';
import { mayReadContent, maySee, sessionForbidden } from '../../workflows/access.ts';
import {
  deleteSchedule,
  getSchedule,
  listSchedules,
  putSchedule,
} from '../../workflows/schedules/schedules.ts';
import { validationFailed } from '../../workflows/start.ts';
import type { Caller } from '../../contracts/caller.ts';
import { agentOperations } from './agents.ts';
import { breakerOperations } from './breakers.ts';
import { startRunsInBulk } from './bulk-start.ts';
import { rerunRun, resumeRunFor, updateRunMetadata } from './change-runs.ts';
import type { OperationsContext } from './context.ts';
import { deadLetterOperations } from './dead-letters.ts';
import { listRunsFor } from './list-runs.ts';
import { fleetEventOperations } from './fleet-events.ts';
import { getDefinition, listDefinitions, registerDefinition, removeDefinition } from './definitions.ts';
import { listQueueViews } from './queue-views.ts';
import { createReadiness } from './readiness.ts';
import { checkRunsFor } from './consistency.ts';
import { messageOperations } from './messages.ts';
import { rollbackHistoryFor, rollbackRunFor } from './rollback.ts';
import { runTokens } from './tokens.ts';
import { escalationOperations } from './escalations.ts';
import { exportSessionFor } from './export-session.ts';
import { assertMayActFor } from './run-request.ts';
import { assertMayShare, deleteSessionFor, updateSessionFor } from './sessions.ts';
import { safetyRulesOperations } from './safety-rules.ts';
import { reachesPeople } from '../../safety/escalations/context.ts';
import { addAudit } from '../../safety/record/add-audit.ts';
import { escalationSettings } from '../open-people.ts';
import { interventionOperations, safetyHealth, safetyReportOperations } from './safety-interventions.ts';
import { signalRunFor } from './signals.ts';
import { awaitRun, cancelRunFor, getRun, listRunEvents, runEvents, whyRun } from './runs.ts';
import { deleteQueue } from './delete-queue.ts';
import { fleetStatus } from './status.ts';
import { submitRun, submitTurn } from './submit.ts';
import { getWorldFor, listWorldVersionsFor } from './worlds.ts';

/** The fleet as HTTP and the CLI know it. */
export function createOperations(
  ctx: OperationsContext,
): FleetOperations & MessageOperations & AgentOperations {
  const { workflows } = ctx;
  const letters = deadLetterOperations(workflows, ctx.coordination.coordinator);
  const { store, clock } = workflows;

  async function visibleSession(sessionId: string, caller: Caller) {
    const session = await getSession(store, sessionId);
    const owner = { userId: session.view.user_id, keyId: session.createdBy };
    if (!maySee(caller, owner)) throw sessionForbidden(sessionId);
    return { view: session.view, isOpenBook: mayReadContent(caller, owner) };
  }

  return {
    async createSession(request, caller) {
      const parsed = CreateSession.safeParse(request);
      if (!parsed.success) throw validationFailed(parsed.error, 'session', '');
      assertMayShare(parsed.data, caller);
      assertMayActFor(parsed.data.user_id, caller);
      const userId = parsed.data.user_id ?? caller.user_id;
      const { session, created } = await createSession(
        store,
        { ...parsed.data, ...(userId === undefined ? {} : { user_id: userId }) },
        {
          defaultTtlSeconds: ctx.sessionTtlSeconds,
          createdBy: caller.id,
          nowMs: clock.now(),
        },
      );
      // The same request of somebody else finds nothing out.
      const owns = { userId: session.view.user_id, keyId: session.createdBy };
      if (!created && !mayReadContent(caller, owns)) throw sessionForbidden(session.view.session_id);
      return { session: session.view, created };
    },
    async getSession(sessionId, caller) {
      const { view, isOpenBook } = await visibleSession(sessionId, caller);
      if (isOpenBook) return view;
      return { ...view, memory: null, metadata: redact(view.metadata) as SessionView['metadata'] };
    },
    updateSession: (sessionId, update, caller) => updateSessionFor(ctx, sessionId, update, caller),
    exportSession: (sessionId, caller) => exportSessionFor(ctx, sessionId, caller),
    deleteSession: (sessionId, caller) =>
      guarded('deleting a session', deleteSessionFor(ctx, sessionId, caller)),
    submitTurn: (sessionId, request, caller, options) => submitTurn(ctx, sessionId, request, caller, options),
    async listTurns(sessionId, page, caller) {
      const { isOpenBook } = await visibleSession(sessionId, caller);
      const turns = await listTurns(store, sessionId, page);
      return isOpenBook ? turns : { ...turns, items: turns.items.map((turn) => redact(turn) as TurnRecord) };
    },
    getWorld: (sessionId, question, caller) => getWorldFor(ctx, sessionId, question, caller),
    listWorldVersions: (sessionId, page, caller) => listWorldVersionsFor(ctx, sessionId, page, caller),
    startRun: (workflow, request, caller, options) => submitRun(ctx, workflow, request, caller, options),
    startRuns: (workflow, request, caller, options) =>
      startRunsInBulk(ctx, workflow, request, caller, options),
    listRuns: (filter, caller) => listRunsFor(ctx, filter, caller),
    updateRunMetadata: (runId, patch, caller) => updateRunMetadata(ctx, runId, patch, caller),
    resumeRun: (runId, caller) => guarded('resuming a run', resumeRunFor(ctx, runId, caller)),
    rerunRun: (runId, caller, options) => rerunRun(ctx, runId, caller, options),
    getRun: (runId, caller) => getRun(ctx, runId, caller),
    awaitRun: (runId, options, caller) => awaitRun(ctx, runId, options, caller),
    whyRun: (runId, caller) => whyRun(ctx, runId, caller),
    cancelRun: (runId, { reason }, caller) => cancelRunFor(ctx, runId, reason, caller),
    signalRun: (runId, name, payload, caller) => signalRunFor(ctx, runId, name, payload, caller),
    rollbackRun: (runId, request, caller) =>
      guarded('rolling a run back', rollbackRunFor(ctx, runId, request, caller)),
    rollbackHistory: (runId, caller) => rollbackHistoryFor(ctx, runId, caller),
    checkRuns: (request, caller) => guarded('checking runs', checkRunsFor(ctx, request, caller)),
    listRunEvents: (runId, page, caller) => listRunEvents(ctx, runId, page, caller),
    runEvents: (runId, options, caller) => runEvents(ctx, runId, options, caller),
    listSchedules: () => listSchedules(workflows),
    getSchedule: (name) => getSchedule(workflows, name),
    putSchedule: (name, schedule, caller) => putSchedule(workflows, name, schedule, caller),
    deleteSchedule: (name) => deleteSchedule(workflows, name),
    listDefinitions: async () => listDefinitions(ctx),
    getDefinition: (name, version) => getDefinition(ctx, name, version),
    putDefinition: (definition, caller) => registerDefinition(ctx, definition, caller),
    deleteDefinition: (name, version) => removeDefinition(ctx, name, version),
    runTokens: (runId, options, caller) => runTokens(ctx, runId, options, caller),
    costs: (range) => new CostLedger(store, clock).report(range),
    deleteQueue: (name) => guarded('deleting a queue', deleteQueue(ctx, name)),
    listQueues: () => listQueueViews(ctx.queues, clock.now()),
    listDeadLetters: (filter) => guarded('reading dead letters', letters.listDeadLetters(filter)),
    getDeadLetter: (dlqId) => guarded('reading a dead letter', letters.getDeadLetter(dlqId)),
    replayDeadLetter: (dlqId, caller) =>
      guarded('replaying a dead letter', letters.replayDeadLetter(dlqId, caller)),
    discardDeadLetter: (dlqId, request, caller) =>
      guarded('discarding a dead letter', letters.discardDeadLetter(dlqId, request, caller)),
    replayDeadLetters: (request, caller) =>
      guarded('reading dead letters', letters.replayDeadLetters(request, caller)),
    discardDeadLetters: (request, caller) =>
      guarded('reading dead letters', letters.discardDeadLetters(request, caller)),
    ...messageOperations(ctx.coordination.coordinator),
    ...agentOperations(ctx.coordination, ctx.queues),
    ...safetyRulesOperations(ctx.safety, {
      isEnabled: ctx.isSafetyEnabled,
      reachesPeople: reachesPeople(escalationSettings(ctx.config)),
      health: () => safetyHealth(ctx),
      // What an administrator does is in the audit of the API too, which refuses what it cannot note.
      audit: (fields) => addAudit(store, fields, clock.now()).catch(() => undefined),
    }),
    ...escalationOperations(ctx.people, ctx.config),
    ...breakerOperations(ctx.circuits),
    ...fleetEventOperations(ctx.eventLog, ctx.notices),
    status: () => fleetStatus(ctx),
    readiness: createReadiness(store.redis, ctx.requireNoeviction),
    ...interventionOperations(ctx),
    ...safetyReportOperations(ctx),
  };
}

/** BullMQ's own errors as ours: what is no refusal means that Redis did not answer. */
async function guarded<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toBackendError(error, what);
  }
}
