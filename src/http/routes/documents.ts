import { z } from 'zod';
import { FleetError } from '../../kernel/errors.ts';
import { docsPage, problemPage } from '../docs-page.ts';
import { PROBLEM_TYPES } from '../problem-types.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery } from '../schemas.ts';
import type { Json } from '../openapi-schemas.ts';

const SlugParams = z.strictObject({ slug: z.string().min(1).max(100) });
const ProblemTypeView = z
  .strictObject({ slug: z.string(), status: z.int(), title: z.string(), explanation: z.string() })
  .meta({ id: 'ProblemType' });

/** What describes the API itself. The document is made of all routes, these included, so it is handed in late. */
export function documentRoutes(document: () => Json): Route[] {
  return [
    defineRoute({
      operationId: 'getOpenApi',
      method: 'get',
      paths: ['/openapi.json'],
      tag: 'documents',
      summary: 'This API as an OpenAPI 3.1 document',
      access: 'public',
      query: NoQuery,
      responses: { 200: { description: 'The document', schema: z.record(z.string(), z.unknown()) } },
      handle: () => ({ status: 200, body: document() }),
    }),
    defineRoute({
      operationId: 'getDocs',
      method: 'get',
      paths: ['/docs'],
      tag: 'documents',
      summary: 'The operations as a page to read',
      access: 'public',
      query: NoQuery,
      produces: ['text/html'],
      responses: { 200: { description: 'The page', schema: z.string(), contentType: 'text/html' } },
      handle: () => ({ status: 200, text: docsPage(document()), contentType: 'text/html; charset=utf-8' }),
    }),
    defineRoute({
      operationId: 'getProblemType',
      method: 'get',
      paths: ['/problems/{slug}'],
      tag: 'documents',
      summary: 'What a problem type means',
      access: 'public',
      params: SlugParams,
      query: NoQuery,
      produces: ['application/json', 'text/html'],
      responses: { 200: { description: 'The problem type, as JSON or as a page', schema: ProblemTypeView } },
      handle: ({ params, req }) => {
        const type = PROBLEM_TYPES.get(params.slug);
        if (type === undefined) {
          const message = `no problem type "${params.slug}"`;
          throw new FleetError({ code: 'not_found', kind: 'not_found', message });
        }
        return req.accepts(['application/json', 'text/html']) === 'text/html'
          ? { status: 200, text: problemPage(type), contentType: 'text/html; charset=utf-8' }
          : { status: 200, body: type };
      },
    }),
  ];
}
