import { z } from 'zod';
import { parseDuration, parseSize } from './durations.ts';

/** How a text from the environment becomes the value of a key. */
export type KeyKind =
  | 'boolean'
  | 'integer'
  | 'duration'
  | 'size'
  | 'text'
  | 'list'
  | 'records'
  | 'named_records'
  | 'boolean_or_integer';

/** What messages and readers must know of a key beyond its zod schema. */
export interface KeyTraits {
  readonly kind: KeyKind;
  /** Completes "expected …" in a message. */
  readonly expected: string;
  readonly isNullable: boolean;
  /** Never shown: `whole` hides the value, `url` hides the credentials inside an address. */
  readonly secret?: 'whole' | 'url';
}

const traits = z.registry<KeyTraits>();

/** The traits of a key's schema; undefined for a section. */
export function traitsOf(schema: z.ZodType): KeyTraits | undefined {
  return traits.get(schema);
}

interface Options<T> {
  readonly default: T;
  readonly description: string;
}
interface Range {
  readonly min: number;
  readonly max: number;
}

/** A section of the tree: unknown keys are refused, an absent section consists of its defaults. */
export function section<S extends z.ZodRawShape>(shape: S) {
  // Every key below has a default, so the empty object is a valid input; the compiler cannot see that.
  return z.strictObject(shape).prefault({} as z.input<z.ZodObject<S, z.core.$strict>>);
}

export function flag(options: Options<boolean>) {
  return key(z.boolean(), options, { kind: 'boolean', expected: 'boolean', isNullable: false });
}

export function integer(options: Options<number> & Range) {
  const expected = `integer ${options.min}..${options.max}`;
  return key(integerIn(options), options, { kind: 'integer', expected, isNullable: false });
}

export function optionalInteger(options: Options<number | null> & Range) {
  const expected = `integer ${options.min}..${options.max} or null`;
  return key(z.nullable(integerIn(options)), options, { kind: 'integer', expected, isNullable: true });
}

/** Any number, fractions included. */
export function decimal(options: Options<number> & Range) {
  const { min, max } = options;
  const expected = `number ${min}..${max}`;
  return key(z.number().min(min).max(max), options, { kind: 'integer', expected, isNullable: false });
}

/** The same, or none. */
export function optionalNumber(options: Options<number | null> & Range) {
  const { min, max } = options;
  const schema = z.nullable(z.number().min(min).max(max));
  return key(schema, options, {
    kind: 'integer',
    expected: `number ${min}..${max} or null`,
    isNullable: true,
  });
}

/** A port, or 0 for any free one. */
export function port(options: Options<number>) {
  const schema = integerIn({ min: 0, max: 65_535 }).refine((value) => value === 0 || value >= 1024);
  const expected = 'integer 1024..65535, or 0 for any free port';
  return key(schema, options, { kind: 'integer', expected, isNullable: false });
}

export function flagOrInteger(options: Options<boolean | number> & Range) {
  const schema = z.union([z.boolean(), integerIn(options)]);
  const expected = `boolean or integer ${options.min}..${options.max}`;
  return key(schema, options, { kind: 'boolean_or_integer', expected, isNullable: false });
}

/** Seconds, as a number or with a unit; range and default are seconds. */
export function duration(options: Options<number> & Range) {
  const { min, max } = options;
  const schema = measured(parseDuration, options);
  const expected = `duration ${min}..${max} s (a number of seconds, or 250ms, 30s, 5m, 2h, 7d)`;
  return key(schema, options, { kind: 'duration', expected, isNullable: false });
}

/** Bytes, as a number or with a unit of 1024s; range and default are bytes. */
export function size(options: Options<number> & Range) {
  const { min, max } = options;
  const schema = measured(parseSize, options);
  const expected = `size ${min}..${max} bytes (a number of bytes, or 64KiB, 1MiB)`;
  return key(schema, options, { kind: 'size', expected, isNullable: false });
}

export function choice<const V extends readonly string[]>(values: V, options: Options<V[number]>) {
  const expected = `one of ${values.join(', ')}`;
  return key(z.enum(values), options, { kind: 'text', expected, isNullable: false });
}

interface Text {
  /** Decides whether a text fits; `expected` says it in words. */
  readonly accepts: (text: string) => boolean;
  readonly expected: string;
  readonly secret?: 'whole' | 'url';
}

export function text(options: Options<string> & Text) {
  return key(z.string().refine(options.accepts), options, textTraits(options, false));
}

export function optionalText(options: Options<string | null> & Text) {
  const schema = z.nullable(z.string().refine(options.accepts));
  return key(schema, options, textTraits(options, true));
}

export function list<E extends z.ZodType>(
  element: E,
  options: Options<z.output<E>[]> & { expected: string },
) {
  const { expected } = options;
  return key(z.array(element), options, { kind: 'list', expected, isNullable: false });
}

/** A list of objects; in the environment it is written as JSON. */
export function records<E extends z.ZodType>(
  element: E,
  options: Options<z.output<E>[]> & { expected: string },
) {
  const { expected } = options;
  return key(z.array(element), options, { kind: 'records', expected, isNullable: false });
}

/** Objects by a name of the user's choice; in the environment they are written as JSON. */
export function namedRecords<E extends z.ZodType>(
  name: z.ZodString,
  element: E,
  options: Options<Record<string, z.output<E>>> & { expected: string },
) {
  const { expected } = options;
  return key(z.record(name, element), options, { kind: 'named_records', expected, isNullable: false });
}

/** A field inside a record: it has no default and no environment variable of its own. */
export function field<S extends z.ZodType>(schema: S, about: { expected: string; secret?: 'whole' }): S {
  traits.add(schema, {
    kind: 'text',
    expected: about.expected,
    isNullable: false,
    ...(about.secret && { secret: about.secret }),
  });
  return schema;
}

function integerIn({ min, max }: Range) {
  return z.int().min(min).max(max);
}

function measured(parse: (text: string) => number | undefined, { min, max }: Range) {
  return z.union([z.number(), z.string()]).transform((value, ctx) => {
    const amount = typeof value === 'number' ? value : parse(value);
    if (amount !== undefined && amount >= min && amount <= max) return amount;
    ctx.addIssue({ code: 'custom', message: 'not in range' });
    return z.NEVER;
  });
}

function textTraits(options: Text, isNullable: boolean): KeyTraits {
  const expected = isNullable ? `${options.expected} or null` : options.expected;
  return { kind: 'text', expected, isNullable, ...(options.secret && { secret: options.secret }) };
}

function key<S extends z.ZodType>(schema: S, options: Options<z.output<S>>, about: KeyTraits) {
  // zod excludes undefined from defaults; no key of ours has an undefined value.
  const withDefault = schema.default(options.default as never).meta({ description: options.description });
  traits.add(withDefault, about);
  return withDefault;
}
