import type {
  AuditEntry,
  Finding,
  MonitoringFlag,
  SafetyContext,
  Stage,
  ValidationResult,
} from '../contracts/safety.ts';
import { FleetError } from '../kernel/errors.ts';
import { crisisFindings, crisisLevelOf, crisisTypesOf } from './assess.ts';
import { report, type ReportSettings } from './decide/findings.ts';
import { judge } from './decide/judge.ts';
import { PhraseScan } from './decide/scan.ts';
import { weighOpinion } from './decide/weigh-opinion.ts';
import { SecondOpinion, type Opinion } from './learned/second-opinion.ts';
import type { Lexicon } from './lexicon/compile.ts';
import { TextReading } from './read-text.ts';
import { SENTIMENT_RULE } from './rules/built-in.ts';
import { highest, merged } from './merge-findings.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { appropriatenessOf, scoreOf } from './score.ts';
import { sentimentFinding } from './sentiment-finding.ts';
import { sentimentOf } from './sentiment.ts';
import { CHUNK_UNITS, isOwn, piecesOf, WHOLE, type TextPiece } from './text/pieces.ts';

/** UTF-16 units. */
export const MAX_TEXT_UNITS = 1_000_000;
const MAX_FINDINGS = 100;
/** Cues of the text itself; the others come from what is known of the player. */
const PROTECTIVE_FACTORS = ['help_seeking', 'future_oriented'] as const;

export interface ValidateOptions {
  readonly stage?: Stage;
  readonly context?: SafetyContext;
  /** Default true. */
  readonly includeAudit?: boolean;
  /** Of the writer: what is said instead is said in this language. */
  readonly locale?: string;
}

/** What is said instead of a text that may not flow. */
export type SuggestAlternative = (
  result: Pick<ValidationResult, 'level' | 'findings'>,
  about: {
    readonly stage: Stage;
    readonly region?: string | undefined;
    readonly locale?: string | undefined;
  },
) => string | null;

/** What a text shows beside the result: for the assessment. */
export interface Validator {
  readonly lexicon: Lexicon;
  readonly rules: RuleSet;
  /**
   * Judges a text: pure, synchronous, linear in its length. Nothing or "" is safe.
   *
   * Errors: TypeError when it is no string; text_too_large (invalid_input) beyond {@link MAX_TEXT_UNITS}, with the
   * length and the stage in its details, as an audit needs them
   */
  readonly validateText: (text: string | null | undefined, options?: ValidateOptions) => ValidationResult;
  /** `help_seeking` and `future_oriented`, where a text shows them: what `assessCrisis` takes as `factors`. */
  readonly protectiveFactorsIn: (text: string) => string[];
}

const NO_CONTEXT: SafetyContext = {};

