import { z } from 'zod';

// SemVer 2.0.0, as little of it as matching needs. The package has four dependencies, and none of them is "semver".

/** A version, ready to be compared. Build metadata has no part in precedence and is left out. */
export interface SemVer {
  /** Major, minor, patch: digits without leading zeros, of any length. */
  readonly core: readonly [major: string, minor: string, patch: string];
  /** Empty for a release. */
  readonly prerelease: readonly string[];
}

const NUMBER = '0|[1-9]\\d*';
const IDENTIFIER = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const VERSION = new RegExp(
  `^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const DIGITS = /^\d+$/;

export const SemVerText = z
  .string()
  .max(256)
  .regex(VERSION, 'expected a version of SemVer 2.0.0, such as 1.4.0 or 2.0.0-beta.1');

/** Undefined when the text is no version of SemVer 2.0.0. */
export function parseSemVer(text: string): SemVer | undefined {
  const found = VERSION.exec(text);
  if (found === null) return undefined;
  const [, major = '0', minor = '0', patch = '0', prerelease] = found;
  return { core: [major, minor, patch], prerelease: prerelease?.split('.') ?? [] };
}

/** By precedence (SemVer 2.0.0, 11): negative when `one` comes before `other`, 0 when neither does. */
export function compareSemVer(one: SemVer, other: SemVer): number {
  for (let index = 0; index < 3; index += 1) {
    const order = compareDigits(one.core[index]!, other.core[index]!);
    if (order !== 0) return order;
  }
  return comparePrereleases(one.prerelease, other.prerelease);
}

export function isInRange(version: SemVer, min: SemVer | undefined, max: SemVer | undefined): boolean {
  if (min !== undefined && compareSemVer(version, min) < 0) return false;
  return max === undefined || compareSemVer(version, max) <= 0;
}

/** A release comes after all that led to it; of two that agree so far, the longer one comes later. */
function comparePrereleases(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return Math.sign(other.length - one.length);
  for (let index = 0; index < Math.min(one.length, other.length); index += 1) {
    const order = compareIdentifiers(one[index]!, other[index]!);
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

/** Numbers come before words; numbers by value, words in the order of ASCII. */
function compareIdentifiers(one: string, other: string): number {
  const isNumber = DIGITS.test(one);
  if (isNumber !== DIGITS.test(other)) return isNumber ? -1 : 1;
  return isNumber ? compareDigits(one, other) : compareText(one, other);
}

/** Without leading zeros the longer number is the larger one, so none is too long to be compared. */
function compareDigits(one: string, other: string): number {
  return one.length - other.length || compareText(one, other);
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
