import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { WorldEvent } from '../contracts/world.ts';
import type { GraphWorld } from './graph-port.ts';
import type { OutboxPatch } from './outbox-entry.ts';

/** What becomes of the numbered events of a world. */
export interface EventChange {
  /** Numbers of those that go. */
  readonly gone: readonly number[];
  /** Those that come, numbered from `from` on. */
  readonly come: readonly WorldEvent[];
  readonly from: number;
  readonly firstEvent: number;
  readonly nextEvent: number;
}

const Events = z.array(WorldEvent);

/**
 * The list was what stays and then `added`; it is `dropped` and then what stays. Of an ordinary write nothing stays in
 * this sense: both hold the whole list, and what they share is found here, so that only what is new is written.
 *
 * @returns null when this is no change of the list that the graph has
 */
export function newEvents(
  { firstEvent, nextEvent }: GraphWorld,
  { added: old, dropped }: OutboxPatch['events'],
): EventChange | null {
  const parsed = Events.safeParse(dropped);
  const staying = nextEvent - firstEvent - old.length;
  if (!parsed.success || staying < 0) return null;
  const come = parsed.data;
  if (staying > 0) {
    const end = nextEvent - old.length;
    const from = firstEvent - come.length;
    return { gone: numbers(end, nextEvent), come, from, firstEvent: from, nextEvent: end };
  }
  const shared = sharedCount(old, dropped);
  const begin = nextEvent - shared;
  return {
    gone: numbers(firstEvent, begin),
    come: come.slice(shared),
    from: nextEvent,
    firstEvent: begin,
    nextEvent: nextEvent + come.length - shared,
  };
}

/** How many at the end of the one list stand at the beginning of the other. */
function sharedCount(old: readonly unknown[], list: readonly unknown[]): number {
  for (let count = Math.min(old.length, list.length); count > 0; count--) {
    if (isDeepStrictEqual(old.slice(old.length - count), list.slice(0, count))) return count;
  }
  return 0;
}

/** From `begin`, without `end`. */
function numbers(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, index) => begin + index);
}
