import { z } from 'zod';
import { traitsOf, type KeyTraits } from './keys.ts';
import { ConfigSchema } from './schema.ts';

/** One key of the tree, `redis.url` for example. */
export interface Key {
  readonly path: string;
  readonly env: string;
  readonly schema: z.ZodType;
  readonly traits: KeyTraits;
  readonly default: unknown;
  readonly description: string;
}

/** Other spellings of a key or section, accepted in files, in the environment and in flags. */
export const KEY_ALIASES: ReadonlyMap<string, string> = new Map([
  ['agents.ipa', 'agents.input_processor'],
  ['agents.wba', 'agents.world_builder'],
  ['agents.nga', 'agents.narrative_generator'],
  ['max_concurrent_workflows', 'workflow.max_open_runs'],
]);

/** Every key in the order of the schema. */
export const KEYS: readonly Key[] = [...keysBelow(ConfigSchema, '')];

const KEYS_BY_PATH = new Map(KEYS.map((key) => [key.path, key]));

export function keyAt(path: string): Key | undefined {
  return KEYS_BY_PATH.get(path);
}

export function envName(path: string): string {
  return `AO_${path.replaceAll('.', '__').toUpperCase()}`;
}

/** The spellings of a key that differ from its path: one for each alias of the key or of a section above it. */
export function aliasesOf(path: string): string[] {
  const aliases = [];
  for (const [alias, target] of KEY_ALIASES) {
    if (path === target || path.startsWith(`${target}.`)) aliases.push(alias + path.slice(target.length));
  }
  return aliases;
}

/** The path that a spelling stands for; the spelling itself when it is no alias. */
export function canonicalPath(spelling: string): string {
  for (const [alias, target] of KEY_ALIASES) {
    if (spelling === alias || spelling.startsWith(`${alias}.`)) return target + spelling.slice(alias.length);
  }
  return spelling;
}

/** The names that may stand in a section ('' is the root), aliases included; undefined when there is no such section. */
export function namesIn(sectionPath: string): string[] | undefined {
  const schema = schemaAt(sectionPath === '' ? [] : sectionPath.split('.'))?.schema;
  const inner = schema && unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return undefined;
  const prefix = sectionPath === '' ? '' : `${sectionPath}.`;
  const aliases = [...KEY_ALIASES.keys()].filter((alias) => {
    return alias.startsWith(prefix) && !alias.slice(prefix.length).includes('.');
  });
  return [...Object.keys(inner.shape), ...aliases.map((alias) => alias.slice(prefix.length))];
}

export interface SchemaAt {
  readonly schema: z.ZodType;
  readonly traits: KeyTraits | undefined;
  /** How far the path led: the segments that reach `schema`. */
  readonly path: readonly PropertyKey[];
}

/** The schema a path leads to; with `describedOnly` the deepest one on the way that has traits. */
export function schemaAt(path: readonly PropertyKey[], describedOnly = false): SchemaAt | undefined {
  let schema: z.ZodType = ConfigSchema;
  let described: SchemaAt | undefined;
  for (const [index, segment] of path.entries()) {
    const container = unwrap(schema);
    let next: z.ZodType | undefined;
    if (container instanceof z.ZodObject) {
      next = Object.hasOwn(container.shape, segment) ? container.shape[String(segment)] : undefined;
    } else if (container instanceof z.ZodArray) {
      next = container.element as z.ZodType; // an array of this tree holds ordinary schemas only
    } else if (container instanceof z.ZodRecord) {
      next = container.valueType as z.ZodType; // and so does a record
    }
    if (next === undefined) return describedOnly ? described : undefined;
    schema = next;
    const traits = traitsOf(schema) ?? traitsOf(unwrap(schema));
    if (traits !== undefined) described = { schema, traits, path: path.slice(0, index + 1) };
  }
  return describedOnly ? described : { schema, traits: traitsOf(schema), path };
}

/** The schema below defaults and optional marks. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrap(schema.unwrap() as z.ZodType); // wrappers of this tree wrap ordinary schemas only
  }
  return schema;
}

function* keysBelow(schema: z.ZodType, prefix: string): Generator<Key> {
  const traits = traitsOf(schema);
  if (traits !== undefined && schema instanceof z.ZodDefault) {
    const description = schema.meta()?.description ?? '';
    yield {
      path: prefix,
      env: envName(prefix),
      schema,
      traits,
      default: schema.def.defaultValue,
      description,
    };
    return;
  }
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return;
  for (const [name, child] of Object.entries<z.ZodType>(inner.shape)) {
    yield* keysBelow(child, prefix === '' ? name : `${prefix}.${name}`);
  }
}
