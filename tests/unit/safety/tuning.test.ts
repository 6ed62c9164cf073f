import { describe, expect, test } from 'vitest';
import { neverFailing } from '../../../src/safety/degraded.ts';
import { createValidator } from '../../../src/safety/validate-text.ts';
import { compileRules } from '../../../src/safety/rules/compile-rules.ts';
import type { FleetError } from '../../../src/kernel/errors.ts';
import { lexicon, validatorWith } from './validator.ts';

const judge = (document: unknown, text: string) => validatorWith(document).validateText(text);

function faultsOf(document: unknown): string[] {
  try {
    compileRules(document, { source: 'default' });
    return [];
  } catch (error) {
    return (error as FleetError).problems!.map(({ path, code }) => `${path}: ${code}`);
  }
}

describe('a document makes what is built in stricter, never laxer:', () => {
  test('a level is raised and not lowered', () => {
    const text = 'my husband beats me';
    const rule = (level: string) => ({ rules: [{ id: 'crisis_abuse', level }] });
    expect(judge({}, text).level).toBe('warning');
    expect(judge(rule('blocked'), text).level).toBe('blocked');
    expect(judge(rule('safe'), text)).toMatchObject({ level: 'warning', crisis_detected: true });
  });

  test('a priority that was left out stays', () => {
    const [finding] = judge({ rules: [{ id: 'crisis_abuse' }] }, 'my husband beats me').findings;
    expect(finding?.priority).toBe(85);
    const tuned = judge({ rules: [{ id: 'crisis_abuse', priority: 900 }] }, 'my husband beats me');
    expect(tuned.findings[0]?.priority).toBe(900);
  });

  test('what is escalated is escalated with more, not with fewer', () => {
    const escalates = (document: unknown): boolean | undefined =>
      judge(document, 'my husband beats me').findings[0]?.escalation_required;
    const own = (escalation_threshold: number) => ({ rules: [{ id: 'crisis_abuse', escalation_threshold }] });
    const before = escalates({});
    expect(escalates(own(0.1))).toBe(true);
    expect(escalates(own(1))).toBe(before);
    expect(escalates({ crisis_detection: { escalation_threshold: 0.1 } })).toBe(true);
    expect(escalates({ crisis_detection: { escalation_threshold: 1 } })).toBe(before);
  });

  test('nothing built in is turned off', () => {
    const off = (id: string) => ({ rules: [{ id, enabled: false }] });
    for (const id of ['crisis_self_harm', 'ethics_medical_advice', 'output_harm_instructions']) {
      expect(faultsOf(off(id))).toEqual(['/rules/0/enabled: built_in']);
    }
    expect(faultsOf(off('own'))).toEqual([]);
  });

  test('what watches the narrator stays when the document leaves it out', () => {
    const story = 'Here is how to hurt yourself.';
    const { validateText } = validatorWith({ rules: [{ id: 'own', terms: ['blue moon'] }] });
    expect(validateText(story, { stage: 'output' })).toMatchObject({ level: 'blocked' });
  });

  test('a plain statement is a crisis at any sensitivity, a hint only at a high one', () => {
    const at = (sensitivity: number, text: string): boolean =>
      judge({ crisis_detection: { sensitivity } }, text).crisis_detected;
    expect([0, 0.5, 1].map((sensitivity) => at(sensitivity, 'I want to kill myself'))).toEqual([
      true,
      true,
      true,
    ]);
    expect(at(0, 'I w4nt to k1ll mys3lf lol')).toBe(true);
    expect(at(0, 'everyone would be better off without me')).toBe(false);
    expect(at(0.7, 'everyone would be better off without me')).toBe(true);
  });

  test.for([
    ['the tone', { alternative_generation: { therapeutic_tone: false } }],
    ['the support', { alternative_generation: { supportive_messaging: false } }],
    ['the memory', { monitoring: { enabled: false } }],
    ['the count of violations', { monitoring: { track_violations: false } }],
  ] as const)('%s cannot be turned off', ([, document]) => {
    expect(faultsOf(document)).toEqual([expect.stringMatching(/: not_allowed$/)]);
  });
});

describe('what the document says of results', () => {
  const suggest = () => 'instead';
  const judged = (document: unknown, text: string) =>
    createValidator(lexicon, compileRules(document, { source: 'x' }), suggest).validateText(text);

  test('alternatives are there for every text that is not safe, where they are wanted', () => {
    expect(judged({}, 'I want to kill myself').alternative_content).toBe('instead');
    expect(judged({}, 'I open the door').alternative_content).toBeNull();
    const off = { alternative_generation: { enabled: false } };
    expect(judged(off, 'I want to kill myself').alternative_content).toBeNull();
  });

  test('a crisis asks for an alert where that is wanted', () => {
    expect(judged({}, 'I want to kill myself').should_alert).toBe(true);
    expect(judged({}, 'I open the door').should_alert).toBeUndefined();
    const off = { monitoring: { alert_on_escalation: false } };
    expect(judged(off, 'I want to kill myself')).not.toHaveProperty('should_alert');
  });
});

describe('when the judge itself fails', () => {
  const broken = {
    ...validatorWith(),
    validateText: (): never => {
      throw new RangeError('I want to kill myself');
    },
  };
  const stages: string[] = [];
  const { validateText } = neverFailing(broken, (stage) => stages.push(stage));

  test('a text of a player is a warning, and the plainest words are found', () => {
    expect(validateText('I open the door')).toMatchObject({
      level: 'warning',
      crisis_detected: false,
      monitoring_flags: ['validation_degraded'],
    });
    expect(validateText('I WANT TO KILL MYSELF')).toMatchObject({
      level: 'blocked',
      crisis_types: ['suicidal_ideation'],
      escalation_recommended: true,
    });
  });

  test('a story is withheld', () => {
    expect(validateText('You open the door.', { stage: 'output' }).level).toBe('blocked');
    expect(stages).toEqual(['input', 'input', 'output']);
  });

  test('an error of the caller stays one', () => {
    const { validateText: real } = neverFailing(validatorWith(), () => expect.unreachable());
    expect(() => real(7 as unknown as string)).toThrow(TypeError);
    expect(() => real('a'.repeat(2_000_000))).toThrow('at most');
  });
});