/** One validator serves one thread; its buffers are reused from text to text. */
export function createValidator(lexicon: Lexicon, rules: RuleSet, suggest?: SuggestAlternative): Validator {
  const reading = new TextReading(lexicon);
  const scan = new PhraseScan(lexicon);
  const second = lexicon.learned === null ? null : new SecondOpinion(lexicon, lexicon.learned);
  return { lexicon, rules, validateText, protectiveFactorsIn };

  function validateText(
    text: string | null | undefined,
    { stage = 'input', context = NO_CONTEXT, includeAudit = true, locale }: ValidateOptions = {},
  ): ValidationResult {
    const given: unknown = text ?? '';
    if (typeof given !== 'string') throw new TypeError(`a text is a string, not ${typeof given}`);
    if (given.length > MAX_TEXT_UNITS) throw tooLarge(given.length, stage);
    const startedAt = Date.now();
    const started = performance.now();
    const found = newCollected();
    const isChunked = given.length > CHUNK_UNITS;
    if (!isChunked) readPiece(given, WHOLE, stage, context, startedAt, found);
    else for (const piece of piecesOf(given)) readPiece(given, piece, stage, context, startedAt, found);
    const result = resultOf(found, context, startedAt, isChunked);
    if (suggest !== undefined && rules.suggestsAlternatives && result.level !== 'safe') {
      result.alternative_content = suggest(result, { stage, region: context.region, locale });
    }
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
    piece: TextPiece,
    stage: Stage,
    context: SafetyContext,
    nowMs: number,
    found: Collected,
  ): void {
    reading.read(text, piece.from, Math.min(piece.to, text.length));
    scan.run(reading);
    const sentiment = sentimentOf(reading, lexicon);
    found.positive += sentiment.positive;
    found.negative += sentiment.negative;
    const isWeighed = second !== null && stage === 'input' && rules.isCrisisEnabled;
    const opinion =
      scan.hasClaim || !isWeighed || !second.isAlarmed(reading) ? null : second.unlessQuiet(reading, scan);
    if (scan.hasClaim || opinion !== null) {
      readClaims(piece, opinion, sentiment.value, stage, context, nowMs, found);
    }
    const severe = sentimentFinding(sentiment, reading, scan, lexicon, stage, found.findings.length > 0);
    if (severe !== null) {
      const { level, priority } = rules.tuned(SENTIMENT_RULE);
      found.findings.push({ ...severe, level, priority });
    }
    for (const finding of rules.evaluate(text, reading, { stage, context, sentiment: sentiment.value })) {
      if (isOwn(piece, finding.span[0])) found.findings.push(finding);
    }
  }

  function readClaims(
    piece: TextPiece,
    opinion: Opinion | null,
    sentiment: number,
    stage: Stage,
    context: SafetyContext,
    nowMs: number,
    found: Collected,
  ): void {
    const judged = scan.hasClaim ? judge(reading, scan.matches(), context, stage).judged : [];
    const own =
      piece === WHOLE ? judged : judged.filter(({ match }) => isOwn(piece, reading.startOf(match.first)));
    const settings: ReportSettings = {
      context,
      stage,
      sentiment,
      threshold: rules.crisisThreshold,
      isCrisisEnabled: rules.isCrisisEnabled,
      nowMs,
      rule: rules.tuned,
    };
    const reported = report(own, reading, lexicon, settings);
    // What another piece of the text reports is not reported twice.
    const isWhole = own.length === judged.length;
    if (second !== null && stage === 'input' && rules.isCrisisEnabled && isWhole) {
      weighOpinion(reported, own, opinion ?? second.of(reading, scan, own), reading, settings);
    }
    for (const finding of reported.findings) found.findings.push(finding);
    for (const suppressed of reported.suppressed) found.suppressed.push(suppressed);
    for (const type of reported.distress) if (!found.distress.includes(type)) found.distress.push(type);
  }

  function resultOf(
    found: Collected,
    context: SafetyContext,
    nowMs: number,
    isChunked: boolean,
  ): ValidationResult {
    const told = found.positive + found.negative;
    const sentiment = told === 0 ? 0 : (found.positive - found.negative) / told;
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
      distress_types: found.distress,
      overall_sentiment: sentiment,
      therapeutic_appropriateness: appropriatenessOf(all, sentiment, isSevere),
      escalation_recommended:
        crisisLevel !== 'low' || all.some(({ escalation_required: required }) => required),
      alternative_content: null,
      monitoring_flags: [],
      rules_version: rules.version,
      source: rules.source,
    };
    if ((isCrisis || result.escalation_recommended) && rules.alertsOnEscalation) result.should_alert = true;
    if (all.length > MAX_FINDINGS) result.findings_truncated = true;
    addFlags(result, found, isChunked);
    return result;
  }
}

interface Collected {
  readonly findings: Finding[];
  readonly suppressed: { readonly ruleId: string; readonly reason: string }[];
  readonly distress: string[];
  positive: number;
  negative: number;
}

function newCollected(): Collected {
  return { findings: [], suppressed: [], distress: [], positive: 0, negative: 0 };
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
  for (let i = 0; i < found.suppressed.length && i < MAX_FINDINGS; i++) {
    const { ruleId, reason } = found.suppressed[i]!;
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

function tooLarge(length: number, stage: Stage): FleetError {
  return new FleetError({
    code: 'text_too_large',
    kind: 'invalid_input',
    httpStatus: 413,
    message: `the text has ${length} UTF-16 units; at most ${MAX_TEXT_UNITS} are read`,
    details: { length, limit: MAX_TEXT_UNITS, stage },
  });
}
