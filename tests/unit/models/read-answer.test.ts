import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { extractJson, readAnswer } from '../../../src/models/read-answer.ts';

const object = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
/** Prose that holds no object of its own. */
const prose = fc.string().map((text) => text.replace(/[{}"<\\]/g, ''));

describe('the object in a text', () => {
  test('is found between prose, whatever is in it', () => {
    fc.assert(
      fc.property(prose, object, prose, (before, value, after) => {
        const json = JSON.stringify(value);
        expect(extractJson(`${before}${json}${after}`)).toEqual(JSON.parse(json));
      }),
    );
  });

  test.for([
    ['```json\n{"a": 1}\n```', { a: 1 }],
    ['<think>{"a": 0}</think>{"a": 1}', { a: 1 }],
    ['{"a": "<think>"}', { a: '<think>' }],
    ['{not this} but {"a": {"b": "}"}}', { a: { b: '}' } }],
    ['<think>{"a": 0} and it never ends', undefined],
    ['{"a": 1', undefined],
    ['nothing', undefined],
    ['"a word"', undefined],
    ['null', undefined],
    ['', undefined],
  ] as const)('of %j is %j', ([text, value]) => {
    expect(extractJson(text)).toEqual(value);
  });

  test('is looked for in any text without a crash, and not for ever', () => {
    fc.assert(fc.property(fc.string(), (text) => void extractJson(text)));
    expect(extractJson('{'.repeat(200_000))).toBeUndefined();
    expect(extractJson(`${' '.repeat(200_000)}{}`)).toBeUndefined();
  });
});

test('an answer that recites the rules it was made by is no answer', () => {
  const output = z.strictObject({ words: z.string() });
  const request = {
    name: 'words',
    system: 'You say a few words about the weather of the day, and nothing else.',
    context: null,
    player: '',
    output,
    temperature: 0,
  };
  const recited = { words: 'My rules: “say a few words about the weather of the day”.' };
  expect(readAnswer(request, JSON.stringify(recited), false)).toEqual({
    ok: false,
    issues: ['it repeats these rules: they are not to be told'],
  });
  const said = { words: 'A few words about the weather, then: it rains.' };
  expect(readAnswer(request, JSON.stringify(said), false)).toEqual({ ok: true, value: said });
});
