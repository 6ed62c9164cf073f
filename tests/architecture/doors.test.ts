import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { packageOf, productFiles, referencesOf, roomOf, type SourceFile } from './source.ts';

/**
 * Which folders may speak to which library, types included: other rooms state the small interface they need.
 * A replaced library then touches one room.
 */
const DOORS: Readonly<Record<string, readonly string[] | 'everywhere'>> = {
  zod: 'everywhere',
  bullmq: [
    'queues',
    'workers',
    'src/workflows',
    'src/agents',
    'src/primitives/durable',
    'src/coordination',
    'src/runtime',
    'src/safety/escalations',
    'src/safety/protocols',
    'src/testing',
    'dashboards',
  ],
  ioredis: ['src/redis'],
  opossum: ['src/resilience'],
  '@opentelemetry/api': ['src/observability'],
  '@opentelemetry/context-async-hooks': ['src/observability'],
  '@opentelemetry/core': ['src/observability'],
  '@opentelemetry/exporter-trace-otlp-http': ['src/observability'],
  '@opentelemetry/resources': ['src/observability'],
  '@opentelemetry/sdk-trace': ['src/observability'],
  pino: ['src/observability'],
  'pino-pretty': ['src/observability'],
  'prom-client': ['src/observability'],
  systeminformation: ['src/resources'],
  express: ['src/http', 'dashboards'],
  helmet: ['src/http'],
  'rate-limiter-flexible': ['src/http'],
  '@bull-board/api': ['dashboards'],
  '@bull-board/express': ['dashboards'],
  '@bull-board/ui': ['dashboards'],
  commander: ['src/cli'],
  testcontainers: ['src/testing'],
  yaml: ['config'],
  'lru-cache': ['src/primitives/cache'],
  ai: ['src/models'],
  '@ai-sdk/openai-compatible': ['src/models'],
  'neo4j-driver': ['src/graph'],
  re2js: ['src/safety'],
  nodemailer: ['src/safety/channels'],
};

function libraryViolations(file: SourceFile): string[] {
  return referencesOf(file).imports.flatMap((module) => {
    const library = packageOf(module);
    if (library === null) return [];
    const door = DOORS[library];
    if (door === undefined) return [`${file.path}: ${library} has no door; give it one in DOORS`];
    if (door === 'everywhere' || door.some((folder) => file.path.startsWith(`${folder}/`))) return [];
    return [`${file.path}: ${library} is spoken only in ${door.join(', ')}`];
  });
}

function environmentViolations(file: SourceFile): string[] {
  const reads = roomOf(file.path) !== 'config' && referencesOf(file).readsEnvironment;
  return reads ? [`${file.path}: only config reads the environment`] : [];
}

test('each library is spoken behind its own door', () => {
  expect(productFiles().flatMap(libraryViolations)).toEqual([]);
});

test('every dependency of the package has a door, and every door a dependency', () => {
  const { dependencies, peerDependencies } = packageJson;
  expect(Object.keys(DOORS).toSorted()).toEqual(
    Object.keys({ ...dependencies, ...peerDependencies }).toSorted(),
  );
});

test('only config reads the environment', () => {
  expect(productFiles().flatMap(environmentViolations)).toEqual([]);
});

describe('the rules notice', () => {
  test.for([
    ['a client library', 'src/http/a.ts', "import { Redis } from 'ioredis';"],
    ['a mere type', 'src/agents/a.ts', "import type { Logger } from 'pino';"],
    ['a part of a package', 'src/http/a.ts', "import { x } from '@bull-board/api/bullMQAdapter';"],
    ['a folder whose name only starts alike', 'src/redistribution/a.ts', "import { Redis } from 'ioredis';"],
    [
      'durable primitives are a door, the others are not',
      'src/primitives/a.ts',
      "import { Queue } from 'bullmq';",
    ],
    ['a development tool', 'src/http/a.ts', "import { test } from 'vitest';"],
    ['an old name of a built-in', 'src/http/a.ts', "import { join } from 'path';"],
  ] as const)('%s', ([, path, text]) => {
    expect(libraryViolations({ path, text })).toHaveLength(1);
  });

  test.for([
    ['a property', 'export const a = process.env.HOME;'],
    ['a property by text', "export const a = process['env'];"],
    ['a destructuring', 'const { env } = process;'],
    ['an import', "import { env } from 'node:process';"],
  ] as const)('the environment read by %s', ([, text]) => {
    expect(environmentViolations({ path: 'src/cli/main.ts', text })).toHaveLength(1);
  });

  test('and let pass what is behind its door', () => {
    expect(libraryViolations({ path: 'src/redis/a.ts', text: "import { Redis } from 'ioredis';" })).toEqual(
      [],
    );
    expect(environmentViolations({ path: 'config/env.ts', text: 'export const a = process.env;' })).toEqual(
      [],
    );
    expect(
      environmentViolations({ path: 'src/cli/a.ts', text: 'process.exitCode = 1; // process.env' }),
    ).toEqual([]);
  });
});
