import { randomBytes } from 'node:crypto';

/** Ids are branded so that a run id cannot be passed where a session id is expected. */
export type RunId = string & { readonly __brand: 'RunId' };
export type SessionId = string & { readonly __brand: 'SessionId' };

/** RFC 9562 version 7: 48 bits of Unix milliseconds, then randomness, so ids sort by time. */
export function uuidv7(nowMs: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function newRunId(nowMs?: number): RunId {
  return `wf_${uuidv7(nowMs)}` as RunId;
}

export function newSessionId(nowMs?: number): SessionId {
  return `s_${uuidv7(nowMs)}` as SessionId;
}
