import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readPlainYaml } from '../../../config/plain-yaml.ts';

const FOLDER = join(import.meta.dirname, '../../../config/safety');
const FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.yaml'),
);

function yamlOf(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return 'no YAML at all';
  }
}

test.for(FILES)('%s is plain, and read as all of YAML reads it', { timeout: 30_000 }, (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  expect(readPlainYaml(text)).toEqual(parse(text));
});

describe('what is plain', () => {
  test.for([
    "a: b\nc: [d, \"e f\", 'g''h', 1, -2.5, true]\n",
    '# comment\na:\n  - b # comment\n  - { c: d, e: 2 }\n\nf:\n- g\n',
    'a:\n  [\n    b,\n    c d, # comment\n  ]\n',
    'a: 2nite\nb: no\nc: on\nd: 24 7\n',
    '',
  ])('%j is read', (text) => {
    expect(readPlainYaml(text)).toEqual(parse(text));
  });

  test.for([
    'a: &b c',
    'a: *b',
    'a: |\n  b',
    'a: b\n  c',
    'a: ~',
    'a: 0x1f',
    'a: 1e5',
    'a: "\\n"',
    'a: b\na: c',
    '- a\n-b',
    '[a',
    '? a',
    '__proto__: a',
    'a: !!str b',
    '- - a',
    '---\na: b',
  ])('%j is left to a full reader', (text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });
});

const PIECES = [
  ...Array.from('abc#1-[]{}:\n\t|!%?é\'"'),
  'b c',
  ': ',
  '- ',
  '\n  ',
  '\n    ',
  ' ',
  ', ',
  ' # ',
  '-1',
  '.5',
  'true',
  'null',
  '~',
  '0',
  '12:30',
  '&a',
  '*a',
  '1e3',
];

test('whatever is read is what all of YAML would read', { timeout: 30_000 }, () => {
  const piece = fc.constantFrom(...PIECES);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const plain = readPlainYaml(text);
      if (plain !== undefined) expect(plain).toEqual(yamlOf(text));
    }),
    { numRuns: 3000 },
  );
});
