import { FleetEvent, type FleetEventDraft, type FleetEventFilter } from '../contracts/fleet-event.ts';
import { runScript, toBackendError } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';
import { isWanted } from './event-filter.ts';
import { appendEvents } from './scripts/append-events.ts';

export interface EventLogSettings {
  /** Entries that are kept, about. */
  readonly maxLen: number;
  /** How long they are kept, about. */
  readonly retentionMs: number;
}

/** Of which source the events are, and how it is known whether they stand in the log already. */
export type Place =
  | { readonly source: string; readonly mode: 'from'; readonly from: string; readonly mark: string }
  | { readonly source: string; readonly mode: 'newer' | 'known'; readonly mark: string };

/** Entries that one command reads. */
const PAGE = 500;
/** A page of a rare kind of event is looked for among so many entries. */
const MOST_SCANNED = 20 * PAGE;

/**
 * The log of what happened to the fleet: one stream, in which every event stands once, whichever process heard of it.
 * Errors of all: backend_unavailable (unavailable)
 */
export class EventLog {
  readonly #store: RedisStore;
  readonly #settings: EventLogSettings;

  constructor(store: RedisStore, settings: EventLogSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** How far the events of a source stand in the log; empty when none do. */
  async markOf(source: string): Promise<string> {
    const { redis, keys } = this.#store;
    const mark = await asked('how far the log is', redis.hget(keys.bridgeCursor(), source));
    return mark ?? '';
  }

  /** @returns false when somebody else has added them, or others of the same place */
  async append(place: Place, events: readonly FleetEventDraft[]): Promise<boolean> {
    const { redis, keys } = this.#store;
    const written = await runScript(
      redis,
      appendEvents,
      [keys.fleetEvents(), keys.bridgeCursor()],
      [
        place.source,
        place.mark,
        place.mode,
        place.mode === 'from' ? place.from : '',
        this.#settings.maxLen,
        this.#settings.retentionMs,
        ...events.map((event) => JSON.stringify(event)),
      ],
    );
    return written === 1;
  }

  /** The ids of the oldest and the newest entry; null for an empty log. */
  async ends(): Promise<{ oldest: string; newest: string } | null> {
    const { redis, keys } = this.#store;
    const key = keys.fleetEvents();
    const answers = await asked(
      'the ends of the log',
      redis.pipeline().xrange(key, '-', '+', 'COUNT', 1).xrevrange(key, '+', '-', 'COUNT', 1).exec(),
    );
    const [oldest, newest] = (answers ?? []).map(([error, entries]) => {
      if (error !== null) throw toBackendError(error, 'the ends of the log');
      return (entries as [string, string[]][])[0]?.[0]; // the form of both answers
    });
    return oldest === undefined || newest === undefined ? null : { oldest, newest };
  }

  /** Wanted events after `after`, the oldest first, and the entry up to which the log was looked at. */
  async after(
    after: string,
    filter: FleetEventFilter,
    limit: number,
  ): Promise<{ items: FleetEvent[]; place: string; isEnd: boolean }> {
    const { redis, keys } = this.#store;
    const items: FleetEvent[] = [];
    let place = after;
    for (let seen = 0; seen < MOST_SCANNED; seen += PAGE) {
      const entries = await asked(
        'events of the fleet',
        redis.xrange(keys.fleetEvents(), `(${place}`, '+', 'COUNT', PAGE),
      );
      for (const entry of entries) {
        if (items.length === limit) return { items, place, isEnd: false };
        place = entry[0];
        items.push(...wantedOf(entry, filter));
      }
      if (entries.length < PAGE) return { items, place, isEnd: true };
    }
    return { items, place, isEnd: false };
  }

  /** The newest wanted events, the oldest of them first. */
  async newest(filter: FleetEventFilter, limit: number): Promise<FleetEvent[]> {
    const { redis, keys } = this.#store;
    const items: FleetEvent[] = [];
    let end = '+';
    for (let seen = 0; seen < MOST_SCANNED && items.length < limit; seen += PAGE) {
      const entries = await asked(
        'events of the fleet',
        redis.xrevrange(keys.fleetEvents(), end, '-', 'COUNT', PAGE),
      );
      for (const entry of entries) items.push(...wantedOf(entry, filter));
      const last = entries.at(-1);
      if (last === undefined || entries.length < PAGE) break;
      end = `(${last[0]}`;
    }
    return items.slice(0, limit).toReversed();
  }
}

/** One that another version wrote, and this one cannot read, is passed over. */
function wantedOf([id, flat]: [string, string[]], filter: FleetEventFilter): FleetEvent[] {
  const parsed = FleetEvent.safeParse(readEntry(id, flat[1]));
  return parsed.success && isWanted(parsed.data, filter) ? [parsed.data] : [];
}

function readEntry(id: string, json: string | undefined): unknown {
  try {
    return { event_id: id, ...(JSON.parse(json ?? 'null') as object | null) };
  } catch {
    return null;
  }
}

async function asked<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw toBackendError(error, what);
  }
}
