import type {
  AuditEntry,
  Finding,
  MonitoringFlag,
  SafetyContext,
  SafetyLevel,
  Stage,
  ValidationResult,
} from '../contracts/safety.ts';
import { FleetError } from '../kernel/errors.ts';
import { crisisFindings, crisisLevelOf, crisisTypesOf } from './assess.ts';
import { report, type Reported } from './decide/findings.ts';
import { judge } from './decide/judge.ts';
import { isQuiet, weighIn } from './decide/weighed.ts';
import { PhraseScan } from './decide/scan.ts';
import type { Lexicon } from './lexicon/compile.ts';
import { TextReading } from './read-text.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { appropriatenessOf, scoreOf } from './score.ts';
import { sentimentFinding } from './sentiment-finding.ts';
import { sentimentOf } from './sentiment.ts';

/** Longer texts are read piece by piece. */
export const CHUNK_UNITS = 16_384;
const CHUNK_OVERLAP = 512;
/** UTF-16 units; a MiB of ASCII still passes. */
export const MAX_TEXT_UNITS = 1_048_576;
const MAX_FINDINGS = 100;
/** Cues of the text itself; the others come from what is known of the player. */
const PROTECTIVE_FACTORS = ['help_seeking', 'future_oriented'] as const;

export interface ValidateOptions {
  readonly stage?: Stage;
  readonly context?: SafetyContext;
  /** Default true. */
  readonly includeAudit?: boolean;
}

/** What a text shows beside the result: for the assessment. */
export interface Validator {
  readonly lexicon: Lexicon;
  readonly rules: RuleSet;
  /**
   * Judges a text: pure, synchronous, linear in its length. Nothing or "" is safe.
   *
   * Errors: TypeError when it is no string; text_too_large (invalid_input) beyond {@link MAX_TEXT_UNITS}
   */
  readonly validateText: (text: string | null | undefined, options?: ValidateOptions) => ValidationResult;
  /** `help_seeking` and `future_oriented`, where a text shows them: what `assessCrisis` takes as `factors`. */
  readonly protectiveFactorsIn: (text: string) => string[];
}

const NO_CONTEXT: SafetyContext = {};

