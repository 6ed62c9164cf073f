import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HttpLifetime } from '../../../src/http/lifetime.ts';
import { createRouteTable } from '../../../src/http/route-table.ts';
import type { z } from 'zod';
import { startHttp } from './support/start-http.ts';

/** Documents that have the fields of a schema, most of them with values of the wrong kind, and some others. */
function badBody(schema: z.ZodType): fc.Arbitrary<unknown> {
  const shape = 'shape' in schema ? Object.keys(schema.shape as object) : [];
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom('', null, -1, 1e308, [], {}, '\u0000', '__proto__'),
  );
  const withFields = fc.record(Object.fromEntries(shape.map((name) => [name, odd])), { requiredKeys: [] });
  const withOthers = fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'a/b~c')),
    odd,
  );
  return fc.oneof(
    { weight: 5, arbitrary: withFields },
    { weight: 2, arbitrary: fc.tuple(withFields, withOthers).map(([a, b]) => ({ ...a, ...b })) },
    { weight: 1, arbitrary: odd },
  );
}

test('bad bodies, queries and paths are answered with 4xx, never 5xx', async () => {
  await using http = await startHttp();
  const routes = createRouteTable(http.deps, new HttpLifetime());
  for (const route of routes.filter(({ body }) => body !== undefined)) {
    await fc.assert(
      fc.asyncProperty(badBody(route.body!), fc.webSegment(), async (json, segment) => {
        const path = route.paths[0].replace(/\{\w+\}/g, encodeURIComponent(segment || 'x'));
        const { status, text } = await http.call(route.method.toUpperCase(), path, { json });
        expect(status, text).toBeLessThan(500);
      }),
      { numRuns: 60 },
    );
  }
  for (const route of routes.filter(({ method }) => method === 'get')) {
    const names = fc.constantFrom(
      'limit',
      'cursor',
      'after',
      'since',
      'queue',
      'verbose',
      'x',
      'last_event_id',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(names, fc.string({ maxLength: 30 })), { maxLength: 4 }),
        async (pairs) => {
          const path = route.paths[0].replace(/\{\w+\}/g, 'x');
          const { status, text } = await http.call('GET', `${path}?${new URLSearchParams(pairs).toString()}`);
          expect(status, text).toBeLessThan(500);
        },
      ),
      { numRuns: 30 },
    );
  }
}, 60_000);
