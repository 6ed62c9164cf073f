import { FleetError } from '../../kernel/errors.ts';
import { CUE, CUE_KINDS, cueHash } from './cue-hash.ts';

const FIRST_LINE = '# learned cues 1';
const BIAS = 'bias';
const TAB = 9;
const HASH = 0x23;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const EQUALS = 0x3d;
/** Longer numbers are left to somebody else. */
const MOST_DIGITS = 15;

/** Is told of a cue by its key, and of each of its weights after it; the key of the bias is 0. */
export interface CueReader {
  readonly cue: (key: number) => void;
  readonly weight: (column: number, weight: number) => void;
}

/**
 * Reads the file of learned cues, tens of thousands of lines at every start, without a string for each part of them.
 *
 * Errors: safety_data_invalid (invalid_input) naming the line
 */
export function readCues(file: string, columns: readonly string[], reader: CueReader): void {
  if (!file.startsWith(FIRST_LINE)) throw invalid(`the first line is not "${FIRST_LINE}"`);
  for (let from = 0; from < file.length;) {
    const found = file.indexOf('\n', from);
    const to = found === -1 ? file.length : found;
    if (to > from && file.charCodeAt(from) !== HASH) readLine(file, from, to, columns, reader);
    from = to + 1;
  }
}

export function modelHeader(): string {
  return FIRST_LINE;
}

/** How many lines there are at most. */
export function linesOf(file: string): number {
  let lines = 1;
  for (let at = file.indexOf('\n'); at !== -1; at = file.indexOf('\n', at + 1)) lines++;
  return lines;
}

function readLine(file: string, from: number, to: number, columns: readonly string[], reader: CueReader) {
  const line = (): string => `"${file.slice(from, to)}"`;
  const kindEnd = fieldEnd(file, from, to);
  const firstEnd = fieldEnd(file, kindEnd + 1, to);
  const secondEnd = fieldEnd(file, firstEnd + 1, to);
  const kind = nameAt(file, from, kindEnd, CUE_KINDS);
  if (kind !== -1) {
    const first = hashOfPart(file, kindEnd + 1, firstEnd);
    reader.cue(cueHash(CUE[CUE_KINDS[kind]!], first, hashOfPart(file, firstEnd + 1, secondEnd)));
  } else if (file.slice(from, kindEnd) === BIAS) reader.cue(0);
  else throw invalid(`the kind of ${line()}`);
  for (let at = secondEnd + 1; at < to;) {
    const end = fieldEnd(file, at, to);
    let equals = at;
    while (equals < end && file.charCodeAt(equals) !== EQUALS) equals++;
    const column = nameAt(file, at, equals, columns);
    const weight = numberAt(file, equals + 1, end);
    if (column === -1 || !Number.isFinite(weight)) {
      throw invalid(`"${file.slice(at, end)}" in ${line()}`);
    }
    reader.weight(column, weight);
    at = end + 1;
  }
}

function fieldEnd(file: string, from: number, to: number): number {
  let at = from;
  while (at < to && file.charCodeAt(at) !== TAB) at++;
  return Math.min(at, to);
}

/** Which of some names stands there, or -1. */
function nameAt(file: string, from: number, to: number, names: readonly string[]): number {
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (name.length !== to - from) continue;
    let at = 0;
    while (at < name.length && name.charCodeAt(at) === file.charCodeAt(from + at)) at++;
    if (at === name.length) return i;
  }
  return -1;
}

/** As `hashOf` of what stands there. */
function hashOfPart(file: string, from: number, to: number): number {
  let hash = 0;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + file.charCodeAt(i)) | 0;
  return hash;
}

/** As `Number` of what stands there, but that nothing is no number. */
function numberAt(file: string, from: number, to: number): number {
  if (from >= to) return Number.NaN;
  let at = from;
  const isNegative = file.charCodeAt(at) === MINUS;
  if (isNegative) at++;
  if (to - at > MOST_DIGITS) return Number(file.slice(from, to));
  let digits = 0;
  let scale = 0;
  for (; at < to; at++) {
    const c = file.charCodeAt(at);
    if (c === DOT && scale === 0) scale = 1;
    else if (c >= ZERO && c < ZERO + 10) {
      digits = digits * 10 + c - ZERO;
      scale *= 10;
    } else return Number(file.slice(from, to));
  }
  const value = scale === 0 ? digits : digits / scale;
  return isNegative ? -value : value;
}

function invalid(what: string): FleetError {
  return new FleetError({
    code: 'safety_data_invalid',
    kind: 'invalid_input',
    message: `the learned cues cannot be read: ${what}`,
  });
}
