import { z } from 'zod';
import { IsoTime } from '../../contracts/identifiers.ts';
import { FailureType, type FailedDelivery } from '../models/queue-message.ts';
import { STALLED_REASON } from '../scripts/recover-mailbox.ts';

export const INVALID_ENVELOPE = 'invalid_envelope';
const LONGEST_ERROR = 1024;

/** One failed delivery, as BullMQ keeps it among the stack traces of a job: the history travels with the message. */
const Trace = z.strictObject({ at: IsoTime, failure: FailureType, error: z.string() });

/**
 * What a delivery is failed with. Its message becomes the last error of the message, its "stack" an entry of the
 * history: both are written by the very script that settles the delivery.
 */
export class DeliveryFailure extends Error {
  constructor(failure: FailureType, error: string) {
    super(error.slice(0, LONGEST_ERROR));
    // BullMQ knows by this name that trying again is no use.
    this.name = failure === 'permanent' ? 'UnrecoverableError' : 'DeliveryFailure';
    const trace: FailedDelivery = { at: new Date().toISOString(), failure, error: this.message };
    this.stack = JSON.stringify(trace);
  }
}

/** The failed deliveries that a job remembers, oldest first. What other programs wrote is shown as transient. */
export function historyOf(stacktrace: readonly string[], fallbackAt: string): FailedDelivery[] {
  return stacktrace.slice(-10).map((text) => {
    const trace = Trace.safeParse(parsed(text));
    if (trace.success) return trace.data;
    return { at: fallbackAt, failure: 'transient', error: text.slice(0, LONGEST_ERROR) };
  });
}

export function isStalled(failedReason: string | undefined): boolean {
  return failedReason === STALLED_REASON;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
