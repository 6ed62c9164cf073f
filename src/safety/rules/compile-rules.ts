import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { STAGES, type Finding } from '../../contracts/safety.ts';
import { FleetError, type FieldProblem } from '../../kernel/errors.ts';
import { AhoCorasick } from '../match/aho-corasick.ts';
import { SparseAhoCorasick } from '../match/sparse-aho-corasick.ts';
import type { TextReading } from '../read-text.ts';
import { FoldedText } from '../text/fold.ts';
import { isCrisisType, type ReportRule } from './built-in.ts';
import { MAX_PATTERN_RULES, MAX_TERMS, RulesDocument, type Rule } from './document.ts';
import { compilePattern, type LinearPattern } from './pattern.ts';
import { requiredLiterals } from './required-literals.ts';
import type { RuleInput, RuleSet } from './rule-set.ts';
import { findingOfRule } from './rule-finding.ts';

export interface CompileRulesOptions {
  /** `redis:<key>`, `file:<name>` or `default`. */
  readonly source: string;
  /** Whether a document may turn the detection of crises off. */
  readonly allowDisableCrisis?: boolean;
}

interface Compiled {
  readonly rule: Rule;
  readonly pattern: LinearPattern | null;
}

const NONE: readonly Finding[] = [];
const FOLDED_AT_ONCE = 256;
/** Dense rows for more of them take too long to build. */
const MANY_UNITS = 8192;

/**
 * Checks a document and makes it ready. All its faults are told at once, and a faulty one changes nothing.
 *
 * Errors: safety_rules_invalid (invalid_input) with `problems`
 * Source: spec, safety 3
 */
export function compileRules(document: unknown, options: CompileRulesOptions): RuleSet {
  const steps = compileSteps(document, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The largest document takes hundreds of milliseconds; nothing else waits longer than a few. */
const SLICE_MS = 4;

/**
 * As {@link compileRules}, for a process that judges texts meanwhile: after every few milliseconds it lets others run.
 *
 * Errors: those of compileRules; the reason of `signal`
 * Source: spec, safety 15
 */
export async function compileRulesInSlices(
  document: unknown,
  options: CompileRulesOptions & { readonly signal?: AbortSignal },
): Promise<RuleSet> {
  const steps = compileSteps(document, options);
  for (let sliceEnd = performance.now() + SLICE_MS; ;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < sliceEnd) continue;
    await setImmediate();
    options.signal?.throwIfAborted();
    sliceEnd = performance.now() + SLICE_MS;
  }
}

function* compileSteps(document: unknown, options: CompileRulesOptions): Generator<void, RuleSet> {
  const parsed = RulesDocument.safeParse(document);
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map(({ path, message, code }) => ({
        path: `/${path.join('/')}`,
        message: ruleName(document, path) + message,
        code,
      })),
    );
  }
  yield;
  const problems: FieldProblem[] = [];
  const compiled: Compiled[] = [];
  for (const [i, rule] of parsed.data.rules.entries()) {
    compiled.push(...compileRule(rule, `/rules/${i}`, problems));
    yield;
  }
  problems.push(...problemsOfWhole(parsed.data, options));
  if (problems.length > 0) throw invalid(problems);
  yield;
  const version = createHash('sha256').update(JSON.stringify(parsed.data)).digest('hex').slice(0, 12);
  yield;
  const { enabled, sensitivity } = parsed.data.crisis_detection;
  const tunings = new Map(parsed.data.rules.map((rule) => [rule.id, rule]));
  return {
    version,
    source: options.source,
    crisisThreshold: Math.round((1 - sensitivity) * 1000) / 1000,
    isCrisisEnabled: enabled,
    tuned: (rule) => tuned(rule, tunings.get(rule.id)),
    evaluate: yield* byStage(compiled.toSorted((a, b) => b.rule.priority - a.rule.priority)),
  };
}

/** A built-in rule keeps its level where the document would lower it. */
function tuned(builtIn: ReportRule, own: Rule | undefined): ReportRule {
  if (own === undefined) return builtIn;
  return { ...builtIn, priority: own.priority, escalationThreshold: own.escalation_threshold };
}

