import type { AgentDirectory } from '../agents/directory.ts';
import type { CoordinationCore } from '../core.ts';
import { Field, isUp, runnerOf, type Runner } from './field.ts';
import { readLoads, type Load } from './loads.ts';

/**
 * Looks at who there is and what they have to do. The loads of those who were there the last time are asked for
 * together with the records, so that a look takes one round trip, and Redis counts while the records are read here.
 */
export class Lookout {
  readonly #core: CoordinationCore;
  readonly #directory: AgentDirectory;
  /** Type -> instances at the last look. */
  readonly #seen = new Map<string, readonly string[]>();

  constructor(core: CoordinationCore, directory: AgentDirectory) {
    this.#core = core;
    this.#directory = directory;
  }

  /** Those of a type that are alive and running. Errors: redis_unavailable (unavailable) */
  async look(type: string): Promise<Field> {
    const seen = this.#seen.get(type) ?? [];
    const [views, loads] = await Promise.all([
      this.#directory.list({ type, isAlive: true }),
      readLoads(this.#core, type, seen),
    ]);
    return this.#field(type, views.map(runnerOf).filter(isUp), new Map(zip(seen, loads)));
  }

  /** All that there are, and those of a type with their loads. Errors: redis_unavailable (unavailable) */
  async lookAtAll(type: string): Promise<{ readonly field: Field; readonly others: Runner[] }> {
    const runners = (await this.#directory.list()).map(runnerOf);
    const own = runners.filter((runner) => runner.type === type);
    const field = await this.#field(type, own, new Map());
    return { field, others: runners.filter((runner) => runner.type !== type) };
  }

  async #field(type: string, runners: readonly Runner[], known: Map<string, Load>): Promise<Field> {
    const instances = runners.map(({ instance }) => instance);
    if (instances.length === 0) this.#seen.delete(type);
    else this.#seen.set(type, instances);
    const missing = instances.filter((instance) => !known.has(instance));
    const loads = await readLoads(this.#core, type, missing);
    for (const [instance, load] of zip(missing, loads)) known.set(instance, load);
    return new Field(
      runners,
      instances.map((instance) => known.get(instance)!),
    );
  }
}

function zip(instances: readonly string[], loads: readonly Load[]): [string, Load][] {
  return instances.map((instance, index) => [instance, loads[index]!]);
}
