import type { Keys } from '../../redis/keys.ts';
import { statsHour, STATS_KEPT_SECONDS } from './stats.ts';

/** What is written beside a record, in the same step: who did what, for watchers, and the counters of the hour. */
export interface SideWrites {
  readonly audit: readonly AuditFields[];
  readonly events: readonly EventFields[];
  /** Counter of the hour → what is added to it. */
  readonly counts: Readonly<Record<string, number>>;
  readonly atMs: number;
}

/** Source: spec, safety 13. Never with words of a player. */
export interface AuditFields {
  readonly event: string;
  /** `system` or the name of a key; the player is `player`. */
  readonly actor: string;
  /** Of a session only its pseudonym, for the audit outlives it. */
  readonly session_id?: string;
  readonly user_hash?: string;
  readonly [field: string]: string | number | undefined;
}

export interface EventFields {
  readonly type: string;
  readonly [field: string]: string | number | undefined;
}

export const MAX_AUDIT = 1_000_000;
const MAX_EVENTS = 10_000;
const DAY_MS = 86_400_000;

/**
 * The end of every script that writes a record: its last three keys are audit, events and counters of the hour, an argument
 * says what goes there.
 */
export const LUA_SIDE_WRITES = `
local function write_beside(json)
  local beside = cjson.decode(json)
  local audit, events, counters = KEYS[#KEYS - 2], KEYS[#KEYS - 1], KEYS[#KEYS]
  for _, fields in ipairs(beside.audit) do
    redis.call('XADD', audit, 'MAXLEN', '~', ${MAX_AUDIT}, '*', unpack(fields))
  end
  if #beside.audit > 0 then redis.call('XTRIM', audit, 'MINID', '~', beside.audit_since) end
  for _, fields in ipairs(beside.events) do
    redis.call('XADD', events, 'MAXLEN', '~', ${MAX_EVENTS}, '*', unpack(fields))
  end
  for _, count in ipairs(beside.counts) do redis.call('HINCRBYFLOAT', counters, count[1], count[2]) end
  if #beside.counts > 0 then redis.call('EXPIRE', counters, ${STATS_KEPT_SECONDS}) end
end
`;

export function sideKeys(keys: Keys, atMs: number): [audit: string, events: string, counters: string] {
  return [keys.safetyAudit(), keys.safetyEvents(), keys.safetyStats(statsHour(atMs))];
}

export function sideArgument(writes: SideWrites, auditDays: number): string {
  const at = new Date(writes.atMs).toISOString();
  return JSON.stringify({
    audit: writes.audit.map((fields) => flatFields({ at, ...fields })),
    audit_since: String(Math.max(0, writes.atMs - auditDays * DAY_MS)),
    events: writes.events.map(({ type, ...data }) => ['type', type, 'at', at, 'data', JSON.stringify(data)]),
    counts: Object.entries(writes.counts).map(([name, n]) => [name, String(n)]),
  });
}

/** Field, value, field, value: as a stream takes them. */
export function flatFields(fields: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [name, String(value)],
  );
}
