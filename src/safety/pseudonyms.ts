import { createHash, createHmac } from 'node:crypto';
import type { Pseudonyms } from './ports.ts';

/**
 * Keyed hashes in the place of players and texts. Whoever has Redis but not the secret can neither try names nor
 * sentences.
 *
 * @param secret  at least 32 bytes, the same in all processes of a fleet
 */
export function createPseudonyms(secret: string | Buffer): Pseudonyms {
  const mac = (key: string | Buffer, text: string): string =>
    createHmac('sha256', key).update(text).digest('hex');
  // A name and a text that are equal do not look alike.
  const ofSessions = createHmac('sha256', secret).update('key of sessions').digest();
  const ofTexts = createHmac('sha256', secret).update('key of texts').digest();
  return {
    userHash: (userId, sessionId) => (userId === null ? mac(ofSessions, sessionId) : mac(secret, userId)),
    textHmac: (text) => mac(ofTexts, text),
  };
}

/**
 * What stands for a session where a record outlives it; the audit of the API names sessions the same way.
 * Source: docs/decisions/0032-what-deletion-leaves.md
 */
export function sessionPseudonym(sessionId: string): string {
  if (isSessionPseudonym(sessionId)) return sessionId;
  return `sha256-${createHash('sha256').update(sessionId).digest('hex').slice(0, 16)}`;
}

export function isSessionPseudonym(sessionId: string): boolean {
  return /^sha256-[0-9a-f]{16}$/.test(sessionId);
}
