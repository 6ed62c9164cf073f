import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  CRISIS_TYPES,
  halfOf,
  LABELLED_SETS,
  LabelledLine,
  readLabelledLines,
} from '../../support/labelled-lines.ts';

const FOLDER = join(import.meta.dirname, '../../../config/safety');
const LOCALES = ['en', 'es'] as const;
/** Distress and boundaries stand beside the crises and are reported as warnings. */
const OTHER_TYPES = ['sadness', 'panic', 'medical_request', 'inappropriate'];
const TIERS = ['direct', 'indirect', 'euphemism', 'slang', 'weak'] as const;

/** As a text is after folding: what is written otherwise here would never match. */
const Words = z.string().regex(/^[a-z0-9 ]+$/);
const Pattern = z
  .string()
  .regex(/^[a-z0-9 {}_()[\]|*]+$/)
  .refine(isBalanced, 'brackets that do not close');
const Phrase = z.strictObject({
  text: Pattern,
  tier: z.enum(TIERS),
  severity: z.int().min(0).max(6),
  imminent: z.boolean().optional(),
  self: z.boolean().optional(),
  topic: z.boolean().optional(),
  needs: z.enum(['real_target', 'actor', 'clause_end']).optional(),
});
const Classes = z.record(z.string().regex(/^[a-z][a-z_]*$/), z.array(Pattern).min(1));
const Lexicon = z.strictObject({
  type: z.enum([...CRISIS_TYPES, ...OTHER_TYPES]),
  anchors: z.array(Words).default([]),
  classes: Classes.default({}),
  phrases: z.array(Phrase).min(1),
});
const Lists = z.record(z.string(), z.array(Pattern).min(1));
const Sentiment = z.strictObject({
  words: z.record(Words, z.int().min(-5).max(5)),
  intensifiers: z.array(Words),
  emoji: z.record(z.string().min(1), z.int().min(-5).max(5)),
});

function isBalanced(text: string): boolean {
  const open: string[] = [];
  for (const letter of text) {
    if ('([{'.includes(letter)) open.push(letter);
    else if (')]}'.includes(letter) && `${open.pop() ?? ''}${letter}`.match(/\(\)|\[\]|\{\}/) === null)
      return false;
  }
  return open.length === 0;
}

function read<S extends z.ZodType>(locale: string, file: string, schema: S): z.output<S> {
  return schema.parse(parse(readFileSync(join(FOLDER, locale, file), 'utf8')));
}

function readLexicons(locale: string): z.output<typeof Lexicon>[] {
  return readdirSync(join(FOLDER, locale, 'lexicon')).map((file) => {
    const lexicon = read(locale, `lexicon/${file}`, Lexicon);
    expect(file).toBe(`${lexicon.type}.yaml`);
    return lexicon;
  });
}

/** How many different texts a pattern without gaps stands for. */
function readingsOf(text: string, classes: Readonly<Record<string, readonly string[]>>): number {
  const slots = [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => classes[name]?.length ?? 0);
  const choices = [...text.matchAll(/\[([^[\]]*)\]/g)].map(([, inner = '']) => inner.split('|').length);
  return [...slots, ...choices].reduce((product, size) => product * size, 1);
}

const idiomsOf = (locale: string): string[] =>
  read(locale, 'idioms.yaml', z.strictObject({ idioms: z.array(Pattern) })).idioms;

