import type { Field } from './field.ts';

/** A look at this many agents serves for another millisecond. */
const AGENTS_PER_MS = 40;
const LONGEST_MS = 250;
/** And so many times as long while somebody makes the next one. */
const RENEWAL = 4;

interface Kept {
  readonly field: Field;
  readonly freshUntil: number;
  readonly until: number;
}

interface Desk {
  running?: Promise<Field> | undefined;
  next?: Promise<Field> | undefined;
  kept?: Kept | undefined;
}

/**
 * Looks at the agents of a type, shared by all who ask at the same time.
 *
 * 1. Who asks while no look is under way begins one, and everybody who asks in the same moment has it too.
 * 2. Who asks during a look waits for the next one: it must see all that was done before it asked. When the look fails
 *    they fail with it, so that nobody waits for Redis twice.
 * 3. A look at a large type costs Redis milliseconds and serves for a while: a millisecond for every 40 agents, so not
 *    at all below 40 and a quarter of a second at most. That way looks take about a tenth of the time.
 * 4. Whoever asks soon after that is served by it too, and the next look begins meanwhile: where many choose all the
 *    time, nobody waits for looks.
 */
export class Looks {
  readonly #look: (type: string) => Promise<Field>;
  readonly #desks = new Map<string, Desk>();

  constructor(look: (type: string) => Promise<Field>) {
    this.#look = look;
  }

  /** What {@link look} throws is thrown. */
  async at(type: string): Promise<Field> {
    const desk = this.#desk(type);
    const now = performance.now();
    if (desk.kept !== undefined && now < desk.kept.until) {
      if (now >= desk.kept.freshUntil && desk.running === undefined) this.#renew(type, desk);
      return desk.kept.field;
    }
    desk.next ??= this.#begin(type, desk);
    return desk.next;
  }

  /** Somebody has looked anyhow. */
  keep(type: string, field: Field): void {
    const serveMs = Math.min(LONGEST_MS, Math.floor(field.size / AGENTS_PER_MS));
    if (serveMs === 0) return;
    const now = performance.now();
    this.#desk(type).kept = { field, freshUntil: now + serveMs, until: now + RENEWAL * serveMs };
  }

  /** Who asks once what is kept serves no longer hears of a failure. */
  #renew(type: string, desk: Desk): void {
    desk.next ??= this.#begin(type, desk);
    desk.next.catch(() => undefined);
  }

  async #begin(type: string, desk: Desk): Promise<Field> {
    try {
      await desk.running;
    } catch (error) {
      desk.next = undefined;
      throw error;
    }
    const own = desk.next;
    desk.running = own;
    desk.next = undefined;
    try {
      const field = await this.#look(type);
      desk.kept = undefined;
      this.keep(type, field);
      return field;
    } finally {
      if (desk.running === own) desk.running = undefined;
      if (desk.next === undefined && desk.kept === undefined) this.#desks.delete(type);
    }
  }

  #desk(type: string): Desk {
    const existing = this.#desks.get(type);
    if (existing !== undefined) return existing;
    const desk: Desk = {};
    this.#desks.set(type, desk);
    return desk;
  }
}
