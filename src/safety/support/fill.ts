import type { SupportLine, SupportTemplates } from '../../../config/safety-support.ts';
import type { SupportResource } from '../../contracts/support.ts';
import type { Place } from './regions.ts';

/** Lines for more subjects than this are for everything. */
const SPECIAL = 3;

/**
 * The lines of a place for these subjects: those made for one of them first, and of two alike the one that is always
 * there and speaks the language. Never empty.
 */
export function linesFor(place: Place, types: readonly string[], language: string): readonly SupportLine[] {
  const fitting = place.lines.filter((line) => line.types.some((type) => types.includes(type)));
  const lines = fitting.length > 0 ? fitting : place.lines;
  return lines.toSorted((a, b) => rank(a, types, language) - rank(b, types, language));
}

function rank(line: SupportLine, types: readonly string[], language: string): number {
  const isAlwaysThere = line.hours === '24/7' ? 0 : 4;
  const isSpecial = types.length > 0 && line.types.length <= SPECIAL ? 0 : 2;
  return isAlwaysThere + isSpecial + (line.languages.includes(language) ? 0 : 1);
}

/** Puts the first of the lines and the emergency number into a text. */
export function fill(
  text: string,
  { contact }: SupportTemplates,
  lines: readonly SupportLine[],
  place: Place,
): string {
  const [line] = lines;
  const values: Readonly<Record<string, string>> = {
    resource_name: line?.name ?? '',
    resource_contact: line === undefined ? '' : contactOf(line, contact),
    emergency_number: place.emergency[0] ?? contact.local_emergency,
  };
  return text.replaceAll(/\{(\w+)\}/gu, (whole, name: string) => values[name] ?? whole);
}

/** How the emergency services are reached, in words where no number is known. */
export function emergencyContacts(place: Place, { contact }: SupportTemplates): readonly string[] {
  return place.emergency.length > 0 ? place.emergency : [contact.local_emergency];
}

export function asResource({ types: _types, ...line }: SupportLine): SupportResource {
  const { id, name, phone, sms, url, hours, languages } = line;
  return {
    id,
    name,
    ...(phone === undefined ? {} : { phone }),
    ...(sms === undefined ? {} : { sms }),
    ...(url === undefined ? {} : { url }),
    hours,
    languages,
  };
}

function contactOf({ phone, sms, url }: SupportLine, say: SupportTemplates['contact']): string {
  if (phone !== undefined && phone === sms) return put(say.either, { value: phone });
  const ways: string[] = [];
  if (phone !== undefined) ways.push(put(say.call, { value: phone }));
  if (sms !== undefined) {
    const [, word, number] = /^([A-Z]+) to ([\d ]+)$/u.exec(sms) ?? [];
    ways.push(
      word === undefined ? put(say.text, { value: sms }) : put(say.text_word, { word, number: number! }),
    );
  }
  return ways.length > 0 ? ways.join(say.or) : put(say.visit, { value: url ?? '' });
}

function put(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/gu, (whole, name: string) => values[name] ?? whole);
}