describe.for(LOCALES)('%s', (locale) => {
  const shared = read(locale, 'classes.yaml', Classes);
  const lexicons = readLexicons(locale);

  test('every crisis type has words of every tier that is worth having', () => {
    for (const type of CRISIS_TYPES) {
      const phrases = lexicons
        .filter((lexicon) => lexicon.type === type)
        .flatMap((lexicon) => lexicon.phrases);
      for (const tier of TIERS.slice(0, 4))
        expect(
          phrases.some((phrase) => phrase.tier === tier),
          `${type}: ${tier}`,
        ).toBe(true);
    }
  });

  test('every class that a phrase names exists, and none is left over', () => {
    const named = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    for (const { type, classes, phrases } of lexicons) {
      const known: Record<string, string[]> = { ...shared, ...classes, number: [] };
      const open = phrases.flatMap(({ text }) => named(text));
      const used = new Set<string>();
      for (const name of open) {
        expect(Object.keys(known), `${type}: {${name}}`).toContain(name);
        if (used.has(name)) continue;
        used.add(name);
        open.push(...(known[name] ?? []).flatMap(named));
      }
      expect(
        Object.keys(classes).filter((name) => !used.has(name)),
        type,
      ).toEqual([]);
    }
  });

  test('no phrase is there twice', () => {
    for (const { type, phrases } of lexicons) {
      const texts = phrases.map((phrase) => phrase.text);
      expect(
        texts.filter((text, at) => texts.indexOf(text) !== at),
        type,
      ).toEqual([]);
    }
    const idioms = idiomsOf(locale);
    expect(new Set(idioms).size).toBe(idioms.length);
  });

  test('only violence asks for a real person, only crises have a severity', () => {
    for (const { type, phrases } of lexicons)
      for (const { text, needs, severity } of phrases) {
        if (needs === 'real_target') expect(type, text).toBe('violence');
        expect(severity > 0, text).toBe((CRISIS_TYPES as readonly string[]).includes(type));
      }
  });

  test('the mood of a text knows nothing of combat', () => {
    const { words } = read(locale, 'sentiment.yaml', Sentiment);
    const combat = [
      'kill',
      'die',
      'dead',
      'attack',
      'fight',
      'sword',
      'matar',
      'morir',
      'muerto',
      'atacar',
      'luchar',
    ];
    expect(combat.filter((word) => word in words)).toEqual([]);
    expect(Object.values(words)).not.toContain(0);
  });

  test('cues of context and the words of play are lists of patterns', () => {
    expect(Object.keys(read(locale, 'context.yaml', Lists))).toEqual(
      expect.arrayContaining([
        'negation',
        'pseudo_negation',
        'terminators',
        'past',
        'recent',
        'returned',
        'self_correction',
        'academic',
        'quotation',
        'quote_affirmed',
        'frame_breakers',
        'hedges',
        'help_seeking',
        'future_oriented',
      ]),
    );
    expect(Object.keys(read(locale, 'fiction.yaml', Lists))).toEqual(
      expect.arrayContaining(['entities', 'subjects', 'game_words']),
    );
  });
});

test('English is as rich as promised: 1200 phrases, 250 idioms, 800 words of play', () => {
  const shared = read('en', 'classes.yaml', Classes);
  const readings = readLexicons('en')
    .filter(({ type }) => (CRISIS_TYPES as readonly string[]).includes(type))
    .flatMap(({ classes, phrases }) =>
      phrases.map(({ text }) => readingsOf(text, { ...shared, ...classes })),
    );
  expect(readings.length).toBeGreaterThanOrEqual(1200);
  expect(readings.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(10_000);
  expect(idiomsOf('en').length).toBeGreaterThanOrEqual(250);
  expect(Object.values(read('en', 'fiction.yaml', Lists)).flat().length).toBeGreaterThanOrEqual(800);
  expect(Object.keys(read('en', 'sentiment.yaml', Sentiment).words).length).toBeGreaterThanOrEqual(1500);
});

test('the lines that are learned from are well-formed, and none is of a kept half', () => {
  const kept = new Set(
    LABELLED_SETS.flatMap(readLabelledLines)
      .filter(({ text }) => halfOf(text) === 'kept')
      .map(({ text }) => text.toLowerCase()),
  );
  const folder = 'tests/fixtures/safety/training';
  const examples = readdirSync(folder)
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n'))
    .map((line) => LabelledLine.parse(JSON.parse(line)));
  const texts = examples.map(({ text }) => text.toLowerCase());
  expect(texts.length).toBeGreaterThan(5000);
  expect(texts.filter((text) => kept.has(text))).toEqual([]);
});
