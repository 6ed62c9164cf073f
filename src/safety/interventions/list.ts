import type { Intervention, InterventionState } from '../../contracts/intervention.ts';
import { CRISIS_LEVELS, type CrisisLevel } from '../../contracts/safety.ts';
import { toBackendError } from '../../redis/script.ts';
import type { InterventionStoreOptions } from './options.ts';
import { tryParse } from './record.ts';
import { isClosed } from './states.ts';

export interface InterventionFilter {
  readonly state?: InterventionState;
  readonly level?: CrisisLevel;
  /** Only those that nobody has closed. */
  readonly isOpen?: boolean;
  readonly limit: number;
  /** The last one seen. */
  readonly after?: { readonly at: number; readonly id: string };
}

export interface InterventionPage {
  readonly items: Intervention[];
  readonly next: { readonly at: number; readonly id: string } | null;
  /** Records of this page that stand there and cannot be read. */
  readonly unreadable: string[];
}

const BATCH = 200;

interface Place {
  readonly id: string;
  readonly at: number;
}

/** Newest first, open and closed ones. Errors: backend_unavailable. */
export async function listInterventions(
  options: InterventionStoreOptions,
  filter: InterventionFilter,
): Promise<InterventionPage> {
  const { keys } = options.store;
  const indexes =
    filter.isOpen === true
      ? [keys.safetyInterventions()]
      : filter.state === undefined
        ? [keys.safetyInterventions(), keys.safetyClosedInterventions()]
        : [isClosed(filter.state) ? keys.safetyClosedInterventions() : keys.safetyInterventions()];
  const items: Intervention[] = [];
  const unreadable: string[] = [];
  let after = filter.after;
  try {
    for (;;) {
      const places = await nextPlaces(options, indexes, after);
      const records = await readAll(options, places);
      for (const [i, place] of places.entries()) {
        const record = records[i]!;
        after = place;
        if (record === 'unreadable') unreadable.push(place.id);
        if (record === 'gone' || record === 'unreadable') continue;
        if (filter.state !== undefined && record.state !== filter.state) continue;
        if (filter.level !== undefined && record.assessment.crisis_level !== filter.level) continue;
        items.push(record);
        if (items.length === filter.limit) return { items, next: place, unreadable };
      }
      if (places.length < BATCH) return { items, next: null, unreadable };
    }
  } catch (error) {
    throw toBackendError(error, 'listing interventions');
  }
}

/** How many are open, by level. Errors: backend_unavailable. */
export async function countActive({
  store: { redis, keys },
}: Pick<InterventionStoreOptions, 'store'>): Promise<Record<CrisisLevel, number>> {
  const counts = Object.fromEntries(CRISIS_LEVELS.map((level) => [level, 0])) as Record<CrisisLevel, number>;
  try {
    const ids = await redis.zrange(keys.safetyInterventions(), '0', '-1');
    for (let i = 0; i < ids.length; i += BATCH) {
      const pipeline = redis.pipeline();
      for (const id of ids.slice(i, i + BATCH)) pipeline.hget(keys.safetyIntervention(id), 'level');
      for (const [, level] of (await pipeline.exec()) ?? []) {
        if (CRISIS_LEVELS.includes(level as CrisisLevel)) counts[level as CrisisLevel] += 1;
      }
    }
    return counts;
  } catch (error) {
    throw toBackendError(error, 'counting interventions');
  }
}

/** The next {@link BATCH} places of all indexes together, newest first; of one moment by id. */
async function nextPlaces(
  { store: { redis } }: InterventionStoreOptions,
  indexes: readonly string[],
  after: Place | undefined,
): Promise<Place[]> {
  const from = after === undefined ? '+inf' : String(after.at);
  const pages = await Promise.all(
    indexes.map(async (index) => {
      // Those of the moment itself are read again, however many they are.
      const same = after === undefined ? 0 : await redis.zcount(index, after.at, after.at);
      return redis.zrevrangebyscore(index, from, '-inf', 'WITHSCORES', 'LIMIT', 0, BATCH + same);
    }),
  );
  const places = new Map<string, Place>();
  for (const flat of pages) {
    for (let i = 0; i < flat.length; i += 2) {
      const place = { id: flat[i]!, at: Number(flat[i + 1]) };
      if (after === undefined || isAfter(place, after)) places.set(place.id, place);
    }
  }
  return [...places.values()].toSorted((a, b) => (isAfter(b, a) ? -1 : 1)).slice(0, BATCH);
}

function isAfter(a: Place, b: Place): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id);
}

async function readAll(
  { store: { redis, keys }, log }: InterventionStoreOptions,
  places: readonly Place[],
): Promise<(Intervention | 'gone' | 'unreadable')[]> {
  if (places.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const { id } of places) pipeline.hmget(keys.safetyIntervention(id), 'version', 'data');
  const replies = (await pipeline.exec()) ?? [];
  return places.map(({ id }, i) => {
    const [error, values] = replies[i] ?? [];
    const [version, data] = error == null ? (values as (string | null)[]) : ['', ''];
    if (version === null && data === null) return 'gone';
    return (
      tryParse(id, data, (reason) =>
        log.error({ err: reason, interventionId: id }, 'an intervention cannot be read'),
      ) ?? 'unreadable'
    );
  });
}
