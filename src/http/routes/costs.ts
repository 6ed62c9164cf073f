import { z } from 'zod';
import { COST_GROUPS, CostReport } from '../../contracts/costs.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';

const Day = z.string().max(40);
const CostsQuery = z.strictObject({
  from: Day.optional(),
  to: Day.optional(),
  group_by: z.enum(COST_GROUPS).default('day'),
});

export function costRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'getCosts',
      method: 'get',
      paths: ['/v1/costs'],
      tag: 'costs',
      summary: 'Read what calls of models cost',
      description:
        'Totals and groups of the UTC days `from` to `to`, both included; without them the last 30 days. Costs are kept 45 days.',
      access: ['read'],
      query: CostsQuery,
      responses: { 200: { description: 'The report', schema: CostReport } },
      handle: async ({ query: { from, to, group_by: groupBy } }) => ({
        status: 200,
        body: await operations.costs({ from, to, groupBy }),
      }),
    }),
  ];
}
