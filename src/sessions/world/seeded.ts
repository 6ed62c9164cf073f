import { createHash } from 'node:crypto';

/** Parts are joined with a separator no id contains, so ("ab", "c") and ("a", "bc") differ. */
function digestOf(parts: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(parts.join('\u001f')).digest();
}

/** A whole number from 0 to 2^32 - 1 that depends on the parts alone. */
export function seededHash(...parts: (string | number)[]): number {
  return digestOf(parts).readUInt32BE(0);
}

/** Hex seed of a world, the same for every world of that id. */
export function worldSeed(worldId: string): string {
  return digestOf([worldId]).toString('hex').slice(0, 16);
}

/**
 * Random numbers in [0, 1) that repeat exactly for the same parts: mulberry32, seeded by their SHA-256.
 *
 * Source: spec, workflows 3.2, generation of unexplored places
 */
export function seededRandom(...parts: (string | number)[]): () => number {
  let state = digestOf(parts).readUInt32BE(0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** One element of a list that is never empty. */
export function pick<T>(random: () => number, list: readonly [T, ...T[]]): T {
  return list[Math.floor(random() * list.length)] ?? list[0];
}
