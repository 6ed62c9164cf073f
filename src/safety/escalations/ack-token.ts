import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Escalation } from '../../contracts/escalation.ts';
import { isOpenEscalation, stepOf } from './transitions.ts';

const MAC_BYTES = 24;

/**
 * The token in the link of a page. It belongs to one escalation and one call of it, is valid until that call's deadline,
 * and does nothing but acknowledge; once somebody has, no token of the escalation is good for anything.
 */
export class AckTokens {
  readonly #key: Buffer;

  /** @param secret  the same in all processes of a fleet */
  constructor(secret: string | Buffer) {
    this.#key = createHmac('sha256', secret).update('key of acknowledgements').digest();
  }

  /** For the present call; null while nobody is waited for. */
  issue(escalation: Escalation): string | null {
    const { ack_deadline_at: deadline, escalation_id: id } = escalation;
    if (deadline === null || !isOpenEscalation(escalation)) return null;
    const claims = `${stepOf(escalation)}.${Date.parse(deadline)}`;
    return `${claims}.${this.#mac(id, claims).toString('base64url')}`;
  }

  fits(token: string, escalation: Escalation, nowMs: number): boolean {
    const [step = '', until = '', mac = '', ...rest] = token.split('.');
    // As text: other texts decode to the same bytes.
    const given = Buffer.from(mac);
    const expected = Buffer.from(
      this.#mac(escalation.escalation_id, `${step}.${until}`).toString('base64url'),
    );
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
      return false;
    return Number(step) === stepOf(escalation) && nowMs < Number(until);
  }

  #mac(id: string, claims: string): Buffer {
    const mac = createHmac('sha256', this.#key).update(`${id}.${claims}`).digest();
    return mac.subarray(0, MAC_BYTES);
  }
}
