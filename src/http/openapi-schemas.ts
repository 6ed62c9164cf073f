import { z } from 'zod';

export type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

/**
 * Turns zod schemas into references to shared components. A schema that has an id in its metadata becomes a
 * component of that name; where a request and an answer see the same one differently, the request's form is
 * called `<id>Input`.
 */
export class SchemaComponents {
  readonly #components = new Map<string, Json>();

  /** The schema of a request part (`input`) or of an answer (`output`). */
  add(schema: z.ZodType, direction: Direction): Json {
    const { $schema: _, $defs = {}, ...root } = toJsonSchema(schema, direction);
    const defs = $defs as Record<string, Json>; // what the generator puts under $defs are schemas
    const names = new Map(Object.keys(defs).map((id) => [id, id]));
    for (const [id, definition] of Object.entries(defs)) {
      const known = this.#components.get(id);
      if (known && JSON.stringify(known) !== JSON.stringify(rename(definition, names)))
        names.set(id, `${id}Input`);
    }
    for (const [id, definition] of Object.entries(defs)) {
      this.#components.set(names.get(id)!, rename(definition, names));
    }
    return rename(root, names);
  }

  toJson(): Json {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function toJsonSchema(schema: z.ZodType, io: Direction): Json {
  return z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' });
}

/** References as OpenAPI writes them. */
function rename(value: Json, names: ReadonlyMap<string, string>): Json {
  const text = JSON.stringify(value, (key, item: unknown) => {
    if (key !== '$ref' || typeof item !== 'string') return item;
    const id = item.replace('#/$defs/', '');
    return `#/components/schemas/${names.get(id) ?? id}`;
  });
  return JSON.parse(text) as Json;
}
