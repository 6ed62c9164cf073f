import { createHash } from 'node:crypto';
import { childrenOf } from './children.ts';
import type { PlanNode } from './node.ts';

/**
 * SHA-256 (hex) of a plan's structure: kinds, names, places and policies. Bodies of functions and schemas are not
 * part of it, so two plans of one hash queue the same steps at the same paths.
 */
export function planHash(plan: PlanNode): string {
  return sha256(structureOf(plan));
}

/**
 * What a version of a definition is held to: the hash of its plan, but for the time limits of its steps, which are
 * a matter of configuration and change nothing of what follows from what.
 */
export function pinOf(plan: PlanNode): string {
  return sha256(structureOf(plan, pinnedSettings));
}

/** SHA-256 (hex) of a definition without code, all of it; the order of its fields does not matter. */
export function definitionHash(definition: unknown): string {
  return sha256(definition);
}

/** A node as plain data: its own settings and what stands below it, by name. */
export function structureOf(node: PlanNode, settings = settingsOf): unknown {
  return {
    ...settings(node),
    children: childrenOf(node).map(({ name, node: child }) => [name, structureOf(child, settings)]),
  };
}

function pinnedSettings(node: PlanNode): Readonly<Record<string, unknown>> {
  const { timeoutMs, ...rest } = settingsOf(node);
  return node.kind === 'step' ? rest : { ...rest, timeoutMs };
}

/** Fields whose nodes are listed as children. */
const NODE_FIELDS: ReadonlySet<string> = new Set([
  'stages',
  'branches',
  'onTrue',
  'onFalse',
  'cases',
  'routes',
  'body',
  'alternatives',
  'steps',
]);
const SCHEMA_FIELDS: ReadonlySet<string> = new Set(['input', 'output', 'schema']);

/** What is set on the node itself; of a function only that there is one. */
export function settingsOf(node: PlanNode): Readonly<Record<string, unknown>> {
  const isFallback = (field: string): boolean => node.kind === 'match' && field === 'fallback';
  return Object.fromEntries(
    Object.entries(node)
      .filter(([field]) => !NODE_FIELDS.has(field) && !SCHEMA_FIELDS.has(field) && !isFallback(field))
      .map(([field, value]) => [field, plain(value)]),
  );
}

function plain(value: unknown): unknown {
  if (typeof value === 'function') return 'function';
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

function sha256(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/** JSON with sorted keys and without what is undefined. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
  return `{${fields.join(',')}}`;
}
