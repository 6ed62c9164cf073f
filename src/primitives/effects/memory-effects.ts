import type { Compensators, Effect } from './effect.ts';
import { START } from './effect.ts';

/** A run that was called and has completed. */
interface CalledRun {
  readonly kind: 'called_run';
  readonly runId: string;
  readonly ledger: MemoryLedger;
  /** Of its own workflow; undefined: those of its caller. */
  readonly compensators: Compensators | undefined;
}

interface Recorded {
  readonly step: string;
  readonly effect: Effect | CalledRun;
  /** What the key or the file held before. */
  readonly before: string | Buffer | undefined;
  isUndone: boolean;
}

/** What could not be undone, by step. */
export interface MemoryUndoError {
  readonly step: string;
  readonly code: 'undo_unavailable' | 'undo_failed';
  readonly message: string;
}

/**
 * Where the effects of runs in process go: keys and files are kept here, so nothing outside changes. Keys live for ever.
 */
export class MemoryEffects {
  readonly keys = new Map<string, string>();
  readonly files = new Map<string, Buffer>();
}

/** The effects of one run in process; they are undone by the same rules as on the fleet. */
export class MemoryLedger {
  readonly #place: MemoryEffects;
  readonly #ledger: Recorded[] = [];
  readonly #savepoints = new Map<string, number>();

  constructor(place: MemoryEffects) {
    this.#place = place;
  }

  get savepoints(): readonly string[] {
    return [...this.#savepoints.keys()];
  }

  /** The effects of a step that has succeeded. */
  apply(step: string, effects: readonly Effect[], savepoint: string | null): void {
    for (const effect of effects) {
      this.#ledger.push({ step, effect, before: this.#held(effect), isUndone: false });
      if (effect.kind === 'file') this.#place.files.set(effect.file, effect.content);
      if (effect.kind === 'redis_key') put(this.#place.keys, effect.name, effect.value ?? undefined);
    }
    if (savepoint !== null && !this.#savepoints.has(savepoint)) {
      this.#savepoints.set(savepoint, this.#ledger.length);
    }
  }

  /** What a called run did, now that it has completed. */
  applyCalled(step: string, called: Omit<CalledRun, 'kind'>): void {
    if (called.ledger.#ledger.length === 0) return;
    const effect: CalledRun = { kind: 'called_run', ...called };
    this.#ledger.push({ step, effect, before: undefined, isUndone: false });
  }

  /** A ledger for a run that is called, over the same keys and files. */
  forCalled(): MemoryLedger {
    return new MemoryLedger(this.#place);
  }

  /**
   * Undo what was recorded after a savepoint, newest first; one that was never made stands for the start. A compensator
   * that fails leaves its effect for the next time.
   */
  async rollBack(
    savepoint: string,
    about: { readonly runId: string; readonly compensators: Compensators; readonly signal: AbortSignal },
  ): Promise<{ readonly executed: number; readonly errors: readonly MemoryUndoError[] }> {
    const stays = savepoint === START ? 0 : (this.#savepoints.get(savepoint) ?? 0);
    const errors: MemoryUndoError[] = [];
    let executed = 0;
    for (let index = this.#ledger.length - 1; index >= stays; index--) {
      const recorded = this.#ledger[index]!;
      if (recorded.isUndone) continue;
      const error = await this.#undo(recorded, index + 1, about);
      if (error === null) executed += 1;
      else errors.push({ step: recorded.step, ...error });
      recorded.isUndone = error === null;
    }
    return { executed, errors };
  }

  async #undo(
    { step, effect, before }: Recorded,
    seq: number,
    about: { readonly runId: string; readonly compensators: Compensators; readonly signal: AbortSignal },
  ): Promise<Omit<MemoryUndoError, 'step'> | null> {
    // What was kept before is of the same kind.
    if (effect.kind === 'redis_key') put(this.#place.keys, effect.name, before as string | undefined);
    else if (effect.kind === 'file') put(this.#place.files, effect.file, before as Buffer | undefined);
    else if (effect.kind === 'called_run') {
      const { runId, compensators = about.compensators } = effect;
      const { errors } = await effect.ledger.rollBack(START, { ...about, runId, compensators });
      return errors[0] ?? null;
    } else {
      const { name, args } = effect;
      const { runId, compensators, signal } = about;
      const compensator = Object.hasOwn(compensators, name) ? compensators[name] : undefined;
      if (compensator === undefined) return { code: 'undo_unavailable', message: `no compensator "${name}"` };
      try {
        const idempotencyKey = `${runId}.${step}~undo.${seq}`;
        await compensator(structuredClone(args), { runId, path: step, idempotencyKey, signal });
      } catch (error) {
        return { code: 'undo_failed', message: error instanceof Error ? error.message : String(error) };
      }
    }
    return null;
  }

  #held(effect: Effect): string | Buffer | undefined {
    if (effect.kind === 'redis_key') return this.#place.keys.get(effect.name);
    return effect.kind === 'file' ? this.#place.files.get(effect.file) : undefined;
  }
}

function put<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}
