import { JsonObject } from '../models/json.ts';
import { SavedState } from '../models/saved-state.ts';
import type { Logger } from '../ports.ts';
import type { CoordinatedAgent } from './agent.ts';

/** What came of a saved state: an event to tell, and whether the state must be set aside. */
export interface RestoredState {
  readonly event: {
    readonly kind: 'state_restored' | 'state_restore_failed';
    readonly details: JsonObject;
  } | null;
  readonly isRejected: boolean;
}

export type ReadState = { readonly saved: SavedState } | { readonly failure: 'corrupt' | 'foreign_version' };

/** A saved state as it was read from Redis. */
export function readState(text: string): ReadState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { failure: 'corrupt' };
  }
  const parsed = SavedState.safeParse(value);
  if (parsed.success) return { saved: parsed.data };
  const version =
    typeof value === 'object' && value !== null && 'schema_version' in value ? value.schema_version : 1;
  return { failure: version === 1 ? 'corrupt' : 'foreign_version' };
}

/**
 * Give an agent what an earlier incarnation saved. It starts empty when that cannot be done.
 * @param nowMs  by the clock of Redis
 */
export async function restoreState(
  agent: CoordinatedAgent,
  text: string | null,
  nowMs: number,
  logger: Logger,
): Promise<RestoredState> {
  if (text === null || agent.importState === undefined) return { event: null, isRejected: false };
  const read = readState(text);
  const fields = { type: agent.type };
  if ('failure' in read) {
    logger.warn({ ...fields, reason: read.failure }, 'the state of an agent could not be restored');
    return failed({ reason: read.failure });
  }
  try {
    const dropped = await agent.importState(read.saved.state);
    const ageSeconds = Math.max(0, nowMs - Date.parse(read.saved.saved_at)) / 1000;
    const details = {
      age_s: ageSeconds,
      ...(dropped === undefined || dropped.length === 0 ? {} : { dropped: dropped.map(String) }),
    };
    return { event: { kind: 'state_restored', details }, isRejected: false };
  } catch (error) {
    logger.warn({ ...fields, err: error }, 'the state of an agent could not be restored');
    // Not its words: they may hold a piece of the state.
    return failed({ reason: 'import_failed', error: error instanceof Error ? error.name : typeof error });
  }
}

function failed(details: JsonObject): RestoredState {
  return { event: { kind: 'state_restore_failed', details }, isRejected: true };
}

/**
 * The state an agent gives, as JSON; undefined when it keeps none.
 * Errors: RangeError when it is too large, TypeError when it is not JSON; both without values
 */
export function exportState(agent: CoordinatedAgent, maxBytes: number, known?: string): string | undefined {
  const state: unknown = agent.exportState?.();
  if (state === undefined) return undefined;
  if (typeof state === 'object' && state !== null && 'then' in state)
    throw new TypeError('exportState must give the state, not a promise of it');
  const text: string | undefined = JSON.stringify(state);
  // What was JSON once and reads the same is JSON.
  if (text !== undefined && text === known) return text;
  const checked = JsonObject.safeParse({ state });
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new TypeError(`the state is not JSON: ${problems.join('; ')}`);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) throw new RangeError(`the state has ${bytes} bytes; at most ${maxBytes} are kept`);
  return text;
}
