import { describe, expect, test } from 'vitest';
import { categoriesOf, createOutputJudge } from '../../../../src/safety/screening/judge-output.ts';
import type { Validator } from '../../../../src/safety/validate-text.ts';

/** Blocks what contains "a forbidden thing", and notes what it was given. */
function judgeOf(validateText: Validator['validateText'], counted?: (level: string) => void) {
  return createOutputJudge(
    { languages: ['en'], validatorFor: () => ({ validateText }) as Validator },
    counted,
  );
}

describe('what the fleet says', () => {
  test('is read with the 512 characters before it, as output, and without an audit', () => {
    const given: unknown[] = [];
    const judge = judgeOf((text, options) => {
      given.push([text?.length, options]);
      return {
        level: 'safe',
        score: 1,
        findings: [],
        crisis_detected: false,
        crisis_types: [],
        distress_types: [],
        overall_sentiment: 0,
        therapeutic_appropriateness: 1,
        escalation_recommended: false,
        alternative_content: null,
        monitoring_flags: [],
        rules_version: '0123456789ab',
        source: 'default',
      };
    });
    expect(judge.judge(' End.', 'x'.repeat(2000)).level).toBe('safe');
    expect(given).toEqual([[517, { stage: 'output', includeAudit: false }]]);
  });

  test('is blocked when the judge fails, and counted', () => {
    const levels: string[] = [];
    const judge = judgeOf(
      () => {
        throw new Error('broken');
      },
      (level) => void levels.push(level),
    );
    const validation = judge.judge('A bird sings.');
    expect(validation).toMatchObject({
      level: 'blocked',
      monitoring_flags: ['validation_degraded', 'content_blocked'],
    });
    expect(categoriesOf(validation)).toEqual(['not_judged']);
    expect(levels).toEqual(['blocked']);
  });
});
