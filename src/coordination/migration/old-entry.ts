import { createHash } from 'node:crypto';
import { CoordinationValidationError, type ValidationIssue } from '../errors.ts';
import { checkMessage } from '../messages/send.ts';
import { retryStamp, type MessagingSettings } from '../messages/settings.ts';
import type { DeadLetter, QueueMessage } from '../models/queue-message.ts';
import { issuesOf } from '../validate.ts';
import { agentOf, OldQueueMessage } from './old-layout.ts';

/** The longest error that is kept, as with messages of ours. */
const ERROR_MAX = 1024;

export type ReadEntry =
  | { readonly isReadable: true; readonly queued: QueueMessage }
  | { readonly isReadable: false; readonly issues: readonly ValidationIssue[] };

/** What the old layout calls the same message is the same digest: waiting, reserved or copied; a dead letter is another. */
export function digestOf(agent: string, raw: string, isDead: boolean): string {
  return createHash('sha256')
    .update(`${isDead ? 'dead' : 'live'} ${agent} ${raw}`)
    .digest('hex')
    .slice(0, 32);
}

/** An entry of the old layout as a message of ours, or every reason why it is none. Complaints hold no values. */
export function readOldEntry(agent: string, raw: string, settings: MessagingSettings): ReadEntry {
  const wrong = (issues: readonly ValidationIssue[]): ReadEntry => ({ isReadable: false, issues });
  let json: unknown;
  try {
    json = JSON.parse(raw);
  } catch {
    return wrong([{ path: '', message: 'is not JSON' }]);
  }
  const old = OldQueueMessage.safeParse(json);
  if (!old.success) return wrong(issuesOf(old.error));
  const { message, enqueued_at, delivery_attempts, last_error } = old.data;
  // It lies where it is to go: the original did not keep the two apart when it broadcast.
  const recipient = agentOf(agent);
  try {
    const checked = checkMessage({ ...message, recipient }, settings.maxPayloadBytes, 'message');
    return {
      isReadable: true,
      queued: {
        message: checked,
        priority: checked.priority,
        enqueued_at: new Date(enqueued_at ?? checked.timestamp ?? Date.now()).toISOString(),
        enqueue_id: enqueueIdOf(digestOf(agent, raw, false)),
        delivery_attempts,
        stalls: 0,
        last_error: last_error?.slice(0, ERROR_MAX) ?? null,
        retry: retryStamp(settings),
      },
    };
  } catch (error) {
    if (error instanceof CoordinationValidationError) return wrong(error.issues);
    throw error;
  }
}

/** The original kept neither when nor for which of its two reasons it gave a message up. */
export function asDeadLetter(queued: QueueMessage, settings: MessagingSettings, at: string): DeadLetter {
  const isExhausted = queued.delivery_attempts > settings.retryAttempts;
  return {
    ...queued,
    dead_lettered_at: at,
    failure: isExhausted ? 'transient' : 'permanent',
    reason: isExhausted ? 'attempts_exhausted' : 'permanent_failure',
    attempts: queued.delivery_attempts,
    history: [],
  };
}

/** A UUID that says the same each time. */
function enqueueIdOf(digest: string): string {
  const hex = `${digest.slice(0, 12)}8${digest.slice(13, 16)}8${digest.slice(17)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
