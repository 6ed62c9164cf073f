import { describe, expect, test } from 'vitest';
import { taggedTests, testFiles, uncovered } from '../../scripts/docs/requirements.ts';
import { REQUIREMENT_GAPS } from '../support/requirement-gaps.ts';
import { REQUIREMENTS } from '../support/requirements.ts';

const tests = taggedTests(testFiles());

test('every criterion has a test, except the gaps that are listed; a closed gap leaves the list', () => {
  expect(uncovered(tests)).toEqual(REQUIREMENT_GAPS);
});

test('no test names a criterion that does not exist', () => {
  expect(tests.flatMap(({ ids }) => ids).filter((id) => !(id in REQUIREMENTS))).toEqual([]);
  expect(Object.keys(REQUIREMENTS)).toHaveLength(40);
});

describe('the titles that count', () => {
  const titles = (text: string) => taggedTests([{ path: 'tests/a.test.ts', text }]);

  test.for([
    ['a test', "test('[R2.4] is retried', () => {});"],
    ['an it', "it('[R2.4] is retried', () => {});"],
    ['a group', "describe('[R2.4] is retried', () => {});"],
    ['a table of tests', "it.each([1, 2])('[R2.4] is retried', () => {});"],
    ['a modified test', "test.sequential('[R2.4] is retried', () => {});"],
  ] as const)('are those of %s', ([, text]) => {
    expect(titles(text)).toEqual([{ path: 'tests/a.test.ts', title: 'is retried', ids: ['2.4'] }]);
  });

  test('may name several criteria', () => {
    expect(titles("test('[R2.4] [R6.1] is retried', () => {});")[0]?.ids).toEqual(['2.4', '6.1']);
  });

  test.for(["// test('[R2.4] later')", "const a = '[R2.4]';", "log('[R2.4] is retried');"])(
    'are not in %j',
    (text) => expect(titles(text)).toEqual([]),
  );
});
