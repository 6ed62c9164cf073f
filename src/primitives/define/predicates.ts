import { isDeepStrictEqual } from 'node:util';
import { linearPattern } from './linear-pattern.ts';
import { reader, type Reader, type RefuseRef, type Scope } from './references.ts';
import type { JsonPredicate } from './shapes.ts';
import type { JsonValue } from '../../kernel/json.ts';

/** A condition over what is known; nothing is evaluated but these comparisons. */
export function predicate(
  test: JsonPredicate,
  visible: readonly string[],
  refuse: RefuseRef,
): (scope: Scope) => boolean {
  if ('not' in test) {
    const inner = predicate(test.not, visible, refuse);
    return (scope) => !inner(scope);
  }
  if ('and' in test) {
    const all = test.and.map((part) => predicate(part, visible, refuse));
    return (scope) => all.every((part) => part(scope));
  }
  if ('or' in test) {
    const some = test.or.map((part) => predicate(part, visible, refuse));
    return (scope) => some.some((part) => part(scope));
  }
  return comparison(test, reader(test.ref, visible, refuse), refuse);
}

type Comparison = Extract<JsonPredicate, { op: unknown }>;

function comparison({ op, value }: Comparison, read: Reader, refuse: RefuseRef): (scope: Scope) => boolean {
  switch (op) {
    case 'eq':
      return (scope) => isDeepStrictEqual(read(scope) ?? null, value ?? null);
    case 'ne':
      return (scope) => !isDeepStrictEqual(read(scope) ?? null, value ?? null);
    case 'in':
    case 'not_in': {
      const list = listOf(op, value, refuse);
      return (scope) => {
        const found = read(scope);
        return list.some((item) => isDeepStrictEqual(item, found ?? null)) === (op === 'in');
      };
    }
    case 'gt':
      return (scope) => compare(read(scope), value, (sign) => sign > 0);
    case 'gte':
      return (scope) => compare(read(scope), value, (sign) => sign >= 0);
    case 'lt':
      return (scope) => compare(read(scope), value, (sign) => sign < 0);
    case 'lte':
      return (scope) => compare(read(scope), value, (sign) => sign <= 0);
    case 'exists':
      return (scope) => (read(scope) != null) === (value !== false);
    case 'matches':
      return matching(read, value, refuse);
  }
}

function listOf(op: string, value: JsonValue | undefined, refuse: RefuseRef): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  refuse(`${op} needs a list`, 'definition_error');
  return [];
}

/** Numbers with numbers, texts with texts; anything else is never in order. */
function compare(left: unknown, right: unknown, holds: (sign: number) => boolean): boolean {
  if (typeof left === 'number' && typeof right === 'number') return holds(left - right);
  if (typeof left === 'string' && typeof right === 'string')
    return holds(left < right ? -1 : left > right ? 1 : 0);
  return false;
}

function matching(read: Reader, value: JsonValue | undefined, refuse: RefuseRef): (scope: Scope) => boolean {
  try {
    if (typeof value !== 'string') throw new SyntaxError('a pattern is a text');
    const pattern = linearPattern(value);
    return (scope) => {
      const found = read(scope);
      return typeof found === 'string' && pattern.test(found);
    };
  } catch (error) {
    refuse(
      `matches ${JSON.stringify(value)}: ${error instanceof Error ? error.message : String(error)}`,
      'definition_error',
    );
    return () => false;
  }
}
