import { z } from 'zod';
import { Problem } from '../contracts/problem.ts';
import { SchemaComponents, type Json } from './openapi-schemas.ts';
import { TAGS, type ResponseSpec, type Route } from './route.ts';

const PROBLEM_RESPONSE = { $ref: '#/components/responses/Problem' };
const SECURITY = [{ bearer: [] }, { apiKey: [] }];

/**
 * The OpenAPI 3.1 document of the route table: nothing in it is written twice. Answers are added before
 * requests, so that shared schemas carry the form in which they are answered.
 */
export function buildOpenApi(routes: readonly Route[], version: string): Json {
  const components = new SchemaComponents();
  const problem = components.add(Problem, 'output');
  const answers = new Map(routes.map((route) => [route, responsesOf(route, components)]));
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    for (const [index, path] of route.paths.entries()) {
      const operation = operationOf(route, answers.get(route)!, components);
      const alias = { operationId: `${route.operationId}Alias${index}`, summary: `${route.summary} (alias)` };
      paths[path] ??= {};
      paths[path][route.method] = index === 0 ? operation : { ...operation, ...alias };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Agent fleet',
      version,
      description:
        'Durable workflows of agents over job queues. Refusals are RFC 9457 problem documents with a `code`. Keys are API keys; JSON Web Tokens are not offered.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: components.toJson(),
      responses: {
        Problem: {
          description: 'Refused or failed',
          content: { 'application/problem+json': { schema: problem } },
        },
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key: `ao_<id>_<secret>`' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same key as a header' },
      },
    },
  };
}

function operationOf(route: Route, responses: Json, components: SchemaComponents): Json {
  const roles = typeof route.access === 'string' ? [] : route.access;
  const needs = roles.length > 0 ? `Needs the role ${roles.join(' or ')}.` : undefined;
  const description = [route.description, needs].filter((text) => text !== undefined).join('\n\n');
  const parameters = [
    ...parametersOf(route.params, 'path', components),
    ...parametersOf(route.query, 'query', components),
    ...headerParameters(route),
  ];
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(description !== '' && { description }),
    tags: [route.tag],
    security: route.access === 'public' ? [] : route.access === 'optional' ? [{}, ...SECURITY] : SECURITY,
    ...(roles.length > 0 && { 'x-roles': roles }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: !(route.documentedBody ?? route.body).safeParse({}).success,
        content: {
          'application/json': { schema: components.add(route.documentedBody ?? route.body, 'input') },
        },
      },
    }),
    responses,
  };
}

function responsesOf(route: Route, components: SchemaComponents): Json {
  const own = Object.entries(route.responses).map(([status, spec]) => [status, responseOf(spec, components)]);
  return { ...Object.fromEntries(own), '4XX': PROBLEM_RESPONSE, '5XX': PROBLEM_RESPONSE };
}

function responseOf(spec: ResponseSpec, components: SchemaComponents): Json {
  const headers = Object.entries(spec.headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return {
    description: spec.description,
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) as Json }),
    ...(spec.schema && {
      content: {
        [spec.contentType ?? 'application/json']: { schema: components.add(spec.schema, 'output') },
      },
    }),
  };
}

function parametersOf(
  schema: z.ZodType | undefined,
  place: 'path' | 'query',
  components: SchemaComponents,
): Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Record<string, z.ZodType>;
  return Object.entries(shape).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !field.safeParse(undefined).success,
    schema: components.add(field, 'input'),
  }));
}

function headerParameters(route: Route): Json[] {
  const header = (name: string, description: string): Json => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  });
  return [
    ...(route.action === undefined
      ? []
      : [header('Idempotency-Key', 'Repeats with this key answer the same')]),
    ...(route.isStream ? [header('Last-Event-ID', 'Continue a stream after this event')] : []),
  ];
}
