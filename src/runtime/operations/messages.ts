import { longAgentType } from '../../contracts/agent-type.ts';
import type { MessageCoordinator } from '../../coordination/messages/coordinator.ts';
import type { MailboxFigures } from '../../coordination/messages/gauges.ts';
import {
  RecoverMessages,
  type MailboxView,
  type MessageOperations,
} from '../../coordination/messages/operations.ts';
import { agentIdText, parseAgentIdText, type AgentIdInput } from '../../coordination/models/agent-id.ts';
import type { MessageResult } from '../../coordination/models/message.ts';
import { parseInput } from '../../coordination/validate.ts';
import { FleetError, isFleetError } from '../../kernel/errors.ts';

/** Agents and their mailboxes as HTTP and the CLI know them. */
export function messageOperations(coordinator: MessageCoordinator): MessageOperations {
  return {
    sendMessage: (message) =>
      asked(async () => {
        const { sender, recipient } = Object(message) as Partial<typeof message>;
        return delivered(
          await coordinator.send({
            ...message,
            ...(sender === undefined ? {} : { sender: fleetAgent(sender) }),
            ...(recipient === undefined ? {} : { recipient: fleetAgent(recipient) }),
          }),
        );
      }),
    broadcastMessage: ({ message, recipients }) =>
      asked(async () => {
        const whole = { ...message, sender: fleetAgent(message.sender) };
        const results = await coordinator.broadcast(whole, recipients.map(fleetAgent));
        // While Redis is away nobody was asked.
        if (results.length > 0 && results.every(({ error_code: code }) => code === 'redis_unavailable'))
          throw unavailable();
        return results;
      }),
    listMailboxes: ({ limit, after }) =>
      asked(async () => {
        const all = (await coordinator.listMailboxes()).map(agentIdText);
        const rest = after === undefined ? all : all.filter((text) => text > after);
        const items: MailboxView[] = [];
        for (const text of rest.slice(0, limit))
          items.push(viewOf(await coordinator.mailbox(parseAgentIdText(text)!)));
        return { items, next: rest.length > limit ? items.at(-1)!.agent_id : null };
      }),
    getMailbox: (agent) =>
      asked(async () => {
        const known = fleetAgent(agent);
        if (await coordinator.hasMailbox(known)) return viewOf(await coordinator.mailbox(known));
        throw new FleetError({
          code: 'mailbox_not_found',
          kind: 'not_found',
          message: `nothing was ever sent to "${agentIdText(known)}"`,
        });
      }),
    recoverMessages: (request) =>
      asked(async () => {
        const { agent_type: type, instance, dry_run: dryRun } = parseInput(RecoverMessages, request);
        const counts = await coordinator.recoverPendingDetailed({
          dryRun,
          ...(type === undefined ? {} : { type: longAgentType(type) }),
          ...(instance === undefined ? {} : { instance }),
        });
        const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
        return { total, per_agent: Object.fromEntries(counts) };
      }),
    messageAudit: ({ messageId, agent, limit, before }) =>
      asked(() =>
        coordinator.audit({
          limit,
          ...(messageId === undefined ? {} : { messageId }),
          ...(agent === undefined ? {} : { agent: agentIdText(fleetAgent(agent)) }),
          ...(before === undefined ? {} : { before }),
        }),
      ),
  };
}

/** Both spellings are accepted, the long one is used. What is no agent stays what it is, for others to refuse. */
export function fleetAgent<A extends AgentIdInput>(agent: A): A {
  const { type } = Object(agent) as Partial<AgentIdInput>;
  return typeof type === 'string' ? { ...agent, type: longAgentType(type) } : agent;
}

/** What did not get there is an error; the others are results. Errors: queue_full, backend_unavailable, unknown_outcome */
function delivered(result: MessageResult): MessageResult {
  const to = agentIdText(result.recipient);
  switch (result.error_code) {
    case 'queue_full':
      throw queueFull(to);
    case 'redis_unavailable':
      throw unavailable();
    case 'unknown_outcome':
      throw unknownOutcome();
    default:
      return result;
  }
}

export function queueFull(mailbox: string): FleetError {
  return new FleetError({
    code: 'queue_full',
    kind: 'overloaded',
    message: `the mailbox "${mailbox}" is full`,
    retryAfterMs: 1000,
  });
}

export function unknownOutcome(): FleetError {
  return new FleetError({
    code: 'unknown_outcome',
    kind: 'unavailable',
    message: 'the connection to Redis was lost meanwhile; sending the same message_id again is safe',
    retryAfterMs: 1000,
  });
}

/** The words of the other operations for what goes wrong. */
export async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFleetError(error)) throw error;
    if (error.code === 'redis_unavailable') throw unavailable(error);
    if (error.code !== 'validation') throw error;
    throw new FleetError({
      code: 'validation_failed',
      kind: 'invalid_input',
      message: error.message,
      ...(error.problems === undefined ? {} : { problems: error.problems }),
    });
  }
}

export function unavailable(cause?: unknown): FleetError {
  return new FleetError({
    code: 'backend_unavailable',
    kind: 'unavailable',
    message: 'Redis did not answer; nothing was stored',
    retryAfterMs: 1000,
    ...(cause === undefined ? {} : { cause }),
  });
}

function viewOf(figures: MailboxFigures): MailboxView {
  const { type, instance } = parseAgentIdText(figures.agent)!;
  const { waiting } = figures;
  return {
    agent_id: figures.agent,
    agent_type: type,
    instance: instance ?? 'default',
    paused: figures.is_paused,
    counts: {
      waiting: waiting[9] + waiting[5] + waiting[1],
      delayed: figures.delayed,
      reserved: figures.reserved,
    },
    by_priority: waiting,
    oldest_waiting_s: figures.oldest_age_ms === null ? null : figures.oldest_age_ms / 1000,
    dlq: figures.dead_letters,
  };
}
