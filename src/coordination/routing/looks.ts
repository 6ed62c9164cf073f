import type { Field } from './field.ts';

/** A look at this many agents serves for another millisecond. */
const AGENTS_PER_MS = 40;
const LONGEST_MS = 250;

interface Desk {
  running?: Promise<Field> | undefined;
  next?: Promise<Field> | undefined;
  kept?: { readonly field: Field; readonly until: number } | undefined;
}

/**
 * Looks at the agents of a type, shared by all who ask at the same time.
 *
 * 1. Who asks while no look is under way begins one, and everybody who asks in the same moment has it too.
 * 2. Who asks during a look waits for the next one: it must see all that was done before it asked. When the look fails
 *    they fail with it, so that nobody waits for Redis twice.
 * 3. A look at a large type costs Redis milliseconds and serves for a while: a millisecond for every 40 agents, so not
 *    at all below 40 and a quarter of a second at most. That way looks take about a tenth of the time.
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
    if (desk.kept !== undefined && performance.now() < desk.kept.until) return desk.kept.field;
    desk.next ??= this.#begin(type, desk);
    return desk.next;
  }

  /** Somebody has looked anyhow. */
  keep(type: string, field: Field): void {
    const serveMs = Math.min(LONGEST_MS, Math.floor(field.size / AGENTS_PER_MS));
    if (serveMs > 0) this.#desk(type).kept = { field, until: performance.now() + serveMs };
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
    desk.kept = undefined;
    try {
      const field = await this.#look(type);
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
