import type { NgaInput } from '../../contracts/narrative.ts';
import { seededHash } from '../../sessions/world/seeded.ts';
import { capitalized } from './words.ts';

/** Values for the `{name}` places of a template; `{Name}` takes the same value with a capital. */
export type Fillings = Readonly<Record<string, string>>;

/** The variants of one part of a story. At least six, so that five turns never force a repetition. */
export type Variants = readonly [string, string, string, string, string, string, ...string[]];

export interface Picker {
  /** One variant of a slot, filled in and remembered. */
  pick(slot: string, variants: Variants, fillings?: Fillings): string;
  /** What was picked so far, in order: `slot.number`. */
  readonly templateIds: readonly string[];
}

/**
 * Chooses variants by hash(world seed, session, turn, slot): the same turn of the same story always reads the
 * same. Variants used in the last five turns rest; so do those with a word the player's context avoids.
 *
 * Source: spec, workflows 3.3, "Local narrator"
 */
export function createPicker(input: NgaInput, worldSeed: string): Picker {
  const templateIds: string[] = [];
  const recent = input.recent_turns.flatMap((turn) => turn.template_ids ?? []);
  const avoided = (input.therapeutic_context?.avoid ?? [])
    .map((word) => word.trim().toLowerCase())
    .filter(Boolean);
  return {
    templateIds,
    pick(slot, variants, fillings = {}) {
      const start = seededHash(worldSeed, input.session_id ?? '', input.turn, slot, templateIds.length);
      const order = variants.map((_, i) => (start + i) % variants.length);
      const kind = order.filter((i) => !mentions(variants[i] ?? '', avoided));
      const allowed = kind.length > 0 ? kind : order;
      const chosen = leastRecent(allowed, (i) => [...recent, ...templateIds].lastIndexOf(`${slot}.${i}`));
      templateIds.push(`${slot}.${chosen}`);
      return fill(variants[chosen] ?? variants[0], fillings);
    },
  };
}

/** A template with its places filled. A place nobody filled is a fault of the template and stays visible. */
export function fill(template: string, fillings: Fillings): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = fillings[name];
    if (value !== undefined) return value;
    const lower = fillings[name.charAt(0).toLowerCase() + name.slice(1)];
    return lower === undefined ? place : capitalized(lower);
  });
}

/** The first one never used, else the one used longest ago. */
function leastRecent(indexes: readonly number[], lastUse: (index: number) => number): number {
  return indexes.reduce((best, index) => (lastUse(index) < lastUse(best) ? index : best), indexes[0] ?? 0);
}

function mentions(template: string, avoided: readonly string[]): boolean {
  const words = ` ${template.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
  return avoided.some((phrase) => words.includes(` ${phrase} `));
}
