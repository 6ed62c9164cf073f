import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { answerForm } from '../../../src/models/answer-form.ts';

const Tale = z.strictObject({
  story: z.string().min(10).max(400),
  choices: z.array(z.strictObject({ maxLength: z.int().min(0), kind: z.enum(['a', 'b']) })).max(4),
});

describe('the form of an answer', () => {
  test('tells everything in words, and asks to be enforced only what providers enforce', () => {
    const { schema, enforced } = answerForm('tale', Tale);
    expect(schema).toMatchObject({ properties: { story: { minLength: 10, maxLength: 400 } } });
    expect(enforced).toMatchObject({
      type: 'object',
      required: ['story', 'choices'],
      additionalProperties: false,
      properties: {
        choices: { maxItems: 4, items: { properties: { kind: { enum: ['a', 'b'] } } } },
      },
    });
    expect(JSON.stringify(enforced)).not.toMatch(/minLength|"maxLength":\d|\$schema/);
  });

  test('keeps what an answer calls like a keyword', () => {
    const { enforced, isStrict } = answerForm('tale', Tale);
    const items = JSON.parse(JSON.stringify(enforced)) as {
      properties: { choices: { items: { properties: object } } };
    };
    expect(items.properties.choices.items.properties).toHaveProperty('maxLength.type', 'integer');
    expect(isStrict).toBe(true);
  });

  test.for([
    ['an optional field', z.strictObject({ a: z.string().optional() })],
    ['a field with a default', z.strictObject({ a: z.string().default('x') })],
    ['an object that may have more', z.looseObject({ a: z.string() })],
    ['such an object inside', z.strictObject({ a: z.array(z.looseObject({})) })],
    ['a record', z.strictObject({ a: z.record(z.string(), z.string()) })],
    ['no object at all', z.array(z.string())],
    ['a choice of forms', z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.string() })])],
  ] as const)('is not strict with %s', ([, schema]) => {
    expect(answerForm('form', schema).isStrict).toBe(false);
  });

  test('has a name that providers take', () => {
    expect(answerForm('new location!', Tale).name).toBe('new_location_');
    expect(answerForm('x'.repeat(80), Tale).name).toHaveLength(64);
  });
});
