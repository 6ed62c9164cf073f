import type { Finding } from '../../contracts/safety.ts';
import { AhoCorasick } from '../match/aho-corasick.ts';
import { SparseAhoCorasick } from '../match/sparse-aho-corasick.ts';
import type { TextReading } from '../read-text.ts';
import { FoldedText } from '../text/fold.ts';
import type { Rule } from './document.ts';
import type { LinearPattern } from './pattern.ts';
import { requiredLiterals } from './required-literals.ts';
import { findingOfRule } from './rule-finding.ts';
import type { RuleInput, RuleSet } from './rule-set.ts';

/** A rule, and its pattern where it has one. */
export interface Compiled {
  readonly rule: Rule;
  readonly pattern: LinearPattern | null;
}

const FOLDED_AT_ONCE = 256;
/** Dense rows for more of them take too long to build. */
const MANY_UNITS = 8192;
const NONE: readonly Finding[] = [];

/** What watches the narrator costs the player's texts nothing, and what watches both is there once. */
export function* byStage(compiled: readonly Compiled[]): Generator<void, RuleSet['evaluate']> {
  const only = (stage: 'input' | 'output'): Compiled[] =>
    compiled.filter(({ rule: { stages } }) => stages.every((one) => one === stage));
  const input = yield* evaluator(only('input'));
  const output = yield* evaluator(only('output'));
  const both = yield* evaluator(compiled.filter(({ rule }) => new Set(rule.stages).size === 2));
  return (text, reading, given) => {
    const own = (given.stage === 'input' ? input : output)?.(text, reading, given) ?? NONE;
    if (both === null) return own;
    const shared = both(text, reading, given);
    return own.length === 0 ? shared : [...own, ...shared];
  };
}

/** One scan of the folded text finds all terms, and which patterns are worth running. */
function* evaluator(compiled: readonly Compiled[]): Generator<void, RuleSet['evaluate'] | null> {
  const folder = new FoldedText();
  const folded = (text: string): string => {
    folder.fold(text);
    return String.fromCharCode(...folder.units.subarray(0, folder.length));
  };
  const literals: string[] = [];
  const owners: { readonly index: number; readonly isTerm: boolean }[] = [];
  const always: number[] = [];
  for (const [index, { rule, pattern }] of compiled.entries()) {
    yield;
    const required = pattern === null ? (rule.terms ?? []) : requiredLiterals(pattern.source);
    if (required === null) always.push(index);
    for (const literal of required ?? []) {
      literals.push(folded(literal));
      owners.push({ index, isTerm: pattern === null });
      if (literals.length % FOLDED_AT_ONCE === 0) yield;
    }
    if (rule.validation_type === 'sentiment' && pattern === null && rule.terms === undefined)
      always.push(index);
  }
  if (literals.length === 0 && always.length === 0) return null;
  const size = literals.reduce((sum, literal) => sum + literal.length, 0);
  const automaton =
    size > MANY_UNITS ? yield* SparseAhoCorasick.inSteps(literals) : new AhoCorasick(literals);

  return (text, reading, input) => {
    const { units, length } = reading.folded;
    let wanted: Set<number> | null = always.length > 0 ? new Set(always) : null;
    const findings: Finding[] = [];
    automaton.scan(units, 0, length, (literal, end) => {
      const { index, isTerm } = owners[literal]!;
      if (!isTerm) {
        wanted ??= new Set();
        wanted.add(index);
        return;
      }
      const start = end - automaton.lengths[literal]!;
      if (isWholeWord(units, start, end, length)) {
        add(findings, compiled[index]!.rule, spanOf(reading, start, end), input, reading);
      }
    });
    if (wanted !== null)
      for (const index of wanted) runPattern(compiled[index]!, text, reading, input, findings);
    return findings;
  };
}

function runPattern(
  { rule, pattern }: Compiled,
  text: string,
  reading: TextReading,
  input: RuleInput,
  findings: Finding[],
): void {
  if (pattern === null) {
    if (rule.validation_type === 'sentiment') add(findings, rule, [0, text.length], input, reading);
    return;
  }
  const { units, length } = reading.folded;
  if (pattern.isFolded) {
    const decoded = new TextDecoder('utf-16le').decode(units.subarray(0, length));
    for (const [start, end] of pattern.find(decoded)) {
      add(findings, rule, spanOf(reading, start, end), input, reading);
    }
    return;
  }
  const piece = text.slice(reading.from, reading.to);
  for (const [start, end] of pattern.find(piece)) {
    add(findings, rule, [reading.from + start, reading.from + end], input, reading);
  }
}

function add(
  findings: Finding[],
  rule: Rule,
  span: [number, number],
  input: RuleInput,
  reading: TextReading,
): void {
  const finding = findingOfRule(rule, span, input, reading);
  if (finding !== null) findings.push(finding);
}

function spanOf(reading: TextReading, start: number, end: number): [number, number] {
  return [reading.folded.originalStart(start, reading.from), reading.folded.originalEnd(end, reading.from)];
}

function isWholeWord(units: Uint16Array, start: number, end: number, length: number): boolean {
  return (start === 0 || !isWordUnit(units[start - 1]!)) && (end >= length || !isWordUnit(units[end]!));
}

function isWordUnit(unit: number): boolean {
  return unit >= 128 || (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39);
}
