import { describe, expect, test } from 'vitest';
import { createHttpApp, toExpressPath } from '../../../src/http/app.ts';
import { startHttp } from './support/start-http.ts';

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
  readonly parameters?: { name: string; in: string; required: boolean }[];
  readonly security: unknown[];
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, unknown> };
}

async function load() {
  const http = await startHttp();
  const { body } = await http.call('GET', '/openapi.json');
  return {
    http,
    document: body as unknown as Document,
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

/** `method path` of everything in an express router, except what refuses other methods. */
function routerOperations(app: ReturnType<typeof createHttpApp>): string[] {
  return app.router.stack.flatMap((layer) => {
    const route = layer.route as { path: string; methods: Record<string, boolean> } | undefined;
    if (route === undefined || route.methods['_all']) return [];
    return Object.keys(route.methods).map((method) => `${method} ${route.path}`);
  });
}

describe('the OpenAPI document', () => {
  test('has every route of the router, and the router every operation of the document', async () => {
    await using loaded = await load();
    const documented = Object.entries(loaded.document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${toExpressPath(path)}`),
    );
    const routed = routerOperations(createHttpApp(loaded.http.deps));
    expect(documented.sort()).toEqual(routed.sort());
    expect(documented).toContain('post /v1/runs/:run_id/cancel');
    expect(documented.length).toBeGreaterThan(25);
  });

  test('is version 3.1 with unique operation ids, declared path parameters and no dangling reference', async () => {
    await using loaded = await load();
    const { document } = loaded;
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, of]) =>
      Object.values(of).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((p) => p.in === 'path');
      expect(
        declared.map(({ name }) => name),
        path,
      ).toEqual(inPath);
      expect(declared.every(({ required }) => required)).toBe(true);
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
    const components = document.components as unknown as Record<string, Record<string, unknown>>;
    for (const [, kind, name] of references) expect(components[kind!]).toHaveProperty([name!]);
    expect(JSON.stringify(document)).not.toContain('#/$defs');
    const used = new Set(references.map(([, , name]) => name));
    expect(Object.keys(document.components.schemas).filter((name) => !used.has(name))).toEqual([]);
  });

  test('shows requests without defaults filled in, and who may call', async () => {
    await using loaded = await load();
    const schemas = loaded.document.components.schemas as Record<string, { required?: string[] }>;
    expect(schemas['SubmitTurn']?.required).toEqual(['text']);
    expect(schemas['Session']?.required).toContain('metadata');
    expect(loaded.document.paths['/livez']?.['get']?.security).toEqual([]);
    expect(loaded.document.paths['/v1/dlq/{dlq_id}/discard']?.['post']).toMatchObject({
      'x-roles': ['admin'],
    });
  });

  test('is readable as a page that loads nothing from elsewhere', async () => {
    await using loaded = await load();
    const page = await loaded.http.call('GET', '/docs', { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text).toContain('/v1/sessions/{session_id}/turns');
    expect(page.text).not.toMatch(/https?:\/\/|<script/);
  });
});
