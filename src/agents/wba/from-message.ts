import { WbaInput } from '../../contracts/world.ts';
import { contextOf, firstOf, readWork, type FromMessage } from '../message-work.ts';

/**
 * To fetch or change: the world `world_id` (or `session_id`), with `updates` as its operations. Without an `action`
 * updates are written, and no updates mean fetch: what was sent to be written is never passed over.
 */
export const wbaFromMessage: FromMessage<WbaInput> = (message) => {
  const { payload } = message;
  const updates = payload['updates'] ?? [];
  const isEmpty = Array.isArray(updates) && updates.length === 0;
  return readWork(
    message,
    WbaInput,
    {
      world_id: firstOf(payload, 'world_id', 'session_id'),
      action: { from: 'payload.action', value: payload['action'] ?? (isEmpty ? 'fetch' : 'update') },
      operations: { from: 'payload.updates', value: updates },
      intent: { from: 'payload.context.intent', value: contextOf(payload)['intent'] },
    },
    ['world_id'],
  );
};
