import { setTimeout as sleep } from 'node:timers/promises';
import { isFleetError } from '../../src/kernel/errors.ts';

const ATTEMPTS = 20;
const PAUSE_MS = 500;

/** As a good client does: what is unavailable is asked for again. The work must bear being repeated. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error) || attempt === ATTEMPTS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** Ours, or what the client of Redis says of a command that took too long. */
function isOutage(error: unknown): boolean {
  if (isFleetError(error)) return error.kind === 'unavailable';
  return error instanceof Error && /timed out|closed/i.test(error.message);
}
