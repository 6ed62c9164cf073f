import { describe, expect, test } from 'vitest';
import { packageOf, productFiles, referencesOf, roomOf, targetOf, type SourceFile } from './source.ts';

/** Rooms from the ground up. A room may import those on floors below it, and none on its own floor. */
const FLOORS: readonly (readonly string[])[] = [
  ['kernel'],
  ['contracts', 'config'],
  ['queues', 'redis', 'events', 'observability'],
  ['resilience', 'resources'],
  ['coordination', 'sessions', 'safety', 'tools', 'models', 'graph', 'primitives'],
  ['agents', 'workflows'],
  ['http', 'realtime', 'dashboards', 'client'],
  ['runtime'],
  ['workers', 'cli', 'index', 'testing'],
  ['entries'],
];

/** Neighbours on one floor that may meet all the same. */
const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = { events: ['redis'] };

/** The entrances stay thin: runtime wires, they only call. src/index.ts shows every room's public part. */
const ENTRANCES: Readonly<Record<string, readonly string[]>> = {
  workers: ['cli'],
  cli: [
    'kernel',
    'contracts',
    'config',
    'queues',
    'redis',
    'observability',
    'resources',
    'coordination',
    'client',
    'runtime',
  ],
};

/** What the lowest rooms may import from outside; "node:" stands for the built-ins. */
const GROUND_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  kernel: ['node:'],
  contracts: ['zod'],
  config: ['zod', 'yaml', 'node:'],
};

function violations(file: SourceFile): string[] {
  const room = roomOf(file.path)!;
  const floor = floorOf(room);
  if (floor === -1) return [`${file.path}: room "${room}" has no floor yet; give it one in FLOORS`];
  return referencesOf(file).imports.flatMap((module) => {
    const target = targetOf(file, module);
    const complaint = target === null ? outsideComplaint(room, module) : insideComplaint(room, target);
    return complaint ? [`${file.path}: ${complaint}`] : [];
  });
}

function insideComplaint(room: string, target: string): string | null {
  if (target === 'package.json') return null;
  const other = roomOf(target);
  if (other === null) return `the product does not import ${target}`;
  if (other === room || NEIGHBOURS[room]?.includes(other)) return null;
  const allowed = ENTRANCES[room]?.includes(other) ?? floorOf(other) < floorOf(room);
  return allowed ? null : `"${room}" may not import "${other}" (${target})`;
}

function outsideComplaint(room: string, module: string): string | null {
  const allowed = GROUND_PACKAGES[room];
  const name = packageOf(module) ?? 'node:';
  return !allowed || allowed.includes(name) ? null : `"${room}" may not import ${module}`;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

test('every import goes down', () => {
  expect(productFiles().flatMap(violations)).toEqual([]);
});

describe('the rule notices', () => {
  test.for([
    ['an import that goes up', 'src/redis/a.ts', "import { b } from '../http/b.ts';"],
    ['a neighbour on the same floor', 'src/agents/a.ts', "import type { B } from '../workflows/b.ts';"],
    ['a re-export', 'src/kernel/a.ts', "export * from '../contracts/b.ts';"],
    ['a dynamic import', 'src/http/a.ts', "const b = await import('../runtime/b.ts');"],
    ['an import type', 'queues/a.ts', "export type B = import('../src/events/b.ts').B;"],
    ['a folder outside src', 'src/contracts/a.ts', "import { b } from '../../config/b.ts';"],
    ['a worker with logic', 'workers/a.ts', "import { b } from '../src/agents/b.ts';"],
    ['an import of a test', 'src/http/a.ts', "import { b } from '../../tests/support/b.ts';"],
    ['a package in the kernel', 'src/kernel/a.ts', "import { z } from 'zod';"],
    ['a built-in in the contracts', 'src/contracts/a.ts', "import { join } from 'node:path';"],
    ['a room without a floor', 'src/utils/a.ts', ''],
  ] as const)('%s', ([, path, text]) => {
    expect(violations({ path, text })).toHaveLength(1);
  });

  test('and lets pass what goes down or stays in the room', () => {
    const text = `
      import { a } from '../redis/a.ts';
      import { b } from './b.ts';
      import { z } from 'zod';
      import { join } from 'node:path';
    `;
    expect(violations({ path: 'src/events/a.ts', text })).toEqual([]);
  });
});
