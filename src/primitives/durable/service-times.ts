import { AsyncResource } from 'node:async_hooks';
import { defineScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';

/** What was served within one minute of the fleet, by queue; `run` counts whole runs. */
export const RUNS = 'run';

/** Between two neighbouring buckets: a quantile is right within 5 %. */
const RATIO = 1.05;
const MINUTE_MS = 60_000;
const KEPT_SECONDS = 7_200;

export interface Served {
  readonly isError: boolean;
  /** Of a run: how much less than it could be its answer was. */
  readonly level?: number;
}

/**
 * KEYS  one hash per name and minute
 * ARGV  1 seconds they are kept, then for each key: worker field ('' = none), its concurrency, count of increments, then
 *       field and increment of each
 */
const ADD_SERVICE_TIMES = defineScript(
  'add-service-times',
  `
local at = 2
for _, key in ipairs(KEYS) do
  if ARGV[at] ~= '' then redis.call('HSET', key, ARGV[at], ARGV[at + 1]) end
  local last = at + 2 + 2 * tonumber(ARGV[at + 2])
  for i = at + 3, last, 2 do redis.call('HINCRBY', key, ARGV[i], ARGV[i + 1]) end
  redis.call('EXPIRE', key, ARGV[1])
  at = last + 1
end
return 1
`,
);

/** Samples of this process that are not in Redis yet, by name. */
interface Pending {
  readonly name: string;
  readonly minute: number;
  readonly counts: Map<string, number>;
}

export interface ServiceTimesOptions {
  readonly store: RedisStore;
  readonly now: () => number;
  /** Called when samples could not be written; they are lost. */
  readonly onLost: (error: unknown) => void;
}

const FLUSH_EVERY_MS = 1_000;
const LAST_FLUSH_MS = 500;

/**
 * How long things take in this fleet. Samples are gathered in this process and written once a second at most, so
 * nothing waits for them; a process that is killed loses those of its last second.
 */
export class ServiceTimes {
  readonly #options: ServiceTimesOptions;
  readonly #workers = new Map<string, { instance: string; concurrency: number }>();
  readonly #pending = new Map<string, Pending>();
  #timer: NodeJS.Timeout | undefined;
  /** What is written belongs to no job, whoever brought the first sample. */
  readonly #arm = AsyncResource.bind(() => {
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_EVERY_MS).unref();
  });

  constructor(options: ServiceTimesOptions) {
    this.#options = options;
  }

  /** This process works on a queue: what it serves shows that it lives. */
  works(queue: string, instance: string, concurrency: number): void {
    this.#workers.set(queue, { instance, concurrency });
  }

  add(name: string, ms: number, { isError, level = 0 }: Served): void {
    const minute = minuteOf(this.#options.now());
    const { counts } = this.#pendingOf(name, minute);
    const increments = [
      ['n', 1],
      ['ms', Math.round(ms)],
      [`b${bucketOf(ms)}`, 1],
      ...(isError ? [['err', 1] as const] : []),
      ...(level > 0 ? [[`l${level}`, 1] as const] : []),
    ] as const;
    for (const [field, by] of increments) counts.set(field, (counts.get(field) ?? 0) + by);
    if (this.#timer === undefined) this.#arm();
  }

  /** Write what was gathered. Never fails. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const { store, onLost } = this.#options;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    try {
      await run(
        store,
        ADD_SERVICE_TIMES,
        pending.map(({ name, minute }) => store.keys.serviceTimes(name, String(minute))),
        [KEPT_SECONDS, ...pending.flatMap((each) => this.#encode(each))],
      );
    } catch (error) {
      onLost(error);
    }
  }

  /** Write what is left, unless Redis does not answer: nobody waits long for this. */
  async stop(): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, LAST_FLUSH_MS);
    await Promise.race([this.flush(), over.promise]);
    clearTimeout(timer);
  }

  #encode({ name, counts }: Pending): (string | number)[] {
    const worker = this.#workers.get(name);
    const field = worker === undefined ? '' : `w:${worker.instance}`;
    return [field, worker?.concurrency ?? 0, counts.size, ...[...counts].flat()];
  }

  #pendingOf(name: string, minute: number): Pending {
    const id = `${name} ${minute}`;
    let pending = this.#pending.get(id);
    if (pending === undefined) {
      pending = { name, minute, counts: new Map() };
      this.#pending.set(id, pending);
    }
    return pending;
  }
}

/** What the fleet served within some minutes. */
export interface ServiceSummary {
  readonly count: number;
  readonly errors: number;
  readonly totalMs: number;
  /** Null when nothing was served. */
  readonly p50Ms: number | null;
  /** Jobs that those who served may work on at a time. */
  readonly concurrency: number;
  /** The highest level that was counted within the two newest minutes. */
  readonly level: number;
}

/** The minutes before `nowMs`, its own included. One round trip. Errors: backend_unavailable. */
export async function readServiceTimes(
  store: RedisStore,
  names: readonly string[],
  { nowMs, minutes }: { nowMs: number; minutes: number },
): Promise<ReadonlyMap<string, ServiceSummary>> {
  const newest = minuteOf(nowMs);
  const pipeline = store.redis.pipeline();
  for (const name of names) {
    for (let ago = 0; ago < minutes; ago++)
      pipeline.hgetall(store.keys.serviceTimes(name, String(newest - ago)));
  }
  const replies = await pipeline.exec().catch((error: unknown) => {
    throw toBackendError(error, 'reading service times');
  });
  const hashes = (replies ?? []).map(([error, hash]) => {
    if (error !== null) throw toBackendError(error, 'reading service times');
    return hash as Record<string, string>;
  });
  return new Map(
    names.map((name, place) => [name, summarize(hashes.slice(place * minutes, (place + 1) * minutes))]),
  );
}

/** @param minutes  the newest first */
export function summarize(minutes: readonly Readonly<Record<string, string>>[]): ServiceSummary {
  const sum = (field: string): number => minutes.reduce((total, hash) => total + Number(hash[field] ?? 0), 0);
  const buckets = new Map<number, number>();
  const workers = new Map<string, number>();
  for (const hash of minutes) {
    for (const [field, value] of Object.entries(hash)) {
      if (field.startsWith('w:')) workers.set(field, Number(value));
      const place = /^b(\d+)$/.exec(field)?.[1];
      if (place !== undefined) buckets.set(Number(place), (buckets.get(Number(place)) ?? 0) + Number(value));
    }
  }
  const level = [3, 2, 1].find((l) => minutes.slice(0, 2).some((hash) => hash[`l${l}`] !== undefined)) ?? 0;
  return {
    count: sum('n'),
    errors: sum('err'),
    totalMs: sum('ms'),
    p50Ms: medianOf(buckets),
    concurrency: [...workers.values()].reduce((total, each) => total + each, 0),
    level,
  };
}

/** Nearest rank. */
function medianOf(buckets: ReadonlyMap<number, number>): number | null {
  const all = [...buckets.values()].reduce((total, count) => total + count, 0);
  let seen = 0;
  for (const [place, count] of [...buckets].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= all / 2) return RATIO ** place;
  }
  return null;
}

function bucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.round(Math.log(ms) / Math.log(RATIO));
}

function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS);
}
