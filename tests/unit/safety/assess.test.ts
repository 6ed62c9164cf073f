import { describe, expect, test } from 'vitest';
import type { CrisisType, Finding, SafetyContext, ValidationResult } from '../../../src/contracts/safety.ts';
import { assessCrisis } from '../../../src/safety/assess.ts';
import { validatorWith } from './validator.ts';

const NOW = Date.parse('2026-03-01T00:00:00Z');
const validator = validatorWith();

interface Crisis {
  readonly type: CrisisType;
  readonly severity: number;
  readonly confidence?: number;
  readonly modifiers?: Finding['modifiers'];
}

function resultOf(crises: readonly Crisis[], sentiment = 0): ValidationResult {
  return {
    ...validator.validateText('open the door', { includeAudit: false }),
    overall_sentiment: sentiment,
    findings: crises.map(({ type, severity, confidence = 0.7, modifiers = [] }, at) => ({
      rule_id: `crisis_${type}`,
      category: 'crisis_detection',
      level: 'blocked',
      priority: 100,
      validation_type: 'crisis_detection',
      confidence,
      span: [at * 10, at * 10 + 5],
      message: '',
      crisis_type: type,
      severity,
      modifiers: [...modifiers],
      sentiment_score: sentiment,
      escalation_required: false,
    })),
  };
}

const assess = (crises: readonly Crisis[], context: SafetyContext = {}, sentiment = 0) =>
  assessCrisis(resultOf(crises, sentiment), context, NOW);

test('without a crisis there is nothing to assess', () => {
  expect(assess([])).toMatchObject({
    crisis_level: 'low',
    severity: 0,
    confidence: 0,
    risk_factors: [],
    protective_factors: [],
    immediate_risk: false,
    intervention_recommended: 'automated_response',
    escalation_required: false,
    assessed_at: '2026-03-01T00:00:00.000Z',
  });
});

describe('the level follows the severity of the type', () => {
  test.for<[CrisisType, number, string, string]>([
    ['suicidal_ideation', 0, 'low', 'automated_response'],
    ['suicidal_ideation', 1, 'moderate', 'therapeutic_referral'],
    ['suicidal_ideation', 2, 'high', 'human_oversight'],
    ['suicidal_ideation', 3, 'high', 'human_oversight'],
    ['suicidal_ideation', 4, 'critical', 'emergency_services'],
    ['suicidal_ideation', 6, 'critical', 'emergency_services'],
    ['self_harm', 3, 'high', 'human_oversight'],
    ['self_harm', 5, 'critical', 'emergency_services'],
    ['violence', 3, 'high', 'human_oversight'],
    ['violence', 4, 'critical', 'emergency_services'],
    ['violence', 5, 'critical', 'emergency_services'],
    ['abuse', 2, 'moderate', 'therapeutic_referral'],
    ['substance', 5, 'critical', 'emergency_services'],
    ['eating', 2, 'moderate', 'therapeutic_referral'],
    ['psychosis', 5, 'critical', 'emergency_services'],
    ['severe_depression', 2, 'moderate', 'therapeutic_referral'],
  ])('%s, %i: %s', ([type, severity, level, intervention]) => {
    expect(assess([{ type, severity }])).toMatchObject({
      crisis_level: level,
      severity,
      intervention_recommended: intervention,
      escalation_required: level !== 'low',
    });
  });

  test('a crisis of the last 30 days makes abuse, substance, eating and psychosis high', () => {
    const recent = { previous_crisis_indicators: { count: 1, last_at: '2026-02-20T00:00:00Z' } };
    const old = { previous_crisis_indicators: { count: 1, last_at: '2025-12-20T00:00:00Z' } };
    for (const type of ['abuse', 'substance', 'eating', 'psychosis'] as const) {
      expect(assess([{ type, severity: 2 }], recent).crisis_level).toBe('high');
      expect(assess([{ type, severity: 2 }], old).crisis_level).toBe('moderate');
    }
  });

  test('severe depression is high when it is sure or said twice', () => {
    expect(assess([{ type: 'severe_depression', severity: 2, confidence: 0.9 }]).crisis_level).toBe('high');
    const twice = [
      { type: 'severe_depression', severity: 2 },
      { type: 'severe_depression', severity: 2 },
    ] as const;
    expect(assess(twice).crisis_level).toBe('high');
  });

  test('what protects a person lowers nothing', () => {
    const context = {
      has_therapist: true,
      has_support_system: true,
      positive_interactions: 9,
      session_count: 40,
    };
    expect(assess([{ type: 'suicidal_ideation', severity: 4 }], context).crisis_level).toBe('critical');
  });
});

