import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ValidationResult } from '../../../src/contracts/safety.ts';
import { judgeSafely } from '../../../src/safety/judge-safely.ts';
import { matchMinimally } from '../../../src/safety/minimal-matcher.ts';
import { MAX_TEXT_UNITS } from '../../../src/safety/validate-text.ts';
import { validatorWith } from './validator.ts';

const BROKEN = {
  validateText: () => {
    throw new RangeError('broken on: my secret');
  },
};

describe('the minimal matcher finds', () => {
  test.for([
    ['I want to kill myself', 'I want to kill myself'],
    ['well… I DON’T want to live any more', 'I DON’T want to live'],
    ["so I'm going to   end\nmy life.", "I'm going to   end\nmy life"],
    ['i ju\u200bst w\u0301ant to die', 'i ju\u200bst w\u0301ant to die'],
    ['Ｉ ｗａｎｔ ｔｏ ｄｉｅ', 'Ｉ ｗａｎｔ ｔｏ ｄｉｅ'],
    ['i cut myself', 'i cut myself'],
    ['ya no quiero vivir así', 'no quiero vivir'],
  ] as const)('a plain statement in %j', ([text, statement]) => {
    const [from, to] = matchMinimally(text)!.span;
    expect(text.slice(from, to)).toBe(statement);
  });

  test.for([
    '',
    'I want to kill the dragon',
    'I want to diet',
    'skill',
    'she will die',
    'cut the rope',
    '\ud83d',
  ])('nothing in %j', (text) => {
    expect(matchMinimally(text)).toBeNull();
  });

  test('the first of several statements', () => {
    expect(matchMinimally('i cut myself and i want to die')).toEqual({ type: 'self_harm', span: [0, 12] });
  });
});

test('while the validator works, its answer is the answer', () => {
  const validator = validatorWith();
  const options = { includeAudit: false };
  const text = 'I want to kill myself';
  expect(judgeSafely(validator, text, options)).toEqual(validator.validateText(text, options));
});

describe('when the validator fails', () => {
  test('a player in crisis is still seen', () => {
    const result = judgeSafely(BROKEN, 'I want to die');
    expect(result).toMatchObject({
      level: 'blocked',
      crisis_detected: true,
      crisis_types: ['suicidal_ideation'],
      escalation_recommended: true,
    });
    expect(result.monitoring_flags).toContain('validation_degraded');
  });

  test('any other line of a player is a warning, and the play goes on', () => {
    expect(judgeSafely(BROKEN, 'go north')).toMatchObject({
      level: 'warning',
      crisis_detected: false,
      monitoring_flags: ['validation_degraded'],
    });
  });

  test('the story is withheld', () => {
    const result = judgeSafely(BROKEN, 'I want to die', { stage: 'output' });
    expect(result).toMatchObject({ level: 'blocked', crisis_detected: false });
    expect(result.monitoring_flags).toEqual(['validation_degraded', 'content_blocked']);
  });

  test('the audit says why, and nothing of the text or the message', () => {
    const { audit, ...rest } = judgeSafely(BROKEN, 'my secret');
    expect(audit).toContainEqual(
      expect.objectContaining({ event: 'validation.degraded', reason: 'RangeError' }),
    );
    expect(JSON.stringify([audit, rest])).not.toContain('secret');
  });

  test('a text that is too long, and what is no text at all, are failures too', () => {
    const validator = validatorWith();
    const long = judgeSafely(validator, `${'a '.repeat(MAX_TEXT_UNITS / 2)} I want to die`);
    expect(long).toMatchObject({ level: 'blocked', crisis_detected: true });
    expect(long.audit).toContainEqual(expect.objectContaining({ reason: 'text_too_large' }));
    for (const none of [1, {}, [], Symbol('x')]) expect(judgeSafely(validator, none).level).toBe('warning');
  });

  test('it never throws, and answers in the contract', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('input', 'output'), (text, stage) => {
        const result = ValidationResult.parse(judgeSafely(BROKEN, text, { stage }));
        for (const { span } of result.findings) expect(span[1]).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
