import { CreateSession, TherapeuticContext, TurnRecord, type SessionView } from '../contracts/session.ts';
import type { z } from 'zod';
import { toIso } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { newSessionId } from '../kernel/ids.ts';
import { defineScript, runScript, toBackendError } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';
import { sessionNotFound } from './forgetting.ts';
import { progressOf } from './memory/goals.ts';
import { decodeMemory } from './memory/remember.ts';
import { viewMemory } from './memory/tell-memory.ts';

/** A session with what only the fleet itself needs to know of it. */
export interface OwnedSession {
  readonly view: SessionView;
  /** The key that created it. */
  readonly createdBy: string | undefined;
  readonly lastEntity: string | null;
}

/**
 * KEYS 1 session · ARGV 1 ttl seconds 2 request fingerprint 3… fields and values
 * Returns 'created', 'identical', 'exists' or 'forgetting'.
 */
const CREATE_SESSION = defineScript(
  'create-session',
  `
if redis.call('HEXISTS', KEYS[1], 'forgetting') == 1 then return 'forgetting' end
local known = redis.call('HGET', KEYS[1], 'request')
if known then return known == ARGV[2] and 'identical' or 'exists' end
redis.call('HSET', KEYS[1], 'request', ARGV[2], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 'created'
`,
);

/**
 * Create a session, once. The same request for the same id finds the session as it is.
 *
 * Errors: session_exists and session_deleting (conflict), backend_unavailable. Redis: one round trip, plus one to read it back.
 */
export async function createSession(
  store: RedisStore,
  request: z.output<typeof CreateSession>,
  settings: { defaultTtlSeconds: number; createdBy: string; nowMs: number },
): Promise<{ session: OwnedSession; created: boolean }> {
  const sessionId = request.session_id ?? newSessionId();
  const ttlSeconds = request.ttl_seconds ?? settings.defaultTtlSeconds;
  const fields: Record<string, string | undefined> = {
    session_id: sessionId,
    user_id: request.user_id,
    world_id: request.world_id ?? ownWorldOf(sessionId),
    created_by: settings.createdBy,
    created_at: String(settings.nowMs),
    last_activity_at: String(settings.nowMs),
    turn: '0',
    ttl_seconds: String(ttlSeconds),
    therapeutic_context: JSON.stringify(request.therapeutic_context ?? TherapeuticContext.parse({})),
    metadata: JSON.stringify(request.metadata ?? {}),
  };
  const verdict = await runScript(
    store.redis,
    CREATE_SESSION,
    [store.keys.session(sessionId)],
    [
      ttlSeconds,
      JSON.stringify({ ...request, session_id: sessionId }),
      ...Object.entries(fields).flatMap(([field, value]) => (value === undefined ? [] : [field, value])),
    ],
  );
  if (verdict === 'forgetting') {
    throw new FleetError({
      code: 'session_deleting',
      kind: 'conflict',
      message: `session "${sessionId}" is being deleted; its id is free again when that is done`,
      retryAfterMs: 1000,
    });
  }
  if (verdict === 'exists') {
    throw new FleetError({
      code: 'session_exists',
      kind: 'conflict',
      retryable: false,
      message: `session "${sessionId}" exists with other settings`,
    });
  }
  return { session: await getSession(store, sessionId), created: verdict === 'created' };
}

const OWN_WORLD = 'w_';

/** The world of a session that names none. */
export function ownWorldOf(sessionId: string): string {
  return `${OWN_WORLD}${sessionId}`;
}

/** Whether a world is, or would be, that of another session alone. */
export function isWorldOfAnother(worldId: string, sessionId: string | undefined): boolean {
  return worldId.startsWith(OWN_WORLD) && (sessionId === undefined || worldId !== ownWorldOf(sessionId));
}

