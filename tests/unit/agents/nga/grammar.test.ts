import { describe, expect, it } from 'vitest';
import * as closings from '../../../../src/agents/nga/grammar/closings.ts';
import * as feelings from '../../../../src/agents/nga/grammar/feelings.ts';
import * as gestures from '../../../../src/agents/nga/grammar/gestures.ts';
import * as inward from '../../../../src/agents/nga/grammar/inward.ts';
import * as goals from '../../../../src/agents/nga/grammar/goals.ts';
import * as memories from '../../../../src/agents/nga/grammar/memories.ts';
import * as meta from '../../../../src/agents/nga/grammar/meta.ts';
import * as instead from '../../../../src/agents/nga/grammar/openings-instead.ts';
import * as talkingOn from '../../../../src/agents/nga/grammar/openings-talking-on.ts';
import { OPENINGS } from '../../../../src/agents/nga/grammar/openings.ts';
import * as outcomes from '../../../../src/agents/nga/grammar/outcomes.ts';
import * as refusals from '../../../../src/agents/nga/grammar/refusals.ts';
import * as replies from '../../../../src/agents/nga/grammar/replies.ts';
import * as scenery from '../../../../src/agents/nga/grammar/scenery.ts';
import * as voices from '../../../../src/agents/nga/grammar/voices.ts';
import { fill } from '../../../../src/agents/nga/select.ts';

/** Every list of variants in the grammar, with the path to it. */
function slotsIn(value: unknown, path: string): [path: string, variants: string[]][] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) {
    // Lists of words that name kinds of choices are no sentences.
    return value.some((each) => each.includes(' ') || each.includes('?')) ? [[path, value]] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => slotsIn(inner, `${path}.${key}`));
}

const GRAMMAR = {
  closings,
  feelings,
  gestures,
  goals,
  inward,
  memories,
  meta,
  instead,
  OPENINGS,
  outcomes,
  refusals,
  replies,
  scenery,
  talkingOn,
  voices,
};
const SLOTS = slotsIn(GRAMMAR, 'grammar');
const AMERICAN =
  /\b(?:toward|color\w*|favor\w*|gray|realiz\w*|apologiz\w*|recogniz\w*|traveler\w*|center|honor\w*|neighbor\w*|practicing)\b/i;

describe('the grammar', () => {
  it('is there', () => {
    expect(SLOTS.length).toBeGreaterThan(80);
  });

  it.each(SLOTS)('%s has six variants or more, all different', (_path, variants) => {
    expect(variants.length).toBeGreaterThanOrEqual(6);
    expect(new Set(variants).size).toBe(variants.length);
  });

  it.each(SLOTS)('%s is in whole sentences and one spelling', (_path, variants) => {
    for (const variant of variants) {
      expect(variant).toMatch(/^(?:“?\p{Lu}|“?\{|“)/u);
      expect(variant, variant).toMatch(/[.?!…][”’]?$|\{fact\}$/u);
      expect(variant).not.toMatch(AMERICAN);
      expect(variant).not.toMatch(/ {2}|["']| [,.;:?!]|\ba [aeio](?!ne)|\ban [bcdfgjklmnpqrstvwxyz]/i);
    }
  });

  it.each([
    ['A {mood} glance.', { mood: 'anxious' }, 'An anxious glance.'],
    ['A {mood} glance.', { mood: 'useful' }, 'A useful glance.'],
    ['It is a {mood} hour.', { mood: 'honest' }, 'It is an honest hour.'],
    ['{Thing} {is} here.', { thing: 'the owl feathers', is: 'are' }, 'The owl feathers are here.'],
    ['{nobody} filled this.', {}, '{nobody} filled this.'],
  ])('“%s” with %o', (template, fillings, expected) => {
    expect(fill(template, fillings as Record<string, string>)).toBe(expected);
  });
});
