import { expect, test } from 'vitest';
import { packageOf, productFiles, referencesOf, targetOf } from './source.ts';

/** The rooms that the coordination package may stand on, with everything they import. */
const ROOMS = ['src/coordination/', 'src/kernel/', 'src/contracts/', 'src/redis/', 'src/resilience/'];
/** What others import of it. */
const ENTRIES = ['src/entries/coordination.ts', 'src/entries/coordination-resilience.ts'];
const PACKAGES = ['bullmq', 'ioredis', 'zod', 'opossum'];

const files = new Map(productFiles().map((file) => [file.path, file]));

/** Every file that the coordination room and its entries import, directly or through others, and every package. */
function reached(): { files: Set<string>; packages: Set<string> } {
  const open = [...files.keys()].filter(
    (path) => path.startsWith('src/coordination/') || ENTRIES.includes(path),
  );
  const found = { files: new Set<string>(), packages: new Set<string>() };
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const file = files.get(path);
    if (found.files.has(path) || file === undefined) continue;
    found.files.add(path);
    for (const module of referencesOf(file).imports) {
      const target = targetOf(file, module);
      const library = packageOf(module);
      if (target !== null) open.push(target);
      else if (library !== null) found.packages.add(library);
    }
  }
  return found;
}

test('coordination stands on the kernel, the contracts, redis and resilience alone', () => {
  const inside = [...ROOMS, ...ENTRIES];
  const outside = [...reached().files].filter((path) => !inside.some((part) => path.startsWith(part)));
  expect(outside).toEqual([]);
});

test('coordination needs BullMQ, ioredis, zod and opossum at most', () => {
  expect([...reached().packages].filter((name) => !PACKAGES.includes(name))).toEqual([]);
});

test('the package is what the architecture looks at', () => {
  expect(ENTRIES.filter((path) => !files.has(path))).toEqual([]);
});

test('coordination reaches nothing that belongs to the therapy', () => {
  const words = /safety|therap|narrative|intervention|escalation|(^|[-/])(ipa|wba|nga)([-./]|$)/;
  expect([...reached().files].filter((path) => words.test(path))).toEqual([]);
});
