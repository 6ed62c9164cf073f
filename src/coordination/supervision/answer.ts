import { FleetError, isFleetError } from '../../kernel/errors.ts';
import { PermanentFailure } from '../errors.ts';
import type { AgentId } from '../models/agent-id.ts';
import type { JsonValue } from '../../kernel/json.ts';
import type { JsonObject } from '../models/json.ts';
import type { AgentMessageInput, MessageResult } from '../models/message.ts';
import type { QueueMessage } from '../models/queue-message.ts';

/**
 * What an agent made of a request goes to whoever asked, before the request counts as handled. The id of the answer
 * follows from the accepted send of the request: handling it again, after a crash, gives the same answer and not
 * a second one.
 *
 * Errors: permanent_failure when the result is no payload, answer_not_sent (unavailable) to be tried again
 */
export async function answerRequest(
  { message, enqueue_id: enqueueId }: QueueMessage,
  answering: AgentId,
  result: JsonValue | void,
  send: (message: AgentMessageInput) => Promise<MessageResult>,
): Promise<void> {
  if (message.message_type !== 'request') return;
  const answer: AgentMessageInput = {
    message_id: `re-${enqueueId}`,
    sender: answering,
    recipient: message.sender,
    message_type: 'response',
    priority: message.priority,
    payload: { ...payloadOf(result), in_reply_to: message.message_id },
  };
  let sent: MessageResult;
  try {
    sent = await send(answer);
  } catch (error) {
    if (!isFleetError(error) || error.code !== 'validation') throw error;
    throw new PermanentFailure(`the result is no payload: ${error.message}`, error);
  }
  if (sent.delivered) return;
  throw new FleetError({
    code: 'answer_not_sent',
    kind: 'unavailable',
    message: `the answer to message ${message.message_id} was not sent: ${sent.error_code ?? 'unknown'}`,
    retryAfterMs: 1000,
    details: { message_id: message.message_id, error_code: sent.error_code },
  });
}

function payloadOf(result: JsonValue | void): JsonObject {
  if (result === undefined || result === null) return {};
  // What is wrong with its members, sending it says.
  if (typeof result === 'object' && !Array.isArray(result)) return result as JsonObject;
  throw new PermanentFailure('the result is no payload: a request is answered with an object');
}