describe('the risk is immediate', () => {
  test.for<[string, readonly Crisis[], boolean]>([
    ['at the level critical', [{ type: 'abuse', severity: 5 }], true],
    ['from severity 4 on', [{ type: 'eating', severity: 4 }], true],
    [
      'with two types',
      [
        { type: 'abuse', severity: 2 },
        { type: 'eating', severity: 2 },
      ],
      true,
    ],
    ['not below', [{ type: 'suicidal_ideation', severity: 3 }], false],
  ])('%s', ([, crises, isImmediate]) => {
    expect(assess(crises)).toMatchObject({ immediate_risk: isImmediate, escalation_required: true });
  });
});

test('the confidence is that of the surest crisis, a little more after several violations, at most 1', () => {
  const crises = [
    { type: 'abuse', severity: 2, confidence: 0.6 },
    { type: 'eating', severity: 2, confidence: 0.8 },
  ] as const;
  expect(assess(crises).confidence).toBe(0.8);
  expect(assess(crises, { previous_violations: 1 }).confidence).toBe(0.8);
  expect(assess(crises, { previous_violations: 2 }).confidence).toBe(0.85);
  expect(
    assess([{ type: 'abuse', severity: 2, confidence: 0.99 }], { previous_violations: 5 }).confidence,
  ).toBe(1);
});

describe('what raises the risk is named', () => {
  test.for<[CrisisType, string]>([
    ['suicidal_ideation', 'suicidal_ideation'],
    ['self_harm', 'self_harm_behavior'],
    ['violence', 'violent_intent'],
    ['abuse', 'abuse_victim'],
    ['psychosis', 'psychotic_symptoms'],
    ['substance', 'substance_use'],
    ['eating', 'disordered_eating'],
    ['severe_depression', 'hopelessness'],
  ])('%s as %s', ([type, factor]) => {
    expect(assess([{ type, severity: 2 }]).risk_factors).toEqual([factor]);
  });

  test.for<[string, SafetyContext, number, Partial<Crisis>]>([
    ['severe_negative_sentiment', {}, -0.71, {}],
    ['repeated_safety_violations', { previous_violations: 3 }, 0, {}],
    ['new_user_vulnerability', { session_count: 2 }, 0, {}],
    ['previous_crisis', { previous_crisis_indicators: true }, 0, {}],
    ['deobfuscated_disclosure', {}, 0, { modifiers: ['deobfuscated'] }],
    ['imminent_language', {}, 0, { severity: 5 }],
  ])('%s', ([factor, context, sentiment, crisis]) => {
    expect(assess([{ type: 'abuse', severity: 2, ...crisis }], context, sentiment).risk_factors).toEqual([
      'abuse_victim',
      factor,
    ]);
  });

  test('and what stays below a bound is not', () => {
    const context = { previous_violations: 2, session_count: 3, previous_crisis_indicators: false };
    expect(assess([{ type: 'abuse', severity: 4 }], context, -0.7).risk_factors).toEqual(['abuse_victim']);
  });
});

describe('what protects is named', () => {
  test.for<[string, SafetyContext]>([
    ['ongoing_engagement', { session_count: 6 }],
    ['positive_therapeutic_history', { positive_interactions: 1 }],
    ['social_support', { has_support_system: true }],
    ['professional_support', { has_therapist: true }],
  ])('%s', ([factor, context]) => {
    expect(assess([{ type: 'abuse', severity: 2 }], context).protective_factors).toEqual([factor]);
  });

  test.for([
    ['I want to die, please help me', 'help_seeking'],
    ["I want to die but I'm looking forward to my sister's wedding", 'future_oriented'],
  ])('%s', ([text = '', factor = '']) => {
    const factors = validator.protectiveFactorsIn(text);
    expect(factors).toEqual([factor]);
    const result = validator.validateText(text);
    expect(assessCrisis(result, {}, NOW, factors).protective_factors).toEqual([factor]);
    expect(assessCrisis(result, {}, NOW, factors).crisis_level).toBe('critical');
  });

  test('a text without either shows nothing', () => {
    expect(validator.protectiveFactorsIn('I want to die')).toEqual([]);
  });
});
