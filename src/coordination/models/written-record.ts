import { AGENT_RUNTIME_STATUSES } from './agent-state.ts';
import type { AgentRecord } from './agent-record.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MOMENT = /^\d{4}-(?:0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const STATUSES: ReadonlySet<unknown> = new Set(AGENT_RUNTIME_STATUSES);
const RESOURCES = ['cpu_threads', 'ram_bytes', 'gpu_memory_bytes'];

type Members = Readonly<Record<string, unknown>>;

/**
 * Whether a value out of JSON is the record of this agent in the very form in which heartbeats write it. Thousands are
 * read at once, and this takes a tenth of the time of the schema. What it accepts the schema accepts unchanged; what it
 * does not know the schema decides.
 */
export function isWrittenRecord(value: unknown, agent: string): value is AgentRecord {
  return (
    hasMembers(value, 15) &&
    value['agent_id'] === agent &&
    isMatch(value['registration_id'], UUID) &&
    isWithin(value['heartbeat_ttl_s'], 0.1, 300) &&
    isMoment(value['last_heartbeat']) &&
    isText(value['name'], 128) &&
    value['name'] !== '' &&
    isText(value['host'], 255) &&
    isCount(value['pid']) &&
    isText(value['version'], 64) &&
    isStatus(value['status']) &&
    isMetrics(value['metrics']) &&
    isPerformance(value['performance']) &&
    isMoment(value['registered_at']) &&
    isResources(value['resources']) &&
    isWords(value['capabilities'], 100) &&
    isFlat(value['metadata'])
  );
}

function isStatus(value: unknown): boolean {
  return (
    hasMembers(value, 5) &&
    typeof value['running'] === 'boolean' &&
    typeof value['degraded'] === 'boolean' &&
    (value['degraded_by'] === null ||
      value['degraded_by'] === 'operator' ||
      value['degraded_by'] === 'health') &&
    STATUSES.has(value['status']) &&
    (value['reason'] === null || isText(value['reason'], 1024))
  );
}

function isMetrics(value: unknown): boolean {
  return (
    hasMembers(value, 5) &&
    isWithin(value['uptime_s'], 0, Number.MAX_VALUE) &&
    isCount(value['requests']) &&
    isCount(value['errors']) &&
    isCount(value['in_flight']) &&
    isCount(value['concurrency'], 1)
  );
}

function isPerformance(value: unknown): boolean {
  if (value === null) return true;
  return (
    hasMembers(value, 5) &&
    isFigure(value['p50_ms']) &&
    isFigure(value['p95_ms']) &&
    isFigure(value['avg_ms']) &&
    (value['error_rate'] === null || isWithin(value['error_rate'], 0, 1)) &&
    isCount(value['window'])
  );
}

function isResources(value: unknown): boolean {
  if (!isMembers(value)) return false;
  for (const name of Object.keys(value))
    if (!RESOURCES.includes(name) || !isCount(value[name], name === 'cpu_threads' ? 1 : 0)) return false;
  return true;
}

/** JSON without anything inside anything. */
function isFlat(value: unknown): boolean {
  if (!isMembers(value)) return false;
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (name === '__proto__' || typeof member === 'object') return false;
    if (typeof member === 'number' && !Number.isFinite(member)) return false;
  }
  return true;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** With so many members, each of which is looked at, there is none that is not known. */
function hasMembers(value: unknown, count: number): value is Members {
  return isMembers(value) && Object.keys(value).length === count;
}

function isMatch(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

/** ISO 8601 in UTC with milliseconds, of a day that there is. */
export function isMoment(value: unknown): boolean {
  if (!isMatch(value, MOMENT)) return false;
  // Every month has 28 days.
  return value.slice(8, 10) <= '28' || new Date(value).toISOString() === value;
}

function isText(value: unknown, most: number): boolean {
  return typeof value === 'string' && value.length <= most;
}

function isWords(value: unknown, most: number): boolean {
  return Array.isArray(value) && value.length <= most && value.every((word) => typeof word === 'string');
}

function isCount(value: unknown, least = 0): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least; // a safe integer is a number
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

function isFigure(value: unknown): boolean {
  return value === null || (typeof value === 'number' && Number.isFinite(value));
}
