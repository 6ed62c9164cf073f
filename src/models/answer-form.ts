import { z, type ZodType } from 'zod';

type JsonSchema = Readonly<Record<string, unknown>>;

/** The form of an answer as providers take it. */
export interface AnswerForm {
  readonly name: string;
  /** All that is asked of the answer, to be told in words. */
  readonly schema: JsonSchema;
  /** What providers are asked to enforce: without what those that enforce schemas refuse. */
  readonly enforced: JsonSchema;
  /** Whether it can be followed to the letter: every object names all it may have and needs all of it. */
  readonly isStrict: boolean;
}

const forms = new WeakMap<ZodType, Omit<AnswerForm, 'name'>>();

/** @param name  what providers refuse in it becomes `_` */
export function answerForm(name: string, output: ZodType): AnswerForm {
  let form = forms.get(output);
  if (form === undefined) {
    // The model writes what the schema reads; what no JSON Schema can say is checked when the answer is here.
    const { $schema: _, ...schema } = z.toJSONSchema(output, { io: 'input', unrepresentable: 'any' });
    const enforced = enforceable(schema) as JsonSchema;
    form = { schema, enforced, isStrict: enforced['type'] === 'object' && isStrict(enforced) };
    forms.set(output, form);
  }
  return { name: name.replace(/[^\w-]/g, '_').slice(0, 64), ...form };
}

/** A request is refused for these; our own check has them all the same. */
const UNENFORCEABLE: ReadonlySet<string> = new Set(['minLength', 'maxLength', 'default', 'propertyNames']);

function enforceable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(enforceable);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.entries(schema).filter(([keyword]) => !UNENFORCEABLE.has(keyword));
  return Object.fromEntries(
    parts.map(([keyword, part]) => {
      if (keyword === 'const' || keyword === 'enum') return [keyword, part as unknown];
      // The names in these are of the answer, no keywords.
      return [keyword, isNamed(keyword) ? mapValues(part as JsonSchema, enforceable) : enforceable(part)];
    }),
  );
}

function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  if (typeof schema !== 'object' || schema === null) return true;
  const { type, properties, required, additionalProperties, oneOf } = schema as JsonSchema;
  if (oneOf !== undefined) return false;
  if (type === 'object') {
    const names = Object.keys(properties ?? {});
    const needed = new Set(Array.isArray(required) ? required : []);
    if (additionalProperties !== false || !names.every((name) => needed.has(name))) return false;
  }
  return Object.entries(schema).every(([keyword, part]) =>
    isNamed(keyword) ? Object.values(part as JsonSchema).every(isStrict) : isStrict(part),
  );
}

function isNamed(keyword: string): boolean {
  return keyword === 'properties' || keyword === '$defs';
}

function mapValues(parts: JsonSchema, change: (part: unknown) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, change(part)]));
}
