import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FleetError } from '../src/kernel/errors.ts';
import { safetyFolder } from './safety-data.ts';

/** The words for somebody at risk, and the places where somebody listens: read once, when a process starts. */

const Name = z.string().regex(/^[a-z][a-z_]*$/);
const Text = z.string().min(60).max(2000);

const Line = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/),
    name: z.string().min(2).max(80),
    phone: z
      .string()
      .regex(/^[\d -]+$/)
      .optional(),
    /** A number, or `WORD to number`. */
    sms: z
      .string()
      .regex(/^(?:[A-Z]+ to )?[\d ]+$/)
      .optional(),
    url: z.url({ protocol: /^https$/ }).optional(),
    hours: z.string().min(4),
    languages: z.array(z.string().length(2)).min(1),
    types: z.array(Name).min(1),
  })
  .refine(({ phone, sms, url }) => (phone ?? sms ?? url) !== undefined, 'a line without any contact');
export type SupportLine = z.output<typeof Line>;

const Lines = z.array(Line).min(1);

const Region = z.strictObject({
  emergency: z.string().regex(/^\d{2,4}$/),
  /** Other numbers that reach the same. */
  emergency_also: z.array(z.string().regex(/^\d{2,4}$/)).default([]),
  lines: Lines,
});
export type SupportRegion = z.output<typeof Region>;

const Resources = z.strictObject({
  version: z.int(),
  /** The day on which somebody last made sure of every number. */
  verified_at: z.iso.date(),
  regions: z.record(z.string().regex(/^[A-Z]{2}$/), Region),
  /** For everybody whose region is unknown: it names no number, for every number is wrong somewhere. */
  default: z.strictObject({ lines: Lines }),
});
export type SupportResources = z.output<typeof Resources>;

const Templates = z.strictObject({
  version: z.int(),
  locale: z.string().regex(/^[a-z]{2}$/),
  /** Of which every text has at least one. */
  supportive_words: z.array(z.string().min(3)).min(1),
  crisis: z.record(Name, z.strictObject({ critical: Text, high: Text, moderate: Text })),
  distress: z.strictObject({
    panic: Text,
    third_person_concern: Text,
    negated_mention: Text,
    past_resolved: Text,
    sadness: Text,
  }),
  boundary: z.strictObject({ medical_request: Text, inappropriate: Text, default: Text }),
  level: z.strictObject({ warning: Text, blocked: Text }),
  output: z.strictObject({ fallback: Text, session_hold: Text }),
  /** How a contact is said: `{value}`, and for a word that is sent to a number `{word}` and `{number}`. */
  contact: z.strictObject({
    call: z.string().min(1),
    text: z.string().min(1),
    text_word: z.string().min(1),
    either: z.string().min(1),
    visit: z.string().min(1),
    or: z.string().min(1),
    /** What stands for `{emergency_number}` where the region is unknown. */
    local_emergency: z.string().min(1),
  }),
});
export type SupportTemplates = z.output<typeof Templates>;

export interface SupportData {
  readonly resources: SupportResources;
  /** By language. */
  readonly templates: ReadonlyMap<string, SupportTemplates>;
}

/**
 * `resources.json` and every `templates.<language>.json` of a folder.
 *
 * @param folder  default the data that comes with the product
 * Errors: safety_data_invalid (invalid_input) naming file and key
 */
export function readSupportData(folder: string = safetyFolder()): SupportData {
  const templates = new Map<string, SupportTemplates>();
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  for (const name of names) {
    const language = /^templates\.([a-z]{2})\.json$/u.exec(name)?.[1];
    if (language === undefined) continue;
    const found = read(join(folder, name), Templates);
    if (found.locale !== language) {
      throw supportInvalid(`${name}: locale: expected "${language}", as in the name, got "${found.locale}"`);
    }
    templates.set(language, found);
  }
  return { resources: read(join(folder, 'resources.json'), Resources), templates };
}

/** Errors of what stands in these files begin with the key. */
export function supportInvalid(message: string, cause?: unknown): FleetError {
  return new FleetError({ code: 'safety_data_invalid', kind: 'invalid_input', message, cause });
}

function read<S extends z.ZodType>(file: string, schema: S): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw supportInvalid(`${file}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'file'}: ${message}`);
  throw supportInvalid(`${file}: ${faults.join('; ')}`, parsed.error);
}
