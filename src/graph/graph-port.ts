import type { GraphRows } from './graph-rows.ts';

/** What the graph knows of a world as a whole. */
export interface GraphWorld {
  readonly version: number;
  /** Tells a world from a later one of the same id. */
  readonly createdAt: string;
  /** Epoch ms of the newest entry of the outbox that was applied. */
  readonly appliedAt: number;
  /** The events in the graph are numbered `firstEvent` to `nextEvent - 1`. */
  readonly firstEvent: number;
  readonly nextEvent: number;
}

/** Who writes: only the newest holder of the lease may. */
export interface GraphWriter {
  readonly name: string;
  /** Grows with every taking of the lease. */
  readonly epoch: number;
}

export interface GraphTransaction {
  /** What is stored of these worlds; those it does not know are missing. */
  worlds(ids: readonly string[]): Promise<Map<string, GraphWorld>>;
  /** KNOWS follows from the `met` and `disposition` of the characters among the rows. */
  change(rows: GraphRows): Promise<void>;
}

/**
 * A graph database, as the outbox needs it.
 *
 * Errors of all calls: graph_unavailable (unavailable), graph_refused (internal, never retried) when the database
 * will never take this change, graph_superseded (conflict) when a later writer has written.
 */
export interface Graph {
  /** Reach the database and make what must be unique unique; may be called any number of times. */
  prepare(signal: AbortSignal): Promise<void>;
  /** All of it or nothing, after every earlier writer and before every later one. */
  write<T>(
    writer: GraphWriter,
    work: (transaction: GraphTransaction) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  close(): Promise<void>;
}
