import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { FleetError, type FieldProblem } from '../../kernel/errors.ts';
import { languageIn } from '../support/regions.ts';
import { BUILT_IN_RULES, isCrisisType } from './built-in.ts';
import { DEFAULT_DOCUMENT } from './default-document.ts';
import { MAX_PATTERN_RULES, MAX_TERMS, RulesDocument, type Rule } from './document.ts';
import { byStage, type Compiled } from './evaluate-rules.ts';
import { compilePattern } from './pattern.ts';
import type { RuleSet } from './rule-set.ts';
import { raised, tuningOf } from './tuning.ts';

export interface CompileRulesOptions {
  /** `redis:<key>`, `file:<name>` or `default`. */
  readonly source: string;
  /** Whether a document may turn the detection of crises off. */
  readonly allowDisableCrisis?: boolean;
  /** Of the texts that are judged: rules for another language stay out. Default: rules of all languages. */
  readonly language?: string;
}

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
  const steps = compileInSteps(document, options);
  for (let sliceEnd = performance.now() + SLICE_MS; ;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < sliceEnd) continue;
    await setImmediate();
    options.signal?.throwIfAborted();
    sliceEnd = performance.now() + SLICE_MS;
  }
}

/** The same, with pauses in which a process does its other work: a large document takes longer than it may stand still. */
function* compileInSteps(document: unknown, options: CompileRulesOptions): Generator<void, RuleSet> {
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
