import { describe, expect, test } from 'vitest';
import type { FleetError } from '../../../src/kernel/errors.ts';
import { compileRules } from '../../../src/safety/rules/compile-rules.ts';
import { requiredLiterals } from '../../../src/safety/rules/required-literals.ts';
import { validatorWith } from './validator.ts';

function faultsOf(document: unknown): string[] {
  try {
    compileRules(document, { source: 'file:x' });
    return [];
  } catch (error) {
    return (error as FleetError).problems!.map(({ path, message }) => `${path} ${message}`);
  }
}

describe('a rule', () => {
  test('of terms finds whole words where they stand', () => {
    const { validateText } = validatorWith({
      rules: [{ id: 'secret', level: 'warning', terms: ['Blue Moon'], priority: 5 }],
    });
    const text = 'at the BLUE moon, not at blue moonlight';
    expect(validateText(text).findings).toMatchObject([{ rule_id: 'secret', span: [7, 16], confidence: 1 }]);
  });

  test('of a pattern runs on folded text, or on the text as it is when case counts', () => {
    const folded = validatorWith({
      rules: [{ id: 'a', level: 'warning', pattern: '\\bM[OÖ]ON(light)?\\b' }],
    });
    expect(folded.validateText('the móonlight').findings).toMatchObject([{ span: [4, 13] }]);
    const exact = validatorWith({ rules: [{ id: 'a', level: 'warning', pattern: 'Moon', flags: '' }] });
    expect(exact.validateText('moon').level).toBe('safe');
    expect(exact.validateText('the Moon').level).toBe('warning');
  });

  test("of a crisis of one's own is honoured", () => {
    const { validateText } = validatorWith({
      rules: [
        {
          id: 'crisis_substance',
          level: 'warning',
          validation_type: 'crisis_detection',
          pattern: 'purple powder',
        },
      ],
    });
    expect(validateText('give me the purple powder').crisis_types).toEqual(['substance']);
    expect(validateText('I want to kill myself').crisis_types).toEqual(['suicidal_ideation']);
  });

  test('for the narrator leaves the player alone', () => {
    const { validateText } = validatorWith({
      rules: [{ id: 'a', level: 'blocked', terms: ['blue moon'], stages: ['output'] }],
    });
    expect(validateText('blue moon').level).toBe('safe');
    expect(validateText('blue moon', { stage: 'output' }).level).toBe('blocked');
  });

  test('that makes other engines backtrack for ever takes no time to speak of', () => {
    const { validateText } = validatorWith({ rules: [{ id: 'a', level: 'warning', pattern: '(a+)+$' }] });
    expect(validateText(`${'a'.repeat(5000)}b`).level).toBe('safe');
  });
});

describe('a document is refused as a whole', () => {
  test.for([
    ['a back-reference', { rules: [{ id: 'bad', pattern: '(a)\\1' }] }, '"bad"'],
    ['look-around', { rules: [{ id: 'bad', pattern: '(?=a)b' }] }, '"bad"'],
    ['an unknown flag', { rules: [{ id: 'bad', pattern: 'a', flags: 'g' }] }, '"bad"'],
    ['one id twice', { rules: [{ id: 'a' }, { id: 'a' }] }, 'twice'],
    ['an unknown key', { rules: [], extra: 1 }, 'extra'],
    [
      'an unknown placeholder',
      { rules: [{ id: 'bad', alternative_template: 'call {name}' }] },
      'placeholders',
    ],
    ['no crises at all', { crisis_detection: { enabled: false } }, 'cannot be turned off'],
    [
      'a crisis without a type',
      { rules: [{ id: 'bad', validation_type: 'crisis_detection', terms: ['x y'] }] },
      'crisis_type',
    ],
  ] as const)('for %s', ([, document, reason]) => {
    expect(faultsOf(document).join()).toContain(reason);
  });

  test('and all its faults are told at once', () => {
    expect(
      faultsOf({
        rules: [
          { id: 'a', pattern: '(' },
          { id: 'b', pattern: '(?!x)' },
        ],
      }),
    ).toHaveLength(2);
  });
});

describe('a text is shown to the engine only with', () => {
  test.for([
    ['diagnose|prescribe', ['diagnose', 'prescribe']],
    ['\\bhello (?:big )?world\\b', ['hello ']],
    ['a(?:bc|de)+f', ['bc', 'de']],
    ['(?:x|yy)zz*', null],
    ['[abc]+', null],
    ['colou?rs?', ['colo']],
    ['ab{0,3}cd', ['cd']],
    ['\\Qab\\E', null],
    ['(?i)abc', null],
  ] as const)('%s: %j', ([pattern, literals]) => {
    expect(requiredLiterals(pattern)).toEqual(literals);
  });
});
