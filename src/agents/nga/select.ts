import type { NgaInput } from '../../contracts/narrative.ts';
import { seededHash } from '../../sessions/world/seeded.ts';
import type { Avoidance } from './avoidance.ts';
import { capitalized, soundsLikeVowel } from './words.ts';

/** Values for the `{name}` places of a template; `{Name}` takes the same value with a capital. */
export type Fillings = Readonly<Record<string, string>>;

/** The variants of one part of a story. At least six, so that five turns never force a repetition. */
export type Variants = readonly [string, string, string, string, string, string, ...string[]];

export interface Picker {
  /** One variant of a slot, filled in and remembered; empty when each of them says what is to be avoided. */
  pick(slot: string, variants: Variants, fillings?: Fillings): string;
  /** A number that stays the same for this turn of this story; different for every name. */
  chance(name: string): number;
  /** In how many of the last turns, at most five, a slot whose name begins so was used. */
  recentUses(slotPrefix: string): number;
  /** What was picked so far, in order: `slot.number`. */
  readonly templateIds: readonly string[];
}

/**
 * Chooses variants: hash(world seed, session, slot) says where a story begins in the list of a slot, and each turn
 * moves on by one, so no variant returns before as many turns have passed as there are variants. Those used in the
 * last five turns rest all the same; those that say what is to be avoided are never used.
 *
 * Source: spec, workflows 3.3, "Local narrator"
 */
export function createPicker(input: NgaInput, worldSeed: string, avoidance: Avoidance): Picker {
  const templateIds: string[] = [];
  const perTurn = input.recent_turns.map((turn) => turn.template_ids ?? []);
  const recent = perTurn.flat();
  const session = input.session_id ?? '';
  return {
    templateIds,
    pick(slot, variants, fillings = {}) {
      const start = (seededHash(worldSeed, session, slot) + input.turn) % variants.length;
      const order = variants.map((_, i) => (start + i) % variants.length);
      const allowed = order.filter((i) => !avoidance.mentions(fill(variants[i] ?? '', fillings)));
      const used = [...recent, ...templateIds];
      const chosen = leastRecent(allowed, (i) => used.lastIndexOf(`${slot}.${i}`));
      if (chosen === undefined) return '';
      templateIds.push(`${slot}.${chosen}`);
      return fill(variants[chosen] ?? '', fillings);
    },
    chance: (name) => seededHash(worldSeed, session, input.turn, name),
    recentUses: (prefix) => perTurn.filter((ids) => ids.some((id) => id.startsWith(prefix))).length,
  };
}

/**
 * A template with its places filled, "a" before a place becoming "an" where the value asks for it. A place nobody
 * filled is a fault of the template and stays visible.
 */
export function fill(template: string, fillings: Fillings): string {
  return template.replace(/(\b[Aa] )?\{(\w+)\}/g, (place, article: string | undefined, name: string) => {
    const lower = name.charAt(0).toLowerCase() + name.slice(1);
    const value =
      fillings[name] ?? (fillings[lower] === undefined ? undefined : capitalized(fillings[lower]));
    if (value === undefined) return place;
    if (article === undefined) return value;
    return `${article.trim()}${soundsLikeVowel(value) ? 'n' : ''} ${value}`;
  });
}

/** The first one never used, else the one used longest ago. */
function leastRecent(indexes: readonly number[], lastUse: (index: number) => number): number | undefined {
  return indexes.reduce<number | undefined>(
    (best, index) => (best === undefined || lastUse(index) < lastUse(best) ? index : best),
    undefined,
  );
}
