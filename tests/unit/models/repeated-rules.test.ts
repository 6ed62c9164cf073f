import { describe, expect, it } from 'vitest';
import { repeatsRules, textsIn } from '../../../src/models/repeated-rules.ts';

const RULES = 'You tell one turn of a tale. Name nobody, nothing and no way that is not in view.';

describe('a text repeats its rules', () => {
  it.each([
    RULES,
    'A voice says: “name nobody, NOTHING and – no way that is not…”',
    'name\nnobody,\nnothing and no way that',
  ])('when seven of their words follow each other: %s', (text) => {
    expect(repeatsRules(text, RULES)).toBe(true);
  });

  it.each(['', 'Name nobody, nothing and no way.', 'Nobody names the way that is not in view of the tale.'])(
    'not when it only shares words with them: %s',
    (text) => expect(repeatsRules(text, RULES)).toBe(false),
  );
});

it('finds the texts of an answer wherever they stand', () => {
  expect(textsIn({ a: 'one', b: [{ c: 'two', d: 3 }, null], e: true })).toEqual(['one', 'two']);
});
