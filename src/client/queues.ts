import type { QueueView } from '../contracts/operator.ts';
import type { CallOptions } from './client.ts';
import type { Transport } from './transport.ts';

/** The queues of the fleet. */
export interface QueuesClient {
  listQueues(options?: CallOptions): Promise<QueueView[]>;
  getQueue(name: string, options?: CallOptions): Promise<QueueView>;
  /** Forgets a type of agents that a module brought and nobody serves any more, with its empty queue. */
  deleteQueue(name: string, options?: CallOptions): Promise<void>;
}

interface Calls {
  readonly get: <T>(path: string, options?: CallOptions) => Promise<T>;
  readonly transport: Transport;
}

export function queueCalls({ get, transport }: Calls): QueuesClient {
  return {
    listQueues: (o) => get('/v1/queues', o),
    getQueue: (name, o) => get(`/v1/queues/${encodeURIComponent(name)}`, o),
    async deleteQueue(name, o) {
      await transport({
        method: 'DELETE',
        path: `/v1/queues/${encodeURIComponent(name)}`,
        signal: o?.signal,
      });
    },
  };
}
