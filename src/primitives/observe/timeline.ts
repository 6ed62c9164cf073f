import type { StoredEvent } from '../durable/read-run.ts';
import { isLeaf, type NodeRecord } from './node-record.ts';

/** When a leaf ran, as the run recorded it. Epoch milliseconds. */
export interface LeafTimes {
  readonly startMs: number;
  endMs?: number;
  /** Of the job that gave the outcome. */
  generation: number;
}

/** The times of the leaves of a run, by path: of a leaf that was run again after its end, the last ones. */
export function leafTimes(events: readonly StoredEvent[]): Map<string, LeafTimes> {
  const times = new Map<string, LeafTimes>();
  for (const { type, step, at, data } of events) {
    const known = times.get(step);
    if (type === 'step.started') {
      if (known === undefined || known.endMs !== undefined) times.set(step, { startMs: at, generation: 0 });
    } else if (type === 'step.completed' || type === 'step.failed') {
      const ended = known?.endMs === undefined ? (known ?? { startMs: at, generation: 0 }) : known;
      ended.endMs = at;
      ended.generation = Number(data?.['generation'] ?? 0);
      times.set(step, ended);
    }
  }
  return times;
}

/** When the run was last opened again; 0 = never. */
export function resumedAt(events: readonly StoredEvent[]): number {
  return events.findLast(({ type, data }) => type === 'run.accepted' && data?.['resumed'] === true)?.at ?? 0;
}

/**
 * Give every node its times from those of the leaves: what stands in a row begins when what is before it has ended,
 * what stands side by side begins together, and whatever holds others ends with the last of them.
 */
export function placeInTime(
  root: NodeRecord,
  times: ReadonlyMap<string, LeafTimes>,
  span: { readonly startMs: number; readonly endMs: number },
): void {
  const starts = [...times.values()].map(({ startMs }) => startMs).toSorted((a, b) => a - b);
  const place = (record: NodeRecord, cursorMs: number): number => {
    const { kind } = record.node;
    if (isLeaf(record)) {
      const known = times.get(record.path);
      record.startMs = known?.startMs ?? cursorMs;
      record.endMs = Math.max(record.startMs, known?.endMs ?? record.startMs);
      return record.endMs;
    }
    let endMs = cursorMs;
    for (const child of record.children) {
      const isBeside = kind === 'parallel' || kind === 'each';
      endMs = Math.max(endMs, place(child, isBeside ? cursorMs : endMs));
    }
    record.startMs = Math.min(cursorMs, ...record.children.map((child) => child.startMs));
    // Nobody notes when a signal was taken: it was before the next step began.
    if (kind === 'wait') endMs = starts.find((startMs) => startMs >= cursorMs) ?? span.endMs;
    record.endMs = endMs;
    return endMs;
  };
  place(root, span.startMs);
  root.endMs = span.endMs;
}