/** One validator serves one thread; its buffers are reused from text to text. */
export function createValidator(lexicon: Lexicon, rules: RuleSet): Validator {
  const reading = new TextReading(lexicon);
  const scan = new PhraseScan(lexicon);
  return { lexicon, rules, validateText, protectiveFactorsIn };

  function validateText(
    text: string | null | undefined,
    { stage = 'input', context = NO_CONTEXT, includeAudit = true }: ValidateOptions = {},
  ): ValidationResult {
    const given: unknown = text ?? '';
    if (typeof given !== 'string') throw new TypeError(`a text is a string, not ${typeof given}`);
    const startedAt = Date.now();
    const started = performance.now();
    if (given.length > MAX_TEXT_UNITS) throw tooLarge(given.length);
    const found = newCollected();
    const isChunked = given.length > CHUNK_UNITS;
    if (!isChunked) readPiece(given, 0, given.length, stage, context, startedAt, found);
    else {
      for (let from = 0; from < given.length; from += CHUNK_UNITS - CHUNK_OVERLAP) {
        const to = Math.min(given.length, from + CHUNK_UNITS);
        readPiece(given, from, to, stage, context, startedAt, found);
        if (to === given.length) break;
      }
    }
    const result = resultOf(found, context, startedAt, isChunked);
    if (includeAudit) {
      result.audit = auditOf(found, result, given.length, stage, startedAt, performance.now() - started);
    }
    return result;
  }

  function protectiveFactorsIn(text: string): string[] {
    reading.read(text, 0, Math.min(text.length, CHUNK_UNITS));
    scan.run(reading);
    return PROTECTIVE_FACTORS.filter((factor) => scan.someMeaning((phrase) => isCue(phrase, factor)));
  }

  function isCue(phrase: number, cue: string): boolean {
    const meaning = lexicon.meanings[phrase]!;
    return meaning.kind === 'cue' && meaning.cue === cue;
  }

  function readPiece(
    text: string,
    from: number,
    to: number,
    stage: Stage,
    context: SafetyContext,
    nowMs: number,
    found: Collected,
  ): void {
    reading.read(text, from, to);
    scan.run(reading);
    const sentiment = sentimentOf(reading, lexicon);
    found.sentiments += sentiment.value;
    found.pieces++;
    const claims = scan.hasClaim ? readClaims(sentiment.value, stage, context, nowMs) : NO_CLAIMS;
    const told = stage === 'input' ? weighed(claims, sentiment.value, context) : claims;
    if (told !== NO_CLAIMS) {
      found.findings.push(...told.findings);
      found.suppressed.push(...told.suppressed);
      for (const type of told.distress) found.distress.add(type);
    }
    const severe = sentimentFinding(sentiment, reading, scan, lexicon, stage, found.findings.length > 0);
    if (severe !== null) found.findings.push(severe);
    for (const finding of rules.evaluate(text, reading, { stage, context, sentiment: sentiment.value })) {
      found.findings.push(finding);
    }
  }

  function readClaims(sentiment: number, stage: Stage, context: SafetyContext, nowMs: number): Reported {
    const { judged } = judge(reading, scan.matches(reading), context, stage);
    return report(judged, reading, lexicon, {
      context,
      stage,
      sentiment,
      threshold: rules.crisisThreshold,
      isCrisisEnabled: rules.isCrisisEnabled,
      nowMs,
      rule: rules.tuned,
    });
  }

  function weighed(claims: Reported, sentiment: number, context: SafetyContext): Reported {
    if (lexicon.scale === null || !rules.isCrisisEnabled) return claims;
    const words = lexicon.scale.weigh(reading);
    if (words === null || (claims === NO_CLAIMS && isQuiet(words))) return claims;
    const { crisisThreshold: threshold, tuned: rule } = rules;
    const isInEarnest = scan.someMeaning((phrase) => isCue(phrase, 'frame_breakers'));
    return weighIn(claims, words, reading, { context, sentiment, isInEarnest, threshold, rule });
  }

  function resultOf(
    found: Collected,
    context: SafetyContext,
    nowMs: number,
    isChunked: boolean,
  ): ValidationResult {
    const sentiment = found.pieces === 0 ? 0 : found.sentiments / found.pieces;
    const all = found.findings.length < 2 ? found.findings : merged(found.findings);
    const crises = all.length === 0 ? [] : crisisFindings(all);
    const crisisLevel = crises.length === 0 ? 'low' : crisisLevelOf(all, context, nowMs);
    const isCrisis = crises.length > 0;
    const isSevere = crisisLevel === 'high' || crisisLevel === 'critical';
    const level = highest(all);
    const result: ValidationResult = {
      level,
      score: scoreOf(all, sentiment, isCrisis),
      findings: all.length > MAX_FINDINGS ? all.slice(0, MAX_FINDINGS) : all,
      crisis_detected: isCrisis,
      crisis_types: isCrisis ? crisisTypesOf(all) : [],
      distress_types: found.distress.size === 0 ? [] : [...found.distress],
      overall_sentiment: sentiment,
      therapeutic_appropriateness: appropriatenessOf(all, sentiment, isSevere),
      escalation_recommended:
        crisisLevel !== 'low' || all.some(({ escalation_required: required }) => required),
      alternative_content: null,
      monitoring_flags: [],
      rules_version: rules.version,
      source: rules.source,
    };
    if (all.length > MAX_FINDINGS) result.findings_truncated = true;
    addFlags(result, found, isChunked);
    return result;
  }
}

interface Collected {
  readonly findings: Finding[];
  readonly suppressed: { readonly ruleId: string; readonly reason: string }[];
  readonly distress: Set<string>;
  sentiments: number;
  pieces: number;
}

