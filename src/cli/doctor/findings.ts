import type { HostDescription } from '../../resources/host.ts';
import type { RedisFacts } from '../ports.ts';
import { bytesText } from '../render/quantities.ts';

/** What was looked at, how it is, and what to do about it when it is not well. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly fix?: string;
}

const MIN_NODE = [24, 12] as const;
const MIN_REDIS = [6, 2] as const;
const GOOD_REDIS = [7, 2] as const;
const SLOW_LATENCY_MS = 20;
const MAX_CLOCK_SKEW_MS = 1000;
const LOW_MEMORY_BYTES = 256 * 1024 ** 2;
const LOW_DISK_BYTES = 1024 ** 3;
const NEARLY_FULL = 0.8;

export function judgeNode(version: string): Finding {
  const name = 'node';
  if (isAtLeast(version, MIN_NODE)) return ok(name, version);
  return fail(name, version, 'install Node 24.12 or newer');
}

/** Everything about a Redis that answers. */
export function judgeRedis(facts: RedisFacts): Finding[] {
  return [
    ok('redis', facts.url),
    judgeVersion(facts.version),
    judgeEviction(facts.maxmemoryPolicy),
    facts.appendOnly
      ? ok('redis persistence', 'append-only file is on')
      : warn(
          'redis persistence',
          'append-only file is off: a restart of Redis loses work',
          'CONFIG SET appendonly yes',
        ),
    facts.latencyMs <= SLOW_LATENCY_MS
      ? ok('redis latency', `${facts.latencyMs.toFixed(1)} ms`)
      : warn(
          'redis latency',
          `${facts.latencyMs.toFixed(1)} ms`,
          'move the fleet nearer to its Redis, or look at its load',
        ),
    judgeRedisMemory(facts),
    judgeClock(facts.clockSkewMs),
  ];
}

function judgeVersion(version: string): Finding {
  const name = 'redis version';
  if (!isAtLeast(version, MIN_REDIS))
    return fail(name, version, 'upgrade to Redis 7.2 or newer, or Valkey 8');
  return isAtLeast(version, GOOD_REDIS)
    ? ok(name, version)
    : warn(name, version, '7.2 or newer is recommended');
}

function judgeEviction(policy: string): Finding {
  const name = 'redis eviction';
  if (policy === 'noeviction') return ok(name, policy);
  return fail(name, `${policy}: Redis may throw jobs away`, 'CONFIG SET maxmemory-policy noeviction');
}

function judgeRedisMemory({ usedMemoryBytes, maxMemoryBytes }: RedisFacts): Finding {
  const name = 'redis memory';
  if (maxMemoryBytes === null) return ok(name, `${bytesText(usedMemoryBytes)} used, no limit`);
  const detail = `${bytesText(usedMemoryBytes)} of ${bytesText(maxMemoryBytes)} used`;
  if (usedMemoryBytes < NEARLY_FULL * maxMemoryBytes) return ok(name, detail);
  return warn(name, detail, 'raise maxmemory, or shorten retention.*: at the limit Redis refuses writes');
}

function judgeClock(skewMs: number): Finding {
  const name = 'clock';
  const detail = `${Math.abs(Math.round(skewMs))} ms apart from Redis`;
  if (Math.abs(skewMs) < MAX_CLOCK_SKEW_MS) return ok(name, detail);
  return fail(name, detail, 'synchronise both clocks (NTP): delays and deadlines depend on them');
}

/** Whether a crisis would reach a person, as far as the settings say. */
export function judgePeople(channels: Readonly<Record<string, { readonly enabled: boolean }>>): Finding {
  const name = 'ways to people';
  const outbound = Object.entries(channels).flatMap(([channel, { enabled }]) =>
    enabled && channel !== 'dashboard' ? [channel] : [],
  );
  if (outbound.length > 0)
    return ok(name, `${outbound.join(', ')}; try them: ao safety channels test <channel>`);
  return warn(
    name,
    'none is set up: a crisis of a player reaches the console only',
    'set one of safety.channels up (docs/escalation.md)',
  );
}

/** @param isOwn  whether the configuration names this Redis; without one, `ao dev` can bring its own */
export function judgeRedisAbsence(reason: string, isOwn: boolean, server: string | null): Finding {
  if (isOwn) return fail('redis', reason, 'start Redis, or correct redis.url (AO_REDIS__URL)');
  if (server === null) {
    return fail(
      'redis',
      `${reason}; no redis-server on this machine either`,
      'install redis-server (or valkey-server), run it in a container, or set AO_REDIS__URL to one that runs',
    );
  }
  return warn('redis', reason, `none is configured; "ao dev" and "ao demo" start their own with ${server}`);
}

/** @param isOurs  whether a process of the product answers there */
export function judgePort(key: string, port: number, isFree: boolean, isOurs = false): Finding {
  const name = `port ${port}`;
  if (isFree) return ok(name, port === 0 ? `${key}: any free port` : `free for ${key}`);
  if (isOurs) return ok(name, `${key}: a process of a fleet answers there`);
  return warn(
    name,
    `${key}: something listens there already`,
    `if that is not this fleet, choose another ${key}`,
  );
}

/** @param isNeeded  whether a Redis of our own would keep its data there */
export function judgeStateDir(path: string, isWritable: boolean, isNeeded: boolean): Finding {
  if (isWritable) return ok('state folder', `${path} is writable`);
  if (!isNeeded) return ok('state folder', `${path} is not writable, and not needed: Redis is elsewhere`);
  return fail(
    'state folder',
    `${path} is not writable`,
    'start ao in a folder you may write to: "ao dev" keeps its data there',
  );
}

export function judgeHost(host: HostDescription): Finding[] {
  const memory = `${bytesText(host.memory_available_bytes)} of ${bytesText(host.memory_total_bytes)} available`;
  const disk = `${bytesText(host.disk_free_bytes)} of ${bytesText(host.disk_total_bytes)} free`;
  return [
    ok('processors', String(host.cpu_threads ?? 'unknown')),
    isBelow(host.memory_available_bytes, LOW_MEMORY_BYTES)
      ? warn('memory', memory, 'a fleet wants at least 256 MiB; end something or give the machine more')
      : ok('memory', host.is_memory_limited ? `${memory} to this container` : memory),
    isBelow(host.disk_free_bytes, LOW_DISK_BYTES)
      ? warn('disk', disk, 'make room: the append-only file of Redis grows before it is rewritten')
      : ok('disk', disk),
  ];
}

/** Unknown is not too little. */
function isBelow(bytes: number | null, limit: number): boolean {
  return bytes !== null && bytes < limit;
}

export function ok(name: string, detail: string): Finding {
  return { name, status: 'ok', detail };
}

export function warn(name: string, detail: string, fix: string): Finding {
  return { name, status: 'warn', detail, fix };
}

export function fail(name: string, detail: string, fix: string): Finding {
  return { name, status: 'fail', detail, fix };
}

/** `7.2.4` or `v24.12.0` against major and minor. */
function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, foundMajor, foundMinor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (foundMajor === undefined || foundMinor === undefined) return false;
  return Number(foundMajor) > major || (Number(foundMajor) === major && Number(foundMinor) >= minor);
}
