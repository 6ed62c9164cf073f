import { describe, expect, test } from 'vitest';
import {
  CRISIS_TYPES,
  halfOf,
  LabelledLine,
  readLabelledLines,
  type LabelledLine as Line,
} from '../../support/labelled-lines.ts';

/** Every kind of line that the evaluation is answerable for, each with its tag. */
const CATEGORIES = [
  'direct',
  'indirect',
  'euphemism',
  'imminent',
  'first_person',
  'third_person',
  'negation',
  'negation_inside',
  'past',
  'past_returned',
  'idiom',
  'fiction',
  'own_character_death',
  'frame_break',
  'quote',
  'academic',
  'friend_question',
  'obfuscated',
  'leet',
  'spacing',
  'homoglyph',
  'emoji',
  'slang',
  'typo',
  'case',
  'long',
  'short',
  'sadness',
  'panic',
  'medical',
  'substring',
  'neutral',
];
/** Where two lines may be the same words in another disguise. */
const DISGUISES = new Set(['obfuscated', 'typo', 'case', 'short', 'emoji']);

const english = readLabelledLines('en');
const spanish = readLabelledLines('es');
const adults = readLabelledLines('en-adults');
const players = readLabelledLines('en-players');
const volunteers = readLabelledLines('en-volunteers');
const auditors = readLabelledLines('en-auditors');

function wordsOf(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replaceAll(/['’]/g, '')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Pairs of lines of which one becomes the other by changing, adding or leaving out one word. */
function nearPairs(lines: readonly Line[]): string[] {
  const seen = new Map<string, string>();
  return lines
    .filter((line) => !line.tags.some((tag) => DISGUISES.has(tag)))
    .flatMap(({ text }) => {
      const words = wordsOf(text);
      const changed = words.map((_, at) => `* ${words.with(at, '').join(' ')}`);
      const shorter = words.map((_, at) => `- ${words.toSpliced(at, 1).join(' ')}`);
      const shapes = new Set([...changed, ...shorter, `- ${words.join(' ')}`]);
      const other = [...shapes].map((shape) => seen.get(shape)).find((found) => found !== undefined);
      for (const shape of shapes) seen.set(shape, text);
      return other === undefined ? [] : [`${other} | ${text}`];
    });
}

test('the English sets have at least 1000 and twice 500 lines and the Spanish one 120, all well-formed', () => {
  expect(english.length).toBeGreaterThanOrEqual(1000);
  expect(spanish.length).toBeGreaterThanOrEqual(120);
  expect(adults.length).toBeGreaterThanOrEqual(500);
  expect(players.length).toBeGreaterThanOrEqual(500);
});

test.for([
  { locale: 'en', lines: english, perType: 30 },
  { locale: 'en, adults', lines: adults, perType: 15 },
  { locale: 'en, players', lines: players, perType: 15 },
  { locale: 'en, volunteers', lines: volunteers, perType: 12 },
  { locale: 'en, auditors', lines: auditors, perType: 12 },
  { locale: 'es', lines: spanish, perType: 4 },
])('$locale: crisis and play are balanced, and every type of crisis is there', ({ lines, perType }) => {
  const share = lines.filter((line) => line.crisis).length / lines.length;
  expect(share).toBeGreaterThan(0.4);
  expect(share).toBeLessThan(0.6);
  for (const type of CRISIS_TYPES)
    expect(lines.filter((line) => line.type === type).length, type).toBeGreaterThanOrEqual(perType);
});

test.for(CATEGORIES)('at least 15 English lines are tagged %s', (tag) => {
  expect(english.filter((line) => line.tags.includes(tag)).length).toBeGreaterThanOrEqual(15);
});

test('no line is there twice, and no two differ in one word only', () => {
  for (const lines of [english, adults, players, volunteers, auditors, spanish]) {
    expect(new Set(lines.map((line) => line.text)).size).toBe(lines.length);
    expect(nearPairs(lines)).toEqual([]);
  }
});

test('both halves are of like size, and each knows every type', () => {
  for (const half of ['dev', 'kept'] as const) {
    const lines = english.filter((line) => halfOf(line.text) === half);
    expect(lines.length / english.length).toBeGreaterThan(0.45);
    expect(new Set(lines.map((line) => line.type)).size).toBe(CRISIS_TYPES.length + 1);
  }
});

describe('the rules notice', () => {
  const line = { text: 'look', crisis: false, type: null, level: 'safe', tags: ['neutral'] };

  test.for([
    { ...line, crisis: true },
    { ...line, type: 'abuse' },
    { ...line, crisis: true, type: 'abuse' },
    { ...line, level: 'blocked' },
    { ...line, tags: [] },
    { ...line, half: 'dev' },
  ])('%o', (bad) => {
    expect(LabelledLine.safeParse(line).success).toBe(true);
    expect(LabelledLine.safeParse(bad).success).toBe(false);
  });

  test('two lines that differ in one word', () => {
    const pair = (text: string): Line => ({ ...LabelledLine.parse(line), text });
    expect(nearPairs([pair('go to the old mill'), pair('Go to the mill')])).toHaveLength(1);
    expect(nearPairs([pair('go to the mill'), pair('go to the barn')])).toHaveLength(1);
    expect(nearPairs([pair('go to the mill'), pair('walk to a barn')])).toEqual([]);
  });
});
