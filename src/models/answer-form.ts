import { z, type ZodType } from 'zod';

/** The form of an answer as providers take it. */
export interface AnswerForm {
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** Providers that follow a schema to the letter take only some; see {@link isStrict}. */
  readonly isStrict: boolean;
}

const schemas = new WeakMap<ZodType, Pick<AnswerForm, 'schema' | 'isStrict'>>();

/** @param name  what providers refuse in it becomes `_` */
export function answerForm(name: string, output: ZodType): AnswerForm {
  let known = schemas.get(output);
  if (known === undefined) {
    // The model writes what the schema reads; what no JSON Schema can say is checked when the answer is here.
    const { $schema: _, ...schema } = z.toJSONSchema(output, { io: 'input', unrepresentable: 'any' });
    known = { schema, isStrict: isStrict(schema) };
    schemas.set(output, known);
  }
  return { name: name.replace(/[^\w-]/g, '_').slice(0, 64), ...known };
}

/** Whether every object of a schema names all it may have and needs all of it. */
function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  if (typeof schema !== 'object' || schema === null) return true;
  const { type, properties, required, additionalProperties } = schema as Readonly<Record<string, unknown>>;
  if (type === 'object') {
    const names = Object.keys(properties ?? {});
    const needed = new Set(Array.isArray(required) ? required : []);
    if (additionalProperties !== false || !names.every((name) => needed.has(name))) return false;
  }
  return Object.values(schema).every(isStrict);
}
