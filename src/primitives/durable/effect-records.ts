import type { Effect } from '../effects/effect.ts';
import type { Keys } from '../../redis/keys.ts';
import type { StepCommit } from './commit-step.ts';

/** What a step leaves in the ledger of its run beside its result. */
export interface StepEffectsToRecord {
  /** Files are written and recorded before, so they are none of these. */
  readonly effects: readonly (Exclude<Effect, { kind: 'file' }> | CalledRunEffect)[];
  readonly savepoint: string | null;
}

/** A run that was called and has completed: what it did is undone with what its caller did. */
export interface CalledRunEffect {
  readonly kind: 'called_run';
  readonly runId: string;
}

/** An entry of a ledger: what was done, enough to know it again and to undo it. */
export type EffectEntry = { readonly step: string; readonly at: number } & (
  | { readonly kind: 'world_patch'; readonly world: string; readonly patch: unknown }
  | { readonly kind: 'session_turn'; readonly session: string; readonly turn: number; readonly entry: string }
  | {
      readonly kind: 'redis_key';
      readonly name: string;
      readonly value: string | null;
      readonly ttl_ms: number | null;
    }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'compensator'; readonly name: string; readonly args: unknown }
  | { readonly kind: 'called_run'; readonly run: string }
);

/** The effects of a commit for its script; null when it has none. `firstKey` is the place of its first key in KEYS. */
export function encodeEffects(
  keys: Keys,
  owner: { readonly runId: string; readonly path: string },
  { world, effects, nowMs }: Pick<StepCommit, 'world' | 'effects' | 'nowMs'>,
  firstKey: number,
): { readonly keys: string[]; readonly args: (string | number)[] } | null {
  const undo = world?.undo;
  if (undo === undefined && effects === undefined) return null;
  const used = [keys.runEffects(owner.runId)];
  const args: (string | number)[] = [effects?.savepoint ?? ''];
  const about = { step: owner.path, at: nowMs };
  if (world !== undefined && undo !== undefined) {
    const head = JSON.stringify({ kind: 'world_patch', ...about, world: world.worldId });
    args.push(`${head.slice(0, -1)},"patch":${undo}}`, '', '', '', '');
  }
  for (const effect of effects?.effects ?? []) {
    if (effect.kind === 'compensator') {
      args.push(JSON.stringify({ ...effect, ...about } satisfies EffectEntry), '', '', '', '');
      continue;
    }
    if (effect.kind === 'called_run') {
      const entry: EffectEntry = { kind: effect.kind, ...about, run: effect.runId };
      args.push(JSON.stringify(entry), '', '', '', '');
      continue;
    }
    const { kind, name, value, ttlMs } = effect;
    const entry: EffectEntry = { kind, ...about, name, value, ttl_ms: ttlMs };
    const place = firstKey + used.length;
    used.push(keys.own(name));
    args.push(JSON.stringify(entry), place, value === null ? 'delete' : 'set', value ?? '', ttlMs ?? '');
  }
  return { keys: used, args };
}
