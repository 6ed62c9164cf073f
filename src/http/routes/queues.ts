import { z } from 'zod';
import { QueueView } from '../../contracts/operator.ts';
import { FleetError } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, QueueParams } from '../schemas.ts';

export function queueRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'listQueues',
      method: 'get',
      paths: ['/v1/queues'],
      tag: 'queues',
      summary: 'List the queues with their counts',
      access: ['read'],
      query: NoQuery,
      responses: { 200: { description: 'All queues', schema: z.array(QueueView) } },
      handle: async () => ({ status: 200, body: await operations.listQueues() }),
    }),
    defineRoute({
      operationId: 'getQueue',
      method: 'get',
      paths: ['/v1/queues/{queue}'],
      tag: 'queues',
      summary: 'Read one queue',
      access: ['read'],
      params: QueueParams,
      query: NoQuery,
      responses: { 200: { description: 'The queue', schema: QueueView } },
      handle: async ({ params }) => {
        const queues = await operations.listQueues();
        const queue = queues.find(({ name }) => name === params.queue);
        if (queue === undefined)
          throw queueNotFound(
            params.queue,
            queues.map(({ name }) => name),
          );
        return { status: 200, body: queue };
      },
    }),
    defineRoute({
      operationId: 'deleteQueue',
      method: 'delete',
      paths: ['/v1/queues/{queue}'],
      tag: 'queues',
      summary: 'Forget a type of agents that a module brought, with its queue',
      description:
        'Refused with 409 while it has a worker, a job that is not done, or a dead letter. A worker that comes back with the type makes it known again.',
      access: ['admin'],
      rateClass: 'operate',
      action: 'queue.delete',
      needsAudit: true,
      params: QueueParams,
      query: NoQuery,
      responses: { 204: { description: 'Forgotten' } },
      handle: async ({ params, caller }) => {
        await operations.deleteQueue(params.queue, caller);
        return { status: 204 };
      },
    }),
  ];
}

function queueNotFound(name: string, known: string[]): FleetError {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return new FleetError({ code: 'not_found', kind: 'not_found', message: `no queue "${name}"${hint}` });
}
