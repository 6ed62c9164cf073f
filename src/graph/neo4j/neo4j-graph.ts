import neo4j, { type Driver, type Transaction } from 'neo4j-driver';
import { untilAborted } from '../../kernel/abort.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { Graph, GraphTransaction, GraphWorld, GraphWriter } from '../graph-port.ts';
import { graphUnavailable, toGraphError } from './errors.ts';
import { greet } from './greet.ts';
import { toParameters } from './parameters.ts';
import { READ_WORLDS, SCHEMA, statementsOf, TAKE_TURN } from './statements.ts';

export interface Neo4jOptions {
  /** bolt:// or neo4j://, each also with +s or +ssc. */
  readonly url: string;
  readonly user: string;
  /** Null for a server that asks for none. */
  readonly password: string | null;
  /** Null is the server's default. */
  readonly database: string | null;
  /** How long connecting, and one transaction as a whole, may take. */
  readonly timeoutMs: number;
}

/**
 * Neo4j over bolt. It connects with the first call. A call that fails or takes too long drops its connections, so
 * that a server which hangs holds nothing up; the next call connects anew.
 */
export class Neo4jGraph implements Graph {
  readonly #options: Neo4jOptions;
  #driver: Driver | null = null;

  constructor(options: Neo4jOptions) {
    this.#options = options;
  }

  prepare(signal: AbortSignal): Promise<void> {
    return this.#within(signal, async (driver) => {
      const session = this.#session(driver);
      try {
        for (const statement of SCHEMA) await session.run(statement);
      } finally {
        await session.close();
      }
    });
  }

  write<T>(
    writer: GraphWriter,
    work: (transaction: GraphTransaction) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return this.#within(signal, async (driver) => {
      const session = this.#session(driver);
      try {
        // The server ends what this side has given up.
        const transaction = await session.beginTransaction({ timeout: this.#options.timeoutMs });
        await takeTurn(transaction, writer);
        const result = await work(transactionOn(transaction));
        await transaction.commit();
        return result;
      } finally {
        await session.close(); // rolls back what was not committed
      }
    });
  }

  async close(): Promise<void> {
    const driver = this.#driver;
    this.#driver = null;
    await driver?.close();
  }

  #session(driver: Driver) {
    const { database } = this.#options;
    return driver.session({
      defaultAccessMode: neo4j.session.WRITE,
      ...(database === null ? {} : { database }),
    });
  }

  async #within<T>(signal: AbortSignal, work: (driver: Driver) => Promise<T>): Promise<T> {
    const { url, timeoutMs } = this.#options;
    const limit = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, limit]);
    try {
      if (this.#driver === null) await greet(url, either);
      const driver = (this.#driver ??= this.#connect());
      return await untilAborted(work(driver), either);
    } catch (error) {
      const failure =
        limit.aborted && error === limit.reason ? graphUnavailable('timeout') : toGraphError(error);
      if (failure.code === 'graph_unavailable') this.#drop();
      throw failure;
    }
  }

  #connect(): Driver {
    const { url, user, password, timeoutMs } = this.#options;
    return neo4j.driver(url, password === null ? undefined : neo4j.auth.basic(user, password), {
      connectionTimeout: timeoutMs,
      connectionAcquisitionTimeout: timeoutMs,
      maxTransactionRetryTime: 0, // the outbox repeats, with its own pauses
      maxConnectionPoolSize: 4,
      disableLosslessIntegers: true,
      userAgent: 'tta-agent-fleet',
    });
  }

  /** Nobody waits for it: closing may hang as well. */
  #drop(): void {
    this.#driver?.close().catch(() => undefined);
    this.#driver = null;
  }
}

async function takeTurn(transaction: Transaction, { name, epoch }: GraphWriter): Promise<void> {
  const { records } = await transaction.run(TAKE_TURN, { name, epoch: neo4j.int(epoch) });
  const newest = Number(records[0]?.get('epoch'));
  if (newest === epoch) return;
  throw new FleetError({
    code: 'graph_superseded',
    kind: 'conflict',
    message: `writer ${epoch} of the graph was followed by writer ${newest}`,
  });
}

function transactionOn(transaction: Transaction): GraphTransaction {
  return {
    async worlds(ids) {
      const { records } = await transaction.run<Record<string, unknown>>(READ_WORLDS, { ids });
      return new Map(
        records.map((record) => {
          const { id, ...world } = record.toObject();
          return [String(id), world as unknown as GraphWorld]; // the columns of READ_WORLDS
        }),
      );
    },
    async change(rows) {
      // Sent without waiting in between; one connection runs them in this order.
      const results = statementsOf(rows).map(({ text, parameters }) =>
        transaction.run(text, toParameters(parameters) as Record<string, unknown>),
      );
      await Promise.all(results);
    },
  };
}