function compileRule(rule: Rule, path: string, problems: FieldProblem[]): Compiled[] {
  if (rule.validation_type === 'crisis_detection' && (rule.pattern ?? rule.terms) !== undefined) {
    const type = rule.crisis_type ?? rule.id.replace(/^crisis_/u, '');
    if (!isCrisisType(type)) {
      problems.push({
        path,
        code: 'crisis_type_missing',
        message: `rule "${rule.id}" detects a crisis and does not say which: crisis_type`,
      });
    }
  }
  if (!rule.enabled) return [];
  if (rule.pattern === undefined) return [{ rule, pattern: null }];
  try {
    return [{ rule, pattern: compilePattern({ pattern: rule.pattern, flags: rule.flags }) }];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.push({
      path: `${path}/pattern`,
      code: 'pattern_invalid',
      message: `rule "${rule.id}": not in RE2 syntax: ${reason}`,
    });
    return [];
  }
}

function problemsOfWhole(
  { rules, crisis_detection: crisis }: RulesDocument,
  { allowDisableCrisis = false }: CompileRulesOptions,
): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const seen = new Set<string>();
  for (const [i, { id }] of rules.entries()) {
    if (seen.has(id)) {
      problems.push({ path: `/rules/${i}/id`, code: 'duplicate_id', message: `rule "${id}" is there twice` });
    }
    seen.add(id);
  }
  const patterns = rules.filter(({ pattern }) => pattern !== undefined).length;
  if (patterns > MAX_PATTERN_RULES) {
    problems.push({
      path: '/rules',
      code: 'too_many',
      message: `at most ${MAX_PATTERN_RULES} rules have a pattern`,
    });
  }
  const terms = rules.reduce((sum, rule) => sum + (rule.terms?.length ?? 0), 0);
  if (terms > MAX_TERMS) {
    problems.push({ path: '/rules', code: 'too_many', message: `there are at most ${MAX_TERMS} terms` });
  }
  if (!crisis.enabled && !allowDisableCrisis) {
    problems.push({
      path: '/crisis_detection/enabled',
      code: 'not_allowed',
      message: 'the detection of crises cannot be turned off here',
    });
  }
  return problems;
}

/** What watches the narrator costs the player's texts nothing. */
function* byStage(compiled: readonly Compiled[]): Generator<void, RuleSet['evaluate']> {
  const [ofInput, ofOutput] = STAGES.map((stage) =>
    compiled.filter(({ rule }) => rule.stages.includes(stage)),
  );
  const input = yield* evaluator(ofInput!);
  const isSame = ofInput!.length === compiled.length && ofOutput!.length === compiled.length;
  const output = isSame ? input : yield* evaluator(ofOutput!);
  return (text, reading, given) => (given.stage === 'input' ? input : output)(text, reading, given);
}

/** One scan of the folded text finds all terms, and which patterns are worth running. */
function* evaluator(compiled: readonly Compiled[]): Generator<void, RuleSet['evaluate']> {
  const folder = new FoldedText();
  const folded = (text: string): string => {
    folder.fold(text);
    return String.fromCharCode(...folder.units.subarray(0, folder.length));
  };
  const literals: string[] = [];
  const owners: { readonly index: number; readonly isTerm: boolean }[] = [];
  const always: number[] = [];
  for (const [index, { rule, pattern }] of compiled.entries()) {
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
  if (literals.length === 0 && always.length === 0) return () => NONE;
  yield;
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

function ruleName(document: unknown, path: readonly PropertyKey[]): string {
  if (path[0] !== 'rules' || typeof path[1] !== 'number') return '';
  const rules: unknown =
    typeof document === 'object' && document !== null && 'rules' in document ? document.rules : [];
  const rule: unknown = Array.isArray(rules) ? rules[path[1]] : undefined;
  const id: unknown = typeof rule === 'object' && rule !== null && 'id' in rule ? rule.id : undefined;
  return typeof id === 'string' ? `rule "${id.slice(0, 64)}": ` : '';
}

function invalid(problems: readonly FieldProblem[]): FleetError {
  return new FleetError({
    code: 'safety_rules_invalid',
    kind: 'invalid_input',
    httpStatus: 422,
    message: `the rules document has ${problems.length} fault${problems.length === 1 ? '' : 's'}: ${problems[0]?.message}`,
    problems,
  });
}
