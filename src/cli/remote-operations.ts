import { createFleetClient, FleetClientError, type FleetClient } from '../client/client.ts';
import type { Page } from '../contracts/operator.ts';
import type { ScheduleView } from '../contracts/schedule.ts';
import { agentIdText } from '../coordination/models/agent-id.ts';
import type { ErrorKind } from '../kernel/error-kinds.ts';
import { FleetError, isFleetError } from '../kernel/errors.ts';
import type {
  CliAgentOperations,
  CliMessageOperations,
  CliOperations,
  RemoteFleet,
  RemoteTarget,
} from './ports.ts';

/** The fleet behind an HTTP API, in the terms of the operations; who asks is decided by the key. */
export async function openRemote(target: RemoteTarget): Promise<RemoteFleet> {
  return { operations: remoteOperations(createFleetClient(target)), close: async () => undefined };
}

/** The client as operations: its pages become positions again, its errors those of the product. */
export function remoteOperations(
  client: FleetClient,
): CliOperations & CliAgentOperations & CliMessageOperations {
  // HTTP continues a list with an opaque cursor, the operations with the last entry seen.
  const deadLetterCursors = new Map<string, string>();
  const turnCursors = new Map<string, string>();
  const versionCursors = new Map<string, string>();
  const interventionCursors = new Map<string, string>();
  const eventCursors = new Set<string>();
  const auditCursors = new Map<string, string>();
  const mailboxCursors = new Map<string, string>();

  return {
    submitTurn: (sessionId, request, _, options) => {
      return asked(client.submitTurn(sessionId, request, signalOf(options)));
    },
    async listTurns(sessionId, { limit, before }) {
      const cursor = before === undefined ? undefined : turnCursors.get(`${sessionId}#${before}`);
      const page = await asked(
        client.listTurns(sessionId, { limit, ...(cursor !== undefined && { cursor }) }),
      );
      const last = page.items.at(-1);
      if (page.next_cursor === null || last === undefined)
        return { items: [...page.items], nextBefore: null };
      turnCursors.set(`${sessionId}#${last.turn}`, page.next_cursor);
      return { items: [...page.items], nextBefore: last.turn };
    },
    getWorld: (sessionId, question) => asked(client.getWorld(sessionId, question)),
    async listWorldVersions(sessionId, { limit, before }) {
      const cursor = before === undefined ? undefined : versionCursors.get(`${sessionId}#${before}`);
      const page = await asked(
        client.listWorldVersions(sessionId, { limit, ...(cursor !== undefined && { cursor }) }),
      );
      const last = page.items.at(-1);
      if (page.next_cursor === null || last === undefined)
        return { items: [...page.items], nextBefore: null };
      versionCursors.set(`${sessionId}#${last.version}`, page.next_cursor);
      return { items: [...page.items], nextBefore: last.version };
    },
    getSession: (sessionId) => asked(client.getSession(sessionId)),
    exportSession: (sessionId) => asked(client.exportSession(sessionId)),
    deleteSession: (sessionId) => asked(client.deleteSession(sessionId)),
    startRun: (workflow, request, _, options) => {
      return asked(client.startRun(workflow, request, signalOf(options)));
    },
    async listRuns({ limit, after, workflow, status, session_id: sessionId, user_id: userId, since, until }) {
      const page = await asked(
        client.listRuns({
          limit,
          ...(workflow !== undefined && { workflow }),
          ...(status !== undefined && { status }),
          ...(sessionId !== undefined && { sessionId }),
          ...(userId !== undefined && { userId }),
          ...(since !== undefined && { since: new Date(since).toISOString() }),
          ...(until !== undefined && { until: new Date(until).toISOString() }),
          ...(after !== undefined && { cursor: after.id }),
        }),
      );
      if (page.next_cursor === null) return { items: page.items, next: null };
      // A page may be empty and go on all the same: the cursor itself is the place.
      return { items: page.items, next: { at: 0, id: page.next_cursor } };
    },
    cancelRun: (runId, request) => asked(client.cancelRun(runId, request)),
    signalRun: (runId, name, payload) => asked(client.signalRun(runId, name, payload)),
    resumeRun: (runId) => asked(client.resumeRun(runId)),
    rerunRun: (runId) => asked(client.rerunRun(runId)),
    async listSchedules() {
      const all: ScheduleView[] = [];
      let cursor: string | null = null;
      do {
        const page: Page<ScheduleView> = await asked(
          client.listSchedules({ limit: 100, ...(cursor !== null && { cursor }) }),
        );
        all.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== null);
      return all;
    },
    getSchedule: (name) => asked(client.getSchedule(name)),
    async putSchedule(name, schedule) {
      const known = await asked(client.getSchedule(name)).catch((error: unknown) => {
        if (isFleetError(error) && error.kind === 'not_found') return undefined;
        throw error;
      });
      return { schedule: await asked(client.putSchedule(name, schedule)), created: known === undefined };
    },
    deleteSchedule: (name) => asked(client.deleteSchedule(name)),
    getRun: (runId) => asked(client.getRun(runId)),
    whyRun: (runId) => asked(client.whyRun(runId)),
    rollbackRun: (runId, request) => asked(client.rollbackRun(runId, request)),
    checkRuns: (request) => asked(client.checkRuns(request)),
    async listFleetEvents(filter, { limit, after }) {
      const place = after === undefined ? {} : eventCursors.has(after) ? { cursor: after } : { after };
      const { items, next_cursor: next } = await asked(
        client.listFleetEvents({ ...filter, ...place, limit }),
      );
      // A page may be empty and go on all the same: the cursor itself is the place.
      if (next !== null) eventCursors.add(next);
      return { items: [...items], next };
    },
    fleetEvents: (filter, options) => translated(client.fleetEvents({ ...filter, ...options })),
    runEvents: (runId, options) => translated(client.runEvents(runId, options)),
    listDefinitions: () => asked(client.listDefinitions()),
    getDefinition: (name, version) =>
      asked(client.getDefinition(name, version === undefined ? {} : { version })),
    putDefinition: (definition) => asked(client.putDefinition(definition)),
    deleteDefinition: (name, version) =>
      asked(client.deleteDefinition(name, version === undefined ? {} : { version })),
    runTokens: async (runId, options) => translated(client.runTokens(runId, options)),
    safety: () => asked(client.safety()),
    putSafetyRules: (document, { ifMatch }) =>
      asked(client.putSafetyRules(document, ifMatch === undefined ? {} : { ifMatch })),
    rollbackSafetyRules: (request) => asked(client.rollbackSafetyRules(request)),
    reloadSafetyRules: () => asked(client.reloadSafetyRules()),
    status: () => asked(client.status()),
    listQueues: () => asked(client.listQueues()),
    deleteQueue: (name) => asked(client.deleteQueue(name)),
    listBreakers: () => asked(client.listBreakers()),
    getBreaker: (name) => asked(client.getBreaker(name)),
    resetBreaker: (name) => asked(client.resetBreaker(name)),
    openBreaker: (name) => asked(client.openBreaker(name)),
    costs: (range) => asked(client.costs(range)),
    async listDeadLetters({ queue, reason, since, limit, after }) {
      const cursor = after === undefined ? undefined : deadLetterCursors.get(after.id);
      if (after !== undefined && cursor === undefined) return [];
      const page = await asked(
        client.listDeadLetters({
          limit,
          ...(queue !== undefined && { queue }),
          ...(reason !== undefined && { reason }),
          ...(since !== undefined && { since: new Date(since).toISOString() }),
          ...(cursor !== undefined && { cursor }),
        }),
      );
      const last = page.items.at(-1);
      if (page.next_cursor !== null && last !== undefined)
        deadLetterCursors.set(last.dlq_id, page.next_cursor);
      return [...page.items];
    },
    getDeadLetter: (dlqId) => asked(client.getDeadLetter(dlqId)),
    async listEscalations({ status, level, limit }) {
      const filter = { ...(status !== undefined && { status }), ...(level !== undefined && { level }) };
      return [...(await asked(client.listEscalations({ limit, ...filter }))).items];
    },
    getEscalation: (id) => asked(client.getEscalation(id)),
    acknowledgeEscalation: (id, request) => asked(client.acknowledgeEscalation(id, request)),
    resolveEscalation: (id, request) => asked(client.resolveEscalation(id, request)),
    listSafetyAlerts: async (page) => (await asked(client.listSafetyAlerts(page))).items,
    testChannel: (channel, request) => asked(client.testChannel(channel, request)),
    replayDeadLetter: (dlqId) => asked(client.replayDeadLetter(dlqId)),
    discardDeadLetter: (dlqId, request) => asked(client.discardDeadLetter(dlqId, request)),
    async listInterventions({ limit, state, level, after }) {
      const cursor = after === undefined ? undefined : interventionCursors.get(after.id);
      if (after !== undefined && cursor === undefined) return { items: [], next: null, unreadable: [] };
      const page = await asked(
        client.listInterventions({ limit, state, level, ...(cursor !== undefined && { cursor }) }),
      );
      const { items, next_cursor: next, unreadable } = page;
      const last = items.at(-1);
      if (next === null || last === undefined) return { items, next: null, unreadable };
      interventionCursors.set(last.intervention_id, next);
      return { items, next: { at: Date.parse(last.created_at), id: last.intervention_id }, unreadable };
    },
    getIntervention: (id) => asked(client.getIntervention(id)),
    resolveIntervention: (id, request) => asked(client.resolveIntervention(id, request)),
    releaseSession: (id) => asked(client.releaseSession(id)),
    listAgents: (filter) => asked(client.agents(filter)),
    getAgent: (agent) => asked(client.agent(agentIdText(agent))),
    drainAgent: (agent, request) => asked(client.drainAgent(agentIdText(agent), request)),
    restartAgent: (agent, request) => asked(client.restartAgent(agentIdText(agent), request)),
    degradeAgent: (agent, request) => asked(client.degradeAgent(agentIdText(agent), request)),
    undegradeAgent: (agent) => asked(client.undegradeAgent(agentIdText(agent))),
    previewRouting: (question) => asked(client.previewRouting(question)),
    listCapabilities: () => asked(client.capabilities()),
    discoverCapabilities: (request) => asked(client.discoverCapabilities(request)),
    sendMessage: (message) => asked(client.sendMessage(message)),
    async listMailboxes({ limit, after }) {
      const cursor = after === undefined ? undefined : mailboxCursors.get(after);
      const page = await asked(client.mailboxes({ limit, ...(cursor !== undefined && { cursor }) }));
      const last = page.items.at(-1);
      if (page.next_cursor === null || last === undefined) return { items: [...page.items], next: null };
      mailboxCursors.set(last.agent_id, page.next_cursor);
      return { items: [...page.items], next: last.agent_id };
    },
    getMailbox: (agent) => asked(client.mailbox(agent)),
    recoverMessages: (request) => asked(client.recover(request)),
    async messageAudit({ limit, before, messageId, agent }) {
      const cursor = before === undefined ? undefined : auditCursors.get(before);
      if (before !== undefined && cursor === undefined) return [];
      const page = await asked(
        client.messageAudit({
          limit,
          ...(messageId !== undefined && { messageId }),
          ...(agent !== undefined && { agent: agentIdText(agent) }),
          ...(cursor !== undefined && { cursor }),
        }),
      );
      const last = page.items.at(-1);
      if (page.next_cursor !== null && last !== undefined) auditCursors.set(last.id, page.next_cursor);
      return [...page.items];
    },
  };
}

const KINDS: Readonly<Record<number, ErrorKind>> = {
  0: 'unavailable',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  412: 'conflict',
  429: 'overloaded',
  502: 'unavailable',
  503: 'unavailable',
  504: 'timeout',
};

/** A refusal of the API as the error the operations would have thrown; anything else stays as it is. */
function fromClient(error: unknown): unknown {
  if (!(error instanceof FleetClientError)) return error;
  const { status, problem } = error;
  const retryAfterS = problem?.retry_after_s;
  return new FleetError({
    code: error.code.toLowerCase(),
    kind: KINDS[status] ?? (status >= 400 && status < 500 ? 'invalid_input' : 'internal'),
    message: error.message,
    cause: error,
    ...(problem?.errors !== undefined && { problems: problem.errors }),
    ...(retryAfterS !== undefined && { retryAfterMs: retryAfterS * 1000 }),
  });
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw fromClient(error);
  }
}

async function* translated<T>(events: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* events;
  } catch (error) {
    throw fromClient(error);
  }
}

function signalOf(options: { signal?: AbortSignal } | undefined): { signal?: AbortSignal } {
  return options?.signal === undefined ? {} : { signal: options.signal };
}
