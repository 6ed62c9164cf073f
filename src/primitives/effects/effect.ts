/**
 * What a step does to state of ours beside its result. It is recorded with what undoes it, at the moment it happens.
 * `world_patch`, `session_turn` and `called_run` come about by themselves; the other kinds a handler asks for.
 */
export type Effect =
  | {
      readonly kind: 'redis_key';
      readonly name: string;
      /** Null: the key is deleted. */
      readonly value: string | null;
      readonly ttlMs: number | null;
    }
  | { readonly kind: 'file'; readonly file: string; readonly content: Buffer }
  | { readonly kind: 'compensator'; readonly name: string; readonly args: unknown };

export const EFFECT_KINDS = [
  'world_patch',
  'session_turn',
  'redis_key',
  'file',
  'compensator',
  'called_run',
] as const;
export type EffectKind = (typeof EFFECT_KINDS)[number];

/** Before everything a run did. */
export const START = 'start';

/** What a handler may do to state that can be undone. Nothing happens before the step has succeeded. */
export interface StepEffects {
  /**
   * Keep a text under a name, shared by all runs of the fleet: a letter or digit, then up to 199 of A-Z a-z 0-9 _ . : -
   * Errors: effect_refused (invalid_input)
   */
  setKey(name: string, value: string, options?: { readonly ttlSeconds?: number }): void;
  /** Errors: effect_refused (invalid_input) */
  deleteKey(name: string): void;
  /**
   * Write a file below the fleet's folder for them (`workflow.temp_root`); at most 256 KiB.
   * @param file  relative, with / between its parts
   * Errors: effect_refused (invalid_input)
   */
  writeFile(file: string, content: string | Uint8Array): void;
  /**
   * Have a compensator of the workflow called with these arguments when the run is rolled back.
   * Errors: effect_refused (invalid_input) for arguments that JSON would change
   */
  onRollback(compensator: string, args?: unknown): void;
}

/** What a compensator gets beside its arguments. It must be idempotent: it may be called again after a crash. */
export interface CompensatorContext {
  readonly runId: string;
  /** Path of the step that asked for it. */
  readonly path: string;
  /** Equal on every call for the same effect. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

export type Compensator = (args: unknown, ctx: CompensatorContext) => Promise<unknown>;

/** Called for `onRollback`, by name. */
export type Compensators = Readonly<Record<string, Compensator>>;

/** What happens to the effects of a run that did not complete. Default: `start`, everything is undone. */
export type OnFailure = 'start' | 'keep' | `savepoint:${string}`;

/** The savepoint to go back to; null: nothing is undone. */
export function savepointOf(onFailure: OnFailure = START): string | null {
  if (onFailure === 'keep') return null;
  return onFailure === START ? START : onFailure.slice('savepoint:'.length);
}