/** Errors: session_not_found (not_found), backend_unavailable. One round trip. */
export async function getSession(store: RedisStore, sessionId: string): Promise<OwnedSession> {
  const [hash, pending] = await readHashAndPending(store, sessionId);
  const memory = decodeMemory(hash['memory']);
  const therapeutic = TherapeuticContext.parse(JSON.parse(hash['therapeutic_context'] ?? '{}'));
  const view: SessionView = {
    session_id: sessionId,
    ...(hash['user_id'] === undefined ? {} : { user_id: hash['user_id'] }),
    world_id: hash['world_id'] ?? '',
    created_at: toIso(Number(hash['created_at'])),
    last_activity_at: toIso(Number(hash['last_activity_at'])),
    turn: Number(hash['turn']),
    ttl_seconds: Number(hash['ttl_seconds']),
    active_run_id: hash['active'] ?? null,
    pending_turns: pending,
    emotional_state: hash['emotional_state'] ?? null,
    therapeutic_context: { ...therapeutic, progress: progressOf(therapeutic.goals, memory.goals, null) },
    // Both were parsed when they were written.
    difficulty: (hash['difficulty'] ?? 'normal') as SessionView['difficulty'],
    flags: JSON.parse(hash['flags'] ?? '{}') as SessionView['flags'],
    metadata: JSON.parse(hash['metadata'] ?? '{}') as Record<string, unknown>,
    memory: viewMemory(memory),
  };
  return { view, createdBy: hash['created_by'], lastEntity: hash['last_entity'] ?? null };
}

async function readHashAndPending(
  store: RedisStore,
  sessionId: string,
): Promise<[Record<string, string>, number]> {
  const { redis, keys } = store;
  try {
    const [hash, pending] = await Promise.all([
      redis.hgetall(keys.session(sessionId)),
      redis.llen(keys.sessionPending(sessionId)),
    ]);
    if (hash['session_id'] !== undefined && hash['forgetting'] === undefined) return [hash, pending];
  } catch (error) {
    throw toBackendError(error, 'reading a session');
  }
  throw sessionNotFound(sessionId);
}

/** Finished turns, newest first. `before` = only turns with a smaller number. One round trip. */
export async function listTurns(
  store: RedisStore,
  sessionId: string,
  page: { limit: number; before?: number },
): Promise<{ items: TurnRecord[]; nextBefore: number | null }> {
  try {
    // The history holds 100 turns at most, so the page is cut here.
    const entries = await store.redis.xrevrange(store.keys.sessionTurns(sessionId), '+', '-');
    const turns = entries
      .map(([, flat]) => decodeTurn(flat))
      .filter((turn) => page.before === undefined || turn.turn < page.before);
    const items = turns.slice(0, page.limit);
    return { items, nextBefore: turns.length > items.length ? (items.at(-1)?.turn ?? null) : null };
  } catch (error) {
    throw toBackendError(error, 'reading the turns of a session');
  }
}

function decodeTurn(flat: readonly string[]): TurnRecord {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!;
  return decodeTurnFields(fields);
}

/** Lists travel as JSON inside the stream entry. */
export function decodeTurnFields(fields: Readonly<Record<string, string>>): TurnRecord {
  return TurnRecord.parse({
    turn: Number(fields['turn']),
    run_id: fields['run_id'],
    text: fields['text'],
    intent: fields['intent'],
    response_text: fields['response_text'],
    ...(fields['tone'] === undefined ? {} : { tone: fields['tone'] }),
    themes: JSON.parse(fields['themes'] ?? '[]'),
    template_ids: JSON.parse(fields['template_ids'] ?? '[]'),
    at: fields['at'],
  });
}

export function encodeTurnFields(turn: TurnRecord): Record<string, string> {
  return {
    turn: String(turn.turn),
    run_id: turn.run_id,
    text: turn.text,
    intent: turn.intent,
    response_text: turn.response_text,
    ...(turn.tone === undefined ? {} : { tone: turn.tone }),
    themes: JSON.stringify(turn.themes),
    template_ids: JSON.stringify(turn.template_ids),
    at: turn.at,
  };
}
