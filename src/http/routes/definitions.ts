import { z } from 'zod';
import { DefinitionSummary, DefinitionView } from '../../contracts/definition.ts';
import { CompactDefinition, FullDefinition } from '../../primitives/define/shapes.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoQuery, queryNumber, WorkflowParams } from '../schemas.ts';

const VersionQuery = z.strictObject({
  version: queryNumber(1, 1_000_000_000).optional(),
});

/** Definitions of workflows: read, register, delete. */
export function definitionRoutes({ operations }: HttpDeps): Route[] {
  return [
    defineRoute({
      operationId: 'listDefinitions',
      method: 'get',
      paths: ['/v1/workflows/definitions'],
      tag: 'definitions',
      summary: 'List the workflows with their versions',
      access: ['read'],
      query: NoQuery,
      responses: { 200: { description: 'By name', schema: z.array(DefinitionSummary) } },
      handle: async () => ({ status: 200, body: await operations.listDefinitions() }),
    }),
    defineRoute({
      operationId: 'putDefinition',
      method: 'post',
      paths: ['/v1/workflows/definitions'],
      tag: 'definitions',
      summary: 'Register a definition',
      description:
        'In the compact or the full form. Without `version` it becomes the next one. The same content again is answered 200 and changes nothing; other content of a version that exists is refused with VERSION_EXISTS. INVALID_WORKFLOW lists every problem in `errors`.',
      access: ['admin'],
      rateClass: 'admin',
      action: 'definition.put',
      needsAudit: true,
      query: NoQuery,
      body: z.unknown(),
      documentedBody: z.union([CompactDefinition, FullDefinition]),
      responses: {
        201: {
          description: 'Registered',
          schema: DefinitionView,
          headers: { Location: 'Path of the definition' },
        },
        200: { description: 'It stood there with the same content', schema: DefinitionView },
      },
      handle: async ({ body, caller }) => {
        const { definition, created } = await operations.putDefinition(body, caller);
        const { name, version } = definition;
        const location = `/v1/workflows/definitions/${name}?version=${version}`;
        return created
          ? { status: 201, body: definition, headers: { Location: location } }
          : { status: 200, body: definition };
      },
    }),
    defineRoute({
      operationId: 'getDefinition',
      method: 'get',
      paths: ['/v1/workflows/definitions/{name}'],
      tag: 'definitions',
      summary: 'Read a definition with its step graph',
      description: 'The newest version, or that of `?version=`.',
      access: ['read'],
      params: WorkflowParams,
      query: VersionQuery,
      responses: { 200: { description: 'The definition', schema: DefinitionView } },
      handle: async ({ params, query }) => ({
        status: 200,
        body: await operations.getDefinition(params.name, query.version),
      }),
    }),
    defineRoute({
      operationId: 'deleteDefinition',
      method: 'delete',
      paths: ['/v1/workflows/definitions/{name}'],
      tag: 'definitions',
      summary: 'Delete a registered definition',
      description:
        'One version with `?version=`, else all. While one of them has open runs nothing is deleted: DEFINITION_IN_USE. A deleted version is never given to other content.',
      access: ['admin'],
      rateClass: 'admin',
      action: 'definition.delete',
      needsAudit: true,
      params: WorkflowParams,
      query: VersionQuery,
      responses: { 204: { description: 'Deleted' } },
      handle: async ({ params, query, caller }) => {
        await operations.deleteDefinition(params.name, query.version, caller);
        return { status: 204 };
      },
    }),
  ];
}
