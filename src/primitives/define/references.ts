import { nearest } from '../../kernel/suggest.ts';
import type { JsonValue } from '../../kernel/json.ts';

export type Scope = Readonly<Record<string, unknown>>;
/** Called with the reason when a reference cannot be meant. */
export type RefuseRef = (message: string, code?: 'unknown_ref' | 'definition_error') => void;
export type Reader = (scope: Scope) => unknown;

/**
 * What a reference means: `input…`, `steps.<id>…`, and inside a map `item…` and `index`. Own fields only; what is
 * not there is undefined.
 *
 * @param visible  the ids that have an outcome where the reference stands
 */
export function reader(ref: string, visible: readonly string[], refuse: RefuseRef): Reader {
  const [root = '', ...rest] = ref.split('.');
  if (root === 'steps') {
    const [id = '', ...fields] = rest;
    if (!visible.includes(id)) {
      const near = nearest(id, visible);
      const hint = near === undefined ? `known: ${visible.join(', ') || 'none'}` : `did you mean "${near}"?`;
      refuse(`"${ref}": no step "${id}" can have run before; ${hint}`);
    }
    return (scope) => fieldAt(scope, [id, ...fields]);
  }
  if (root !== 'input' && !visible.includes(root)) {
    refuse(`"${ref}" must begin with input or steps.<id>`);
  }
  return (scope) => fieldAt(scope, [root, ...rest]);
}

/** A literal with everything it refers to filled in. */
export function template(value: JsonValue, visible: readonly string[], refuse: RefuseRef): Reader {
  if (typeof value !== 'object' || value === null) return () => value;
  if (isList(value)) {
    const items = value.map((item) => template(item, visible, refuse));
    return (scope) => items.map((read) => read(scope));
  }
  if ('$ref' in value) {
    const { $ref: ref } = value;
    if (typeof ref === 'string' && Object.keys(value).length === 1) return reader(ref, visible, refuse);
    refuse('a "$ref" is a text, and stands alone');
    return () => undefined;
  }
  const fields = Object.entries(value).map(
    ([key, field]) => [key, template(field, visible, refuse)] as const,
  );
  return (scope) => Object.fromEntries(fields.map(([key, read]) => [key, read(scope)]));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Own fields only; undefined where there is none. */
export function fieldAt(value: unknown, fields: readonly string[]): unknown {
  let found = value;
  for (const field of fields) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, field)) return undefined;
    found = (found as Scope)[field];
  }
  return found;
}
