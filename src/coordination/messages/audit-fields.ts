import { hash } from 'node:crypto';
import { agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import type { AgentMessage } from '../models/message.ts';

/** What an entry of the audit tells besides what happened and when; `error` only where there is one. */
export const AUDIT_FIELDS = [
  'message_id',
  'enqueue_id',
  'sender',
  'recipient',
  'priority',
  'type',
  'attempts',
  'payload_bytes',
  'payload_sha256',
  'error',
] as const;

/** What an entry is about. */
export interface AuditSubject {
  readonly message: AgentMessage;
  /** The mailbox. */
  readonly agent: AgentIdInput;
  readonly enqueueId: string;
  readonly attempts: number;
}

/** The values of an entry, in the order of {@link AUDIT_FIELDS}. */
export function auditValues({ message, agent, enqueueId, attempts }: AuditSubject, error?: string): string[] {
  const { bytes, sha256 } = digestOf(message.payload);
  const values = [
    message.message_id,
    enqueueId,
    agentIdText(message.sender),
    agentIdText(agent),
    String(message.priority),
    message.message_type,
    String(attempts),
    String(bytes),
    sha256,
  ];
  if (error !== undefined) values.push(error);
  return values;
}

interface Digest {
  /** As JSON, in UTF-8. */
  readonly bytes: number;
  readonly sha256: string;
}

/** A message has several entries in one process, and one payload. */
const DIGESTS = new WeakMap<object, Digest>();

export function digestOf(payload: AgentMessage['payload']): Digest {
  const known = DIGESTS.get(payload);
  if (known !== undefined) return known;
  const text = JSON.stringify(payload);
  const digest = { bytes: Buffer.byteLength(text), sha256: hash('sha256', text) };
  DIGESTS.set(payload, digest);
  return digest;
}
