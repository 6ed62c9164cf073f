/** What a receipt says: where the message is, and who holds it. Opaque to callers, so that any process may settle. */
export interface Receipt {
  readonly queue: string;
  readonly jobId: string;
  /** BullMQ's lock token. */
  readonly lock: string;
}

export function toToken({ queue, jobId, lock }: Receipt): string {
  return Buffer.from(`${queue}\n${jobId}\n${lock}`).toString('base64url');
}

/** The receipt of a token of this mailbox; undefined when it is malformed or belongs to another one. */
export function readToken(token: string, queue: string): Receipt | undefined {
  if (typeof token !== 'string' || token.length > 1024) return undefined;
  const parts = Buffer.from(token, 'base64url').toString().split('\n');
  const [name = '', jobId = '', lock = ''] = parts;
  const isComplete = parts.length === 3 && name === queue && jobId.startsWith('m-') && lock !== '';
  return isComplete ? { queue, jobId, lock } : undefined;
}

/** Ids with ":" or of digits alone are refused by BullMQ. */
export function jobIdOf(messageId: string): string {
  return `m-${encodeURIComponent(messageId)}`;
}
