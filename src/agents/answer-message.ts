import { agentIdText } from '../coordination/models/agent-id.ts';
import type { AgentMessage } from '../coordination/models/message.ts';
import type { JsonObject } from '../coordination/models/json.ts';
import { PermanentFailure } from '../coordination/errors.ts';
import { longAgentType } from '../contracts/agent-type.ts';
import type { Clock } from '../kernel/clock.ts';
import { isFleetError } from '../kernel/errors.ts';
import type { Language } from '../models/language.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Agent, AgentLogger } from './agent.ts';
import { workOf } from './message-adapters.ts';
import { encodeOutput } from './output.ts';
import { contextOutsideRuns, worldsOutsideRuns } from './outside-runs.ts';

/** What an agent works on messages with; a part of what its jobs are done with. */
export interface MessageDesk {
  readonly agent: Agent;
  /** The models the agent may ask; null: none is configured. */
  readonly language: Language | null;
  readonly store: RedisStore;
  readonly hasWorldOutbox: boolean;
  readonly recordRetentionSeconds: number;
  /** Milliseconds an agent may work on one message. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: AgentLogger;
}

/**
 * The agent's real work on a message: no run, no session to begin one in, nobody who reads along. A world it changes
 * must exist, and is changed once however often the message is delivered.
 *
 * Errors: permanent_failure (invalid_input) when it could not succeed later either, with what is missing or wrong; the
 * agent's own errors, to be tried again
 */
export async function answerMessage(
  { agent, language, store, hasWorldOutbox, recordRetentionSeconds, timeoutMs, clock, log }: MessageDesk,
  message: AgentMessage,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { input, session_id: sessionId } = workOf(message, longAgentType(agent.name));
  // An id may be used again once its message is handled; the time of sending tells them apart.
  const key = `message~${agentIdText(message.sender)}~${message.message_id}~${message.timestamp}`;
  const checkOutput = (output: unknown): unknown => encodeOutput(agent.output, agent.name, output);
  const worlds = worldsOutsideRuns({
    store,
    owner: { kind: 'direct', jobKey: key, agent: agent.name, keepSeconds: recordRetentionSeconds },
    lock: null,
    signal,
    checkOutput,
    hasOutbox: hasWorldOutbox,
    now: () => clock.now(),
  });
  try {
    const output = await agent.run(input, {
      signal,
      idempotencyKey: key,
      attempt: 1,
      log,
      player: { sessionId: sessionId ?? undefined, userId: undefined },
      worlds,
      ...contextOutsideRuns(language, timeoutMs),
    });
    return checkOutput(output) as JsonObject; // outputs of agents are objects of plain JSON
  } catch (error) {
    if (!isFleetError(error) || error.retryable) throw error;
    throw new PermanentFailure(
      `message ${message.message_id} cannot be worked on: ${error.code}: ${error.message}`,
      error,
    );
  }
}
