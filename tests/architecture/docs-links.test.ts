import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDoc } from './markdown.ts';
import { productFiles, repositoryFiles, roomOf, type SourceFile } from './source.ts';

const ROOT = join(import.meta.dirname, '../..');
const documents = repositoryFiles().filter(({ path }) => path.endsWith('.md'));

/** Links to files and headings of this repository that lead nowhere. */
function brokenLinks({ path, text }: SourceFile): string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', heading] = target.split('#');
    const there = file === '' ? path : posix.join(posix.dirname(path), file);
    if (!existsSync(join(ROOT, there))) return [`${path}: ${target}`];
    return heading === undefined || headingsOf(readDoc(there)).includes(heading)
      ? []
      : [`${path}: ${target}`];
  });
}

/** As GitHub makes them. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The folder of a room: src/agents, queues; none for src/index.ts. */
function roomFolders(): string[] {
  const folders = productFiles().map(({ path }) => {
    const room = roomOf(path);
    return path.startsWith('src/') ? `src/${room}` : (room ?? '');
  });
  return [...new Set(folders)].filter((folder) => folder !== 'src/index');
}

test('every link between documents leads somewhere', () => {
  expect(documents.flatMap(brokenLinks)).toEqual([]);
});

test('every document is listed in docs/README.md', () => {
  const index = readDoc('docs/README.md');
  const listed = documents
    .map(({ path }) => /^docs\/([^/]+)$/.exec(path)?.[1])
    .filter((name) => name !== undefined && name !== 'README.md');
  expect(listed.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});

test.for(roomFolders())('%s says what it is for, in a README of at most 30 lines', (folder) => {
  const readme = documents.find(({ path }) => path === `${folder}/README.md`);
  expect(readme?.text.trimEnd().split('\n').length ?? Infinity).toBeLessThanOrEqual(30);
});

describe('the rule notices', () => {
  test.for(['[a](nothing.md)', '[a](#nothing)', '[a](docs/README.md#nothing)'])('%s', (text) => {
    expect(brokenLinks({ path: 'README.md', text })).toHaveLength(1);
  });

  test.for(['[a](https://example.com/nothing)', '[a](docs/README.md#documents)', '```sh\n[a](nothing)\n```'])(
    'but not %s',
    (text) => expect(brokenLinks({ path: 'README.md', text })).toEqual([]),
  );
});
