import { expect, test } from 'vitest';
import { parseBoolean, parseDuration, parseNumber, parseSize } from '../../../config/durations.ts';

test('durations are seconds', () => {
  expect(['250ms', '30s', '5m', '2h', '7d', '1.5 h'].map(parseDuration)).toEqual([
    0.25, 30, 300, 7200, 604_800, 5400,
  ]);
  expect(['', '5', '5 weeks', '-3s', 's'].map(parseDuration)).toEqual(Array(5).fill(undefined));
});

test('sizes count in 1024s whatever the spelling, and fractions round down', () => {
  expect(['4GB', '1.5 GiB', '512', '64k', '1tib', '0.5k'].map(parseSize)).toEqual([
    4_294_967_296,
    1_610_612_736,
    512,
    65_536,
    1024 ** 4,
    512,
  ]);
  expect(['', '-1', '0', 'lots', '4XB', '1e9', '99999999T'].map(parseSize)).toEqual(Array(7).fill(undefined));
});

test('booleans are the usual words in any case', () => {
  expect(['TRUE', '1', 'yes', 'On', 'y'].map(parseBoolean)).toEqual(Array(5).fill(true));
  expect(['false', '0', 'NO', 'off', 'n'].map(parseBoolean)).toEqual(Array(5).fill(false));
  expect(['', 'maybe', '2'].map(parseBoolean)).toEqual(Array(3).fill(undefined));
});

test('numbers are finite decimals', () => {
  expect(['1', '-2.5', '1e3', ' 7 '].map(parseNumber)).toEqual([1, -2.5, 1000, 7]);
  expect(['', '0x10', 'Infinity', 'NaN', '1_000', '1e999'].map(parseNumber)).toEqual(
    Array(6).fill(undefined),
  );
});
