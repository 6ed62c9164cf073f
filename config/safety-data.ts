import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { FleetError } from '../src/kernel/errors.ts';
import { readPlainYaml } from './plain-yaml.ts';

const DEFAULT_FOLDER = 'config/safety';

const Texts = z.array(z.coerce.string().min(1).max(2000));
const Classes = z.record(z.string().regex(/^[a-z0-9_]+$/), Texts);

export const PHRASE_TIERS = ['direct', 'indirect', 'euphemism', 'slang', 'weak'] as const;

const Phrase = z.strictObject({
  /** Words, {class}, (optional), [one|another], * for words that do not matter. */
  text: z.string().min(1).max(2000),
  tier: z.enum(PHRASE_TIERS),
  severity: z.int().min(0).max(6),
  /** Present danger. */
  imminent: z.boolean().default(false),
  /** The phrase names the speaker as the one it happens to, so no fiction excuses it. */
  self: z.boolean().default(false),
  /** A subject that people also write about: without a speaker it is no disclosure where a study is the theme. */
  topic: z.boolean().default(false),
  /** real_target: a person of the player's life follows; actor: such a person does it; clause_end: nothing follows. */
  needs: z.enum(['real_target', 'actor', 'clause_end']).optional(),
});
export type Phrase = z.output<typeof Phrase>;

const LexiconFile = z.strictObject({
  type: z.string().regex(/^[a-z_]+$/),
  classes: Classes.default({}),
  phrases: z.array(Phrase),
  anchors: Texts.default([]),
});

const SentimentFile = z.looseObject({
  words: z.record(z.string(), z.number().min(-5).max(5)).default({}),
  intensifiers: Texts.default([]),
  emoji: z.record(z.string(), z.number().min(-5).max(5)).default({}),
});

const IdiomFile = z.strictObject({ idioms: Texts });

export interface TypedPhrase extends Phrase {
  readonly type: string;
}

/** Everything the safety room knows about one language. Lists of several files are joined. */
export interface SafetyData {
  readonly locale: string;
  readonly classes: ReadonlyMap<string, readonly string[]>;
  readonly phrases: readonly TypedPhrase[];
  /** Words that misspellings are read as. */
  readonly anchors: readonly string[];
  /** Cue phrases by what they show: negation, past, quotation … */
  readonly context: ReadonlyMap<string, readonly string[]>;
  readonly idioms: readonly string[];
  /** entities, subjects and game_words. */
  readonly fiction: ReadonlyMap<string, readonly string[]>;
  readonly sentiment: ReadonlyMap<string, number>;
  readonly intensifiers: readonly string[];
  readonly emoji: ReadonlyMap<string, number>;
  /** Words that are never taken for a misspelling of another. */
  readonly words: readonly string[];
  /** Weights of learned cues as they stand in `learned.tsv`; null where there are none. */
  readonly learned: string | null;
}

/**
 * Reads `<folder>/<locale>`: `lexicon/*.yaml`, and of each of `classes`, `context`, `idioms`, `fiction`, `sentiment`
 * and `words` the file of that name and those whose names begin so (`classes-more.yaml`), and `learned.tsv`.
 *
 * @param folder  default the data that comes with the product, wherever it was started
 * Errors: safety_data_invalid (invalid_input) naming the file and what is wrong
 */
export function readSafetyData(locale: string, folder: string = safetyFolder()): SafetyData {
  const root = join(folder, locale);
  const phrases: TypedPhrase[] = [];
  const anchors = new Set<string>();
  const classes = readLists(root, 'classes');
  for (const file of yamlFiles(join(root, 'lexicon'))) {
    const { type, classes: own, phrases: found, anchors: words } = read(file, LexiconFile);
    const scope = `${file.slice(file.lastIndexOf('/') + 1, -'.yaml'.length).replaceAll(/[^a-z0-9_]/gu, '_')}__`;
    const scoped = (text: string): string =>
      text.replaceAll(/\{(\w+)\}/gu, (whole, name: string) => (name in own ? `{${scope}${name}}` : whole));
    for (const [name, entries] of Object.entries(own)) classes.set(scope + name, entries.map(scoped));
    for (const phrase of found) phrases.push({ ...phrase, text: scoped(phrase.text), type });
    for (const word of words) anchors.add(word);
  }
  const sentiment = readSentiment(root);
  return {
    locale,
    classes,
    phrases,
    anchors: [...anchors],
    context: readLists(root, 'context'),
    idioms: startingWith(root, 'idioms').flatMap((file) => read(file, IdiomFile).idioms),
    fiction: readLists(root, 'fiction'),
    ...sentiment,
    words: [...readLists(root, 'words').values()].flat(),
    learned: readText(join(root, 'learned.tsv')),
  };
}

function readSentiment(root: string): Pick<SafetyData, 'sentiment' | 'intensifiers' | 'emoji'> {
  const sentiment = new Map<string, number>();
  const emoji = new Map<string, number>();
  const intensifiers: string[] = [];
  for (const file of startingWith(root, 'sentiment')) {
    const { words, intensifiers: more, emoji: pictures, ...rest } = read(file, SentimentFile);
    intensifiers.push(...more);
    for (const [picture, value] of Object.entries(pictures)) emoji.set(picture, value);
    for (const [word, value] of [...Object.entries(rest), ...Object.entries(words)]) {
      if (typeof value === 'number') sentiment.set(word, value);
    }
  }
  return { sentiment, intensifiers, emoji };
}

function readLists(root: string, name: string): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const file of startingWith(root, name)) {
    for (const [list, entries] of Object.entries(read(file, Classes))) {
      lists.set(list, [...(lists.get(list) ?? []), ...entries]);
    }
  }
  return lists;
}

function startingWith(root: string, name: string): string[] {
  return yamlFiles(root).filter((file) => {
    const own = file.slice(root.length + 1);
    return own === `${name}.yaml` || own.startsWith(`${name}-`);
  });
}

function readText(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

function yamlFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return names.sort().map((name) => join(folder, name));
}

function read<S extends z.ZodType>(file: string, schema: S): z.output<S> {
  try {
    const text = readFileSync(file, 'utf8');
    return schema.parse(readPlainYaml(text) ?? parse(text) ?? {});
  } catch (error) {
    throw new FleetError({
      code: 'safety_data_invalid',
      kind: 'invalid_input',
      message: `${file}: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`,
      cause: error,
    });
  }
}

/** Languages that have word lists. */
export function safetyLocales(folder: string = safetyFolder()): string[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.filter((name) => /^[a-z]{2}$/u.test(name) && existsSync(join(folder, name, 'lexicon')));
}

/** The data that comes with the product: sources and built files lie at different depths below it. */
export function safetyFolder(): string {
  for (let folder = new URL('./', import.meta.url), last = ''; folder.href !== last;) {
    const found = new URL(DEFAULT_FOLDER, folder);
    if (existsSync(found)) return fileURLToPath(found);
    last = folder.href;
    folder = new URL('../', folder);
  }
  return DEFAULT_FOLDER;
}

/**
 * A rules document as it stands in a file, JSON or YAML.
 *
 * Errors: safety_data_invalid (invalid_input) when the file cannot be read or is neither
 */
export function readRulesFile(file: string): unknown {
  return read(file, z.unknown());
}
