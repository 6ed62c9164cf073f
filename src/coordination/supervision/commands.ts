import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { FleetError } from '../../kernel/errors.ts';
import type { AgentDirectory } from '../agents/directory.ts';
import type { CoordinationCore } from '../core.ts';
import { keyParts } from '../keys.ts';
import { asking } from '../messages/availability.ts';
import { AgentId, agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import type { JsonObject } from '../models/json.ts';
import { parseInput } from '../validate.ts';

export const AGENT_COMMANDS = ['restart', 'drain', 'reset_restarts'] as const;

const Request = z.strictObject({
  command: z.enum(AGENT_COMMANDS),
  /** Who asks; kept with the event that acknowledges it. */
  by: z.string().min(1).max(128),
  reason: z.string().max(1024).nullable().default(null),
});
export type AgentCommandRequest = z.input<typeof Request>;

/** What an operator asked of an agent that may live in another process. */
export const AgentCommand = Request.extend({
  command_id: z.uuid(),
  /** The incarnation it is meant for; another one has no use for it. */
  registration_id: z.uuid(),
});
export type AgentCommand = z.output<typeof AgentCommand>;

/** A command that nobody takes within this time is forgotten; so is the agent by then, or its process is stuck. */
const KEPT_MS = 3_600_000;
const TAKEN_AT_ONCE = 10;

/**
 * Ask something of an agent, wherever it runs. The process that runs it does so with its next look, acknowledged by
 * an event with the `command_id`: `restarted`, `restart_failed`, `drained`, `restarts_reset` or `command_dropped`.
 *
 * Errors: validation, agent_not_found (not_found), agent_not_alive (conflict), redis_unavailable
 */
export async function requestCommand(
  core: CoordinationCore,
  directory: AgentDirectory,
  agent: AgentIdInput,
  request: AgentCommandRequest,
): Promise<AgentCommand> {
  const id = parseInput(AgentId, agent, 'agent');
  const checked = parseInput(Request, request, 'request');
  const view = await directory.get(id);
  if (view === null)
    throw new FleetError({
      code: 'agent_not_found',
      kind: 'not_found',
      message: `there is no agent ${agentIdText(id)}`,
    });
  if (!view.isAlive)
    throw new FleetError({
      code: 'agent_not_alive',
      kind: 'conflict',
      message: `agent ${view.text} has been silent for ${Math.round(view.heartbeatAgeMs / 1000)} s: nobody would do that`,
      retryable: false,
    });
  const command = {
    ...checked,
    command_id: randomUUID(),
    registration_id: view.record.registration_id,
  };
  const key = core.keys.agentCommands(...keyParts(id));
  await asking(core.redis, 'ask an agent', () =>
    core.redis.multi().rpush(key, JSON.stringify(command)).pexpire(key, KEPT_MS).exec(),
  );
  return command;
}

/** A command as it waits; undefined in place of one that cannot be read. */
export interface PendingCommand {
  readonly agent: AgentId;
  readonly raw: string;
  readonly command: AgentCommand | undefined;
}

/** What was asked of these agents and is not done, in its order. Errors: redis_unavailable */
export async function pendingCommands(
  { redis, keys }: CoordinationCore,
  agents: readonly AgentId[],
): Promise<PendingCommand[]> {
  if (agents.length === 0) return [];
  const lists = agents.map((agent) => keys.agentCommands(...keyParts(agent)));
  const answers = await asking(redis, 'read what is asked of agents', async () => {
    // Hardly ever is anything asked.
    if ((await redis.exists(lists)) === 0) return [];
    const pipeline = redis.pipeline();
    for (const list of lists) pipeline.lrange(list, 0, TAKEN_AT_ONCE - 1);
    return pipeline.exec();
  });
  return (answers ?? []).flatMap(([error, raws], place) => {
    if (error !== null || !Array.isArray(raws)) return [];
    return raws.map(String).map((raw) => ({ agent: agents[place]!, raw, command: read(raw) }));
  });
}

/**
 * Whether it was asked of the incarnation that has the name now. Who has lost that and does not know yet leaves it alone.
 * Errors: redis_unavailable
 */
export async function isForWhoIsThere(
  directory: AgentDirectory,
  { agent, command }: PendingCommand,
): Promise<boolean> {
  const view = await directory.get(agent);
  return command !== undefined && view?.record.registration_id === command.registration_id;
}

/** What an event tells of a command. */
export function detailsOf(command: AgentCommand | undefined): JsonObject {
  if (command === undefined) return {};
  const { command_id, command: what, by, reason } = command;
  return { command_id, command: what, asked_by: by, ...(reason === null ? {} : { asked_because: reason }) };
}

/** It is done, and may be forgotten. Errors: redis_unavailable */
export async function settleCommand(
  { redis, keys }: CoordinationCore,
  { agent, raw }: PendingCommand,
): Promise<void> {
  await asking(redis, 'settle what was asked of an agent', () =>
    redis.lrem(keys.agentCommands(...keyParts(agent)), 1, raw),
  );
}

function read(raw: string): AgentCommand | undefined {
  try {
    return AgentCommand.safeParse(JSON.parse(raw)).data;
  } catch {
    return undefined;
  }
}
