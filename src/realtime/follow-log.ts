import type { FleetEvent, FleetEventFilter, FleetEventGap } from '../contracts/fleet-event.ts';
import type { EventLog } from './event-log.ts';

const PAGE = 500;
const BEGINNING = '0-0';

export interface FollowLog {
  /** Absent: only what comes from now on. */
  readonly after?: string;
  readonly signal: AbortSignal;
  /** Resolves when there may be something new. */
  readonly news: () => Promise<void>;
}

/**
 * Wanted events after `after`, then live ones, each once and in order, until it is aborted. A reader that comes too
 * late for some is told so first, and goes on with the oldest that is kept.
 */
export async function* followLog(
  log: EventLog,
  filter: FleetEventFilter,
  { after, signal, news }: FollowLog,
): AsyncGenerator<FleetEvent | FleetEventGap> {
  const ends = await log.ends();
  const gap = after === undefined ? null : gapAfter(after, ends);
  if (gap !== null) yield gap;
  let place = startOf(after, gap, ends);
  while (!signal.aborted) {
    const page = await log.after(place, filter, PAGE);
    for (const event of page.items) yield event;
    ({ place } = page);
    if (page.isEnd) await news();
  }
}

/** What a reader that has seen `after` has missed for good, as far as the log can tell. */
export function gapAfter(
  after: string,
  ends: { readonly oldest: string; readonly newest: string } | null,
): FleetEventGap | null {
  const gap = { event_type: 'gap', from_id: after, oldest_available_id: ends?.oldest ?? null } as const;
  if (compareIds(after, BEGINNING) === 0) return null;
  if (ends === null || compareIds(after, ends.newest) > 0) return { ...gap, reason: 'log_reset' };
  return compareIds(after, ends.oldest) < 0 ? { ...gap, reason: 'retention' } : null;
}

/** Ids of a stream in their order: milliseconds, then a count. */
export function compareIds(one: string, other: string): number {
  const [a, b] = [one, other].map((id) => id.split('-').map(BigInt));
  const ms = (a?.[0] ?? 0n) - (b?.[0] ?? 0n);
  const order = ms === 0n ? (a?.[1] ?? 0n) - (b?.[1] ?? 0n) : ms;
  return order === 0n ? 0 : order < 0n ? -1 : 1;
}

function startOf(
  after: string | undefined,
  gap: FleetEventGap | null,
  ends: { newest: string } | null,
): string {
  if (after === undefined || gap?.reason === 'log_reset') return ends?.newest ?? BEGINNING;
  return after;
}