/** Never written to. */
const NO_CLAIMS: Reported = { findings: [], distress: new Set(), suppressed: [] };

function newCollected(): Collected {
  return { findings: [], suppressed: [], distress: new Set(), sentiments: 0, pieces: 0 };
}

function addFlags(result: ValidationResult, found: Collected, isChunked: boolean): void {
  const flags: MonitoringFlag[] = result.monitoring_flags;
  const { overall_sentiment: sentiment, findings } = result;
  if (result.crisis_detected) flags.push('crisis_detected');
  if (sentiment < -0.7) flags.push('severe_negative_sentiment');
  if (sentiment < -0.3) flags.push('negative_sentiment');
  if (findings.length > 0) {
    if (result.escalation_recommended) flags.push('escalation_required');
    if (result.level === 'blocked') flags.push('content_blocked');
    if (findings.some(({ modifiers }) => modifiers.includes('deobfuscated')))
      flags.push('obfuscation_detected');
  }
  if (found.suppressed.some(({ reason }) => reason === 'fiction')) flags.push('fiction_frame');
  if (isChunked) flags.push('text_chunked');
}

/** Findings of one rule whose spans overlap are one, the surest; then by priority and place. */
function merged(findings: readonly Finding[]): Finding[] {
  const sorted = findings.toSorted(
    (a, b) => byName(a.rule_id, b.rule_id) || a.span[0] - b.span[0] || b.confidence - a.confidence,
  );
  const kept: Finding[] = [];
  for (const finding of sorted) {
    const last = kept.at(-1);
    if (last === undefined || last.rule_id !== finding.rule_id || last.span[1] <= finding.span[0]) {
      kept.push({ ...finding });
      continue;
    }
    const surest = finding.confidence > last.confidence ? finding : last;
    kept[kept.length - 1] = {
      ...surest,
      span: [last.span[0], Math.max(last.span[1], finding.span[1])],
      level: highest([last, finding]),
      severity: Math.max(last.severity, finding.severity),
      escalation_required: last.escalation_required || finding.escalation_required,
      modifiers: [...new Set([...last.modifiers, ...finding.modifiers])],
    };
  }
  return kept.sort(
    (a, b) => b.priority - a.priority || a.span[0] - b.span[0] || byName(a.rule_id, b.rule_id),
  );
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function highest(findings: readonly { readonly level: SafetyLevel }[]): SafetyLevel {
  let level: SafetyLevel = 'safe';
  for (const finding of findings) {
    if (finding.level === 'blocked') return 'blocked';
    if (finding.level === 'warning') level = 'warning';
  }
  return level;
}

function auditOf(
  found: Collected,
  result: ValidationResult,
  length: number,
  stage: Stage,
  startedAt: number,
  durationMs: number,
): AuditEntry[] {
  const audit: AuditEntry[] = [
    { event: 'validate_text.start', at_ms: startedAt, text_length: length, stage },
  ];
  for (const finding of result.findings) {
    audit.push({
      event: 'rule.matched',
      at_ms: startedAt,
      rule_id: finding.rule_id,
      reason: finding.modifiers[0] ?? 'affirmed',
    });
  }
  for (const { ruleId, reason } of found.suppressed.slice(0, MAX_FINDINGS)) {
    audit.push({ event: 'match.suppressed', at_ms: startedAt, rule_id: ruleId, reason });
  }
  audit.push({
    event: 'validate_text.end',
    at_ms: startedAt,
    level: result.level,
    findings_count: result.findings.length,
    crisis_detected: result.crisis_detected,
    duration_us: Math.round(durationMs * 1000),
    rules_version: result.rules_version,
  });
  return audit;
}

function tooLarge(length: number): FleetError {
  return new FleetError({
    code: 'text_too_large',
    kind: 'invalid_input',
    httpStatus: 413,
    message: `the text has ${length} UTF-16 units; at most ${MAX_TEXT_UNITS} are read`,
    details: { length, limit: MAX_TEXT_UNITS },
  });
}
