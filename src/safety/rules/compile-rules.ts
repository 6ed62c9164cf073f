import { createHash } from 'node:crypto';
import type { Finding } from '../../contracts/safety.ts';
import { FleetError, type FieldProblem } from '../../kernel/errors.ts';
import { AhoCorasick } from '../match/aho-corasick.ts';
import type { TextReading } from '../read-text.ts';
import { languageIn } from '../support/regions.ts';
import { FoldedText } from '../text/fold.ts';
import { BUILT_IN_RULES, isCrisisType } from './built-in.ts';
import { DEFAULT_DOCUMENT } from './default-document.ts';
import { MAX_PATTERN_RULES, MAX_TERMS, RulesDocument, type Rule } from './document.ts';
import { compilePattern, type LinearPattern } from './pattern.ts';
import { requiredLiterals } from './required-literals.ts';
import type { RuleInput, RuleSet } from './rule-set.ts';
import { findingOfRule } from './rule-finding.ts';
import { raised, tuningOf } from './tuning.ts';

export interface CompileRulesOptions {
  /** `redis:<key>`, `file:<name>` or `default`. */
  readonly source: string;
  /** Whether a document may turn the detection of crises off. */
  readonly allowDisableCrisis?: boolean;
  /** Of the texts that are judged: rules for another language stay out. Default: rules of all languages. */
  readonly language?: string;
}

interface Compiled {
  readonly rule: Rule;
  readonly pattern: LinearPattern | null;
}

const NONE: readonly Finding[] = [];

/**
 * Checks a document and makes it ready. All its faults are told at once, and a faulty one changes nothing. What is
 * built in stays whatever the document leaves out, and is only ever made stricter by it.
 *
 * Errors: safety_rules_invalid (invalid_input) with `problems`
 * Source: spec, safety 3
 */
export function compileRules(document: unknown, options: CompileRulesOptions): RuleSet {
  const steps = compileInSteps(document, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, with pauses in which a process does its other work: a large document takes longer than it may stand still. */
export function* compileInSteps(document: unknown, options: CompileRulesOptions): Generator<void, RuleSet> {
  const parsed = RulesDocument.safeParse(document);
  if (!parsed.success) {
    throw rulesInvalid(
      parsed.error.issues.map(({ path, message, code }) => ({
        path: `/${path.join('/')}`,
        message: ruleName(document, path) + message,
        code,
      })),
    );
  }
  yield;
  const { rules, crisis_detection: crisis, monitoring, alternative_generation: alternatives } = parsed.data;
  const problems = problemsOfWhole(parsed.data, options);
  const compiled: Compiled[] = [];
  for (const [i, rule] of rules.entries()) {
    compiled.push(...compileRule(raised(rule, builtInOf(rule.id)), `/rules/${i}`, problems));
    yield;
  }
  if (problems.length > 0) throw rulesInvalid(problems);
  for (const rule of DEFAULT_DOCUMENT.rules) {
    const own = rules.find(({ id }) => id === rule.id);
    if (own?.pattern === rule.pattern) continue;
    compiled.push(...compileRule(own === undefined ? rule : raised(rule, own), '', problems));
  }
  const spoken = compiled.filter(
    ({ rule: { locale } }) =>
      locale === undefined || options.language === undefined || languageIn(locale) === options.language,
  );
  const version = createHash('sha256').update(JSON.stringify(parsed.data)).digest('hex').slice(0, 12);
  yield;
  const templates = new Map(
    rules.flatMap(({ id, alternative_template: text }) => (text === undefined ? [] : [[id, text] as const])),
  );
  return {
    version,
    source: options.source,
    document: parsed.data,
    crisisThreshold: Math.round((1 - crisis.sensitivity) * 1000) / 1000,
    isCrisisEnabled: crisis.enabled,
    suggestsAlternatives: alternatives.enabled,
    alertsOnEscalation: monitoring.alert_on_escalation,
    templateOf: (id) => templates.get(id),
    tuned: tuningOf(document, parsed.data),
    evaluate: yield* byStage(spoken.toSorted((a, b) => b.rule.priority - a.rule.priority)),
  };
}

/** Rules whose level and priority a document may raise and not lower. */
function builtInOf(id: string): Pick<Rule, 'level' | 'priority'> | undefined {
  return BUILT_IN_RULES.get(id) ?? DEFAULT_DOCUMENT.rules.find((rule) => rule.id === id);
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
  if (!rule.enabled) {
    if (builtInOf(rule.id) === undefined) return [];
    problems.push({
      path: `${path}/enabled`,
      code: 'built_in',
      message: `rule "${rule.id}" is built in and cannot be turned off`,
    });
  }
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
  { rules, crisis_detection: crisis, alternative_generation: tone, monitoring }: RulesDocument,
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
  const fixed = [
    ['/alternative_generation/therapeutic_tone', tone.therapeutic_tone, 'the tone of answers'],
    ['/alternative_generation/supportive_messaging', tone.supportive_messaging, 'the support in answers'],
    ['/monitoring/enabled', monitoring.enabled, 'what is remembered of crises'],
    ['/monitoring/track_violations', monitoring.track_violations, 'what is remembered of blocked texts'],
  ] as const;
  for (const [path, isOn, what] of fixed) {
    if (!isOn) problems.push({ path, code: 'not_allowed', message: `${what} cannot be turned off` });
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

/** What watches the narrator costs the player's texts nothing, and what watches both is there once. */
function* byStage(compiled: readonly Compiled[]): Generator<void, RuleSet['evaluate']> {
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
    }
    if (rule.validation_type === 'sentiment' && pattern === null && rule.terms === undefined)
      always.push(index);
  }
  if (literals.length === 0 && always.length === 0) return null;
  const automaton = yield* AhoCorasick.inSteps(literals);

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

/** @param details  what holds on, for who asked */
export function rulesInvalid(
  problems: readonly FieldProblem[],
  details?: { readonly kept_version: string },
): FleetError {
  return new FleetError({
    code: 'safety_rules_invalid',
    kind: 'invalid_input',
    httpStatus: 422,
    message: `the rules document has ${problems.length} fault${problems.length === 1 ? '' : 's'}: ${problems[0]?.message}`,
    problems,
    ...(details === undefined ? {} : { details }),
  });
}
