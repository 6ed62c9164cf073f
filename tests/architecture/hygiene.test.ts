import { describe, expect, test } from 'vitest';
import { productFiles, referencesOf, repositoryFiles, type SourceFile } from './source.ts';

const MAX_LINES = 300;
/** Files with one idea that is long, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'src/coordination/messages/coordinator.ts': 'one method of a line or two for each verb',
  'src/observability/metric-catalogue.ts': 'every metric is declared in one place',
  'src/safety/match/phrase-automaton.ts': 'states, steps and their tables work on the same buffers',
};

const UNFINISHED = /\b(TODO|FIXME)\b/;

/** Folders of one particular machine. The home of the "node" user belongs to the container image. */
const MACHINE_PATH = /(?<![\w.$}/])\/(?:(?:work|root)\/\w|(?:home|Users)\/(?!node\b)\w)/;
/** Hosts that packages come from: clients are configured with them, files never name them. */
const REGISTRY_HOST =
  /\b(?:registry|proxy|deb|security|archive|repo\d)\.(?!example)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:org|com)\b|\b(?:pypi|npmjs|crates)\.(?:org|com|io)\b/;

function unfinishedViolations(file: SourceFile): string[] {
  const word = UNFINISHED.exec(file.text)?.[0];
  return word ? [`${file.path}: ${word}`] : [];
}

function anyViolations(file: SourceFile): string[] {
  return referencesOf(file).usesAny ? [`${file.path}: uses any; say unknown and narrow it`] : [];
}

function lengthViolations(file: SourceFile): string[] {
  const lines = file.text.trimEnd().split('\n').length;
  if (lines <= MAX_LINES || file.path in LONG_FILES) return [];
  return [`${file.path}: ${lines} lines; split the second idea off or list the file with its reason`];
}

function placeViolations(file: SourceFile): string[] {
  const found = MACHINE_PATH.exec(file.text)?.[0] ?? REGISTRY_HOST.exec(file.text)?.[0];
  return found ? [`${file.path}: ${found}`] : [];
}

test('nothing in the product is marked as unfinished', () => {
  expect(productFiles().flatMap(unfinishedViolations)).toEqual([]);
});

test('the product says unknown, never any', () => {
  expect(productFiles().flatMap(anyViolations)).toEqual([]);
});

test('no file of the product grows past 300 lines unnoticed', () => {
  expect(productFiles().flatMap(lengthViolations)).toEqual([]);
});

test('no file names a place on one machine or a package registry', () => {
  const files = repositoryFiles().filter((file) => file.path !== 'package-lock.json');
  expect(files.flatMap(placeViolations)).toEqual([]);
});

describe('the rules notice', () => {
  test('a mark of unfinished work', () => {
    expect(unfinishedViolations({ path: 'src/a.ts', text: '// TODO: later' })).toHaveLength(1);
  });

  test.for(['let a: any;', 'const a = b as any;', 'type A = Map<string, any>;'])('%s', (text) => {
    expect(anyViolations({ path: 'src/a.ts', text })).toHaveLength(1);
  });

  test('but not the word any', () => {
    const text = "// any\nconst any = z.any(); AbortSignal.any([]); const a = 'x as any';";
    expect(anyViolations({ path: 'src/a.ts', text })).toEqual([]);
  });

  test('a file of 301 lines', () => {
    expect(lengthViolations({ path: 'src/a.ts', text: 'a\n'.repeat(301) })).toHaveLength(1);
    expect(lengthViolations({ path: 'src/a.ts', text: 'a\n'.repeat(300) })).toEqual([]);
  });

  // Put together here, or this file would name them.
  test.for([
    ['', 'work', 'somewhere'].join('/'),
    ['"', 'home', 'somebody'].join('/'),
    ['cd ', 'Users', 'somebody'].join('/'),
    ['https://registry', 'somewhere', 'org'].join('.'),
    ['pypi', 'org'].join('.'),
  ])('%s', (text) => {
    expect(placeViolations({ path: 'README.md', text })).toHaveLength(1);
  });

  test.for(['/v1/work/items', './work/a', 'USER node\nWORKDIR /home/node/app', 'proxy.example.com'])(
    'but not %j',
    (text) => expect(placeViolations({ path: 'README.md', text })).toEqual([]),
  );
});
