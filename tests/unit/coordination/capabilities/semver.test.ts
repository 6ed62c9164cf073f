import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareSemVer,
  isInRange,
  parseSemVer,
  SemVerText,
  type SemVer,
} from '../../../../src/coordination/capabilities/semver.ts';

const version = (text: string): SemVer => {
  const parsed = parseSemVer(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
};
const compare = (one: string, other: string): number =>
  Math.sign(compareSemVer(version(one), version(other)));

const number = fc.oneof(fc.nat(12).map(String), fc.bigInt(0n, 10n ** 30n).map(String));
const identifier = fc.oneof(number, fc.stringMatching(/^[0-9]{0,2}[A-Za-z-][0-9A-Za-z-]{0,3}$/));
const text = fc
  .tuple(
    number,
    number,
    number,
    fc.array(identifier, { maxLength: 3 }),
    fc.array(fc.stringMatching(/^[0-9A-Za-z-]{1,3}$/), { maxLength: 2 }),
  )
  .map(([major, minor, patch, prerelease, build]) =>
    [
      `${major}.${minor}.${patch}`,
      ...(prerelease.length > 0 ? [`-${prerelease.join('.')}`] : []),
      ...(build.length > 0 ? [`+${build.join('.')}`] : []),
    ].join(''),
  );

describe('precedence', () => {
  test.for([
    // SemVer 2.0.0, paragraph 11
    ['1.0.0', '2.0.0', '2.1.0', '2.1.1'],
    ['1.0.0-alpha', '1.0.0'],
    [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
    ],
    ['2.0.0', '10.0.0', '10.0.9', '10.0.10'],
    ['1.0.0-1', '1.0.0-A', '1.0.0-a', '1.0.0-a-b'],
    ['1.0.0', '1.0.99999999999999999999998', '1.0.99999999999999999999999'],
  ])('is that of %j', (sorted) => {
    for (const [index, one] of sorted.entries())
      for (const [position, other] of sorted.entries())
        expect(compare(one, other), `${one} and ${other}`).toBe(Math.sign(index - position));
  });

  test('pays no heed to build metadata', () => {
    expect(compare('1.0.0+a', '1.0.0+b')).toBe(0);
    expect(compare('1.0.0-rc.1+20130313144700', '1.0.0-rc.1')).toBe(0);
  });

  test('is a total order', () => {
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(compare(a, a)).toBe(0);
        expect(compare(a, b)).toBe(0 - compare(b, a));
        const [x, y, z] = [a, b, c].sort(compare) as [string, string, string];
        expect([compare(x, y), compare(y, z), compare(x, z)].every((order) => order <= 0)).toBe(true);
        if (compare(a, b) === 0) expect(a.split('+')[0]).toBe(b.split('+')[0]);
      }),
      { numRuns: 2000 },
    );
  });

  test('decides by numbers as numbers', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 40n), fc.bigInt(0n, 10n ** 40n), (a, b) => {
        expect(compare(`0.${a}.0`, `0.${b}.0`)).toBe(a === b ? 0 : a < b ? -1 : 1);
        expect(compare(`0.0.0-x.${a}`, `0.0.0-x.${b}`)).toBe(a === b ? 0 : a < b ? -1 : 1);
      }),
    );
  });
});

describe('a version', () => {
  test.for([
    '0.0.0',
    '1.2.3',
    '1.0.0-0A.is.legal',
    '1.0.0---RC-SNAPSHOT.12.9.1--.12',
    '1.1.2+meta-valid',
    '2.0.0-rc.1+build.123',
  ])('is %s', (good) => {
    expect(parseSemVer(good)).toBeDefined();
    expect(SemVerText.safeParse(good).success).toBe(true);
  });

  test.for([
    '',
    '1',
    '1.2',
    '1.2.3.4',
    'v1.2.3',
    '01.1.1',
    '1.01.1',
    '1.1.01',
    '1.2.3-',
    '1.2.3-01',
    '1.2.3-a..b',
    '1.2.3+',
    '1.2.3+a+b',
    ' 1.2.3',
    '1.2.3\n',
    '-1.0.0',
    '1.0.0-ä',
    `1.0.0-${'a'.repeat(260)}`,
  ])('is not %j', (bad) => expect(SemVerText.safeParse(bad).success).toBe(false));
});

test('both bounds of a range belong to it', () => {
  const within = (one: string, min?: string, max?: string): boolean =>
    isInRange(
      version(one),
      min === undefined ? undefined : version(min),
      max === undefined ? undefined : version(max),
    );
  expect(
    ['1.0.0-rc.1', '1.0.0', '1.5.0', '2.0.0', '2.0.1'].map((each) => within(each, '1.0.0', '2.0.0')),
  ).toEqual([false, true, true, true, false]);
  expect(within('10.0.0', '2.0.0')).toBe(true);
  expect(within('0.0.1')).toBe(true);
});
