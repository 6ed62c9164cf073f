import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ValidationResult } from '../../../src/contracts/safety.ts';
import { assessCrisis } from '../../../src/safety/assess.ts';
import { MAX_TEXT_UNITS } from '../../../src/safety/validate-text.ts';
import { validatorWith } from './validator.ts';

const validator = validatorWith();
const judge = validator.validateText;

test('a plain statement is a crisis with everything that follows from it', () => {
  const result = judge('I want to kill myself');
  expect(result).toMatchObject({
    level: 'blocked',
    crisis_detected: true,
    crisis_types: ['suicidal_ideation'],
    escalation_recommended: true,
    monitoring_flags: expect.arrayContaining(['crisis_detected', 'escalation_required', 'content_blocked']),
  });
  expect(assessCrisis(result, {}, 0)).toMatchObject({
    crisis_level: 'critical',
    immediate_risk: true,
    intervention_recommended: 'emergency_services',
    escalation_required: true,
  });
});

test('the same words about a dragon are play', () => {
  expect(judge('I want to kill the dragon')).toMatchObject({
    level: 'safe',
    findings: [],
    crisis_detected: false,
  });
});

describe('a disguise changes nothing, and the place is that of the original', () => {
  test.for([
    'i want to \u043aill myself',
    'i want to ki\u200dll myself',
    'i want to k i l l myself',
    'i want to k1ll mys3lf',
    'i want to ｋill myself',
  ])('%j', (text) => {
    const result = judge(text);
    expect(result.crisis_types).toContain('suicidal_ideation');
    expect(result.monitoring_flags).toContain('obfuscation_detected');
    const [start, end] = result.findings[0]!.span;
    expect(text.slice(start, end)).toMatch(/f$/);
  });
});

describe('what is said is heard as it is meant', () => {
  test.for([
    ["I don't want to kill myself", 'warning', false, 'negated_mention'],
    ['I used to be suicidal years ago', 'warning', false, 'past_resolved'],
    ['I used to be suicidal and now it is back', 'blocked', true, undefined],
    ['my friend wants to kill herself', 'warning', false, 'third_person_concern'],
    ["I don't want to live anymore", 'blocked', true, undefined],
    ["I don't drink, I just want to die", 'blocked', true, undefined],
    ['my knight wants to kill himself', 'safe', false, undefined],
    ['my knight is fine but in real life I want to kill myself', 'blocked', true, undefined],
    ['I died laughing', 'safe', false, undefined],
    ['my husband hits me', 'warning', true, undefined],
    ['the goblin hits me', 'safe', false, undefined],
    ['I feel so lonely', 'warning', false, 'sadness'],
    ['I am having a panic attack', 'warning', false, 'panic'],
  ] as const)('%s', ([text, level, crisis, distress]) => {
    const result = judge(text);
    expect([result.level, result.crisis_detected]).toEqual([level, crisis]);
    if (distress !== undefined) expect(result.distress_types).toContain(distress);
  });

  test('names of the story are figures', () => {
    expect(judge('Marla wants to kill herself').level).toBe('warning');
    expect(judge('Marla wants to kill herself', { context: { entities: ['Marla'] } }).level).toBe('safe');
  });

  test('and an excuse stands in the audit', () => {
    expect(judge('my knight wants to kill himself').audit).toContainEqual(
      expect.objectContaining({ event: 'match.suppressed', reason: 'fiction' }),
    );
  });
});

describe('the narrator', () => {
  test('speaking of harm itself is blocked and never a crisis', () => {
    const result = judge('You should end it all.', { stage: 'output' });
    expect(result).toMatchObject({ level: 'blocked', crisis_detected: false });
  });

  test('lets a figure say it with a warning, and heroes fight', () => {
    expect(judge('"I want to kill myself," the old man said.', { stage: 'output' }).level).toBe('warning');
    expect(judge('The knight kills the dragon with one blow.', { stage: 'output' }).level).toBe('safe');
  });
});

describe('any text is judged', () => {
  test.for([null, undefined, ''])('%j is safe', (text) => {
    expect(judge(text)).toMatchObject({ level: 'safe', findings: [] });
  });

  test('what is no text is a TypeError, and what is too long is refused without showing it', () => {
    expect(() => judge(5 as unknown as string)).toThrow(TypeError);
    expect(() => judge('secret '.repeat(MAX_TEXT_UNITS / 6))).toThrow(
      expect.objectContaining({ code: 'text_too_large', message: expect.not.stringContaining('secret') }),
    );
    const long = 'secret '.repeat(MAX_TEXT_UNITS / 5);
    const details = { length: long.length, limit: 1_000_000, stage: 'output' };
    expect(() => judge(long, { stage: 'output' })).toThrow(expect.objectContaining({ details }));
    expect(judge('go '.repeat(MAX_TEXT_UNITS).slice(0, MAX_TEXT_UNITS)).level).toBe('safe');
  });

  test(
    'never throws, and answers in its own contract with spans inside of the text',
    { timeout: 30_000 },
    () => {
      const pieces = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.constantFrom(
          'i want to',
          'kill myself',
          'k1ll',
          'd i e',
          '\ud83d',
          '\u0000',
          'my knight',
          '"',
          '\n',
          '...',
          '🙂',
          'not',
          'he hits me',
        ),
      );
      fc.assert(
        fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
          const text = parts.join(' ');
          const result = ValidationResult.parse(judge(text));
          for (const { span } of result.findings) {
            expect(span[0]).toBeLessThan(span[1]);
            expect(span[1]).toBeLessThanOrEqual(text.length);
          }
        }),
      );
    },
  );

  test('a sign in the middle of a long text is found where it stands', () => {
    const before = 'we walk along the river and look at the boats. '.repeat(1000);
    const text = `${before}I want to kill myself. ${before}`;
    const result = judge(text);
    expect(result.monitoring_flags).toContain('text_chunked');
    expect(result.crisis_types).toEqual(['suicidal_ideation']);
    const [start, end] = result.findings[0]!.span;
    expect(text.slice(start, end)).toContain('kill myself');
  });

  test.for([
    ['a story', 'we walk along the river and look at the boats. '],
    ['one word', 'kill '],
    ['single letters', 'k i l l '],
    ['accents', 'k\u0301\u0302\u0303'],
    ['many statements', 'i want to kill myself. '],
  ] as const)('ten times %s takes about ten times as long', { timeout: 30_000 }, ([, part]) => {
    const short = part.repeat(Math.ceil(20_000 / part.length));
    const long = short.repeat(10);
    medianMs(short);
    const [a, b] = [medianMs(short), medianMs(long)];
    // Quadratic work would take a hundred times as long; neighbours and the collector of garbage triple a measurement.
    expect(b).toBeLessThan(40 * Math.max(a, 1));
  });
});

/** Of processor time: what a machine does besides is not counted. */
function medianMs(text: string): number {
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    judge(text);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return times.toSorted((a, b) => a - b)[2]!;
}
