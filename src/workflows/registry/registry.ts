import { toFleetError } from '../../kernel/errors.ts';
import type { Logger } from '../../observability/logger.ts';
import type { RedisClient } from '../../redis/connect.ts';
import { toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { catalogOf, createCatalog, type Catalog } from '../catalog/catalog.ts';
import type { Agents } from '../../primitives/define/agents.ts';
import type { WorkflowDefinition } from '../definition.ts';
import { compileDefinition, type CompileOptions } from './compile-definition.ts';
import { readDefinitions, type StoredDefinition } from './read-definitions.ts';

export interface RegistryOptions extends CompileOptions {
  /** The agents that a definition may name which was accepted; default: the same. */
  readonly acceptedAgents?: Agents;
  readonly store: RedisStore;
  /** Definitions in code; where a registered one has the same name and version, they stand. */
  readonly code: readonly WorkflowDefinition[];
  readonly log: Logger;
}

/** Should an announcement have been lost, a change is found after this time. */
const POLL_MS = 30_000;

/**
 * What a process knows of the definitions of its fleet: those in code, and those that were registered. It
 *
 * 1. reads them when it starts
 * 2. reads them again when a change is announced, every half minute, and when it is asked for one it does not know;
 *    as long as nothing changed that costs one GET
 * 3. keeps what it knows while Redis is away
 *
 * A registered definition that this release cannot compile is unknown here; its runs wait for a process that can.
 */
export class DefinitionRegistry {
  /** Always the present state: hold this, not what it answers. */
  readonly catalog: Catalog;
  readonly #options: RegistryOptions;
  #current: Catalog;
  #stored = new Map<string, StoredDefinition>();
  #compiled = new Map<string, WorkflowDefinition | null>();
  #revision: string | null = null;
  #refreshing: Promise<void> | null = null;
  #isStale = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#current = createCatalog(options.code);
    this.catalog = {
      names: () => this.#current.names(),
      versions: (name) => this.#current.versions(name),
      latest: (name) => this.#current.latest(name),
      find: (name, version) => {
        const found = this.#current.find(name, version);
        if (found === undefined) void this.refreshQuietly();
        return found;
      },
    };
  }

  /** How a definition was registered; undefined for one in code. */
  stored(name: string, version: number): StoredDefinition | undefined {
    const isCode = this.#options.code.some((own) => own.name === name && own.version === version);
    return isCode ? undefined : this.#stored.get(`${name}@${version}`);
  }

  /** Compile what is registered anew: something that definitions stand on has changed. */
  recompile(): void {
    this.#compiled = new Map();
    this.#replace([...this.#stored.values()]);
  }

  /** A new definition. Errors: invalid_workflow (invalid_input, 422) */
  compile(content: unknown): WorkflowDefinition {
    return compileDefinition(content, this.#options);
  }

  /** Whether the name belongs to a definition in code. */
  isReserved(name: string): boolean {
    return this.#options.code.some((definition) => definition.name === name);
  }

  /**
   * Read them now, and from then on whenever something may have changed.
   * @param subscriber  a connection that does nothing but subscribe; it may be shared
   * Errors: backend_unavailable when they cannot be read even once
   */
  async start(subscriber: RedisClient, pollMs = POLL_MS): Promise<void> {
    const channel = this.#options.store.keys.definitionsRevision();
    subscriber.on('message', (where: string) => {
      if (where === channel) void this.refreshQuietly();
    });
    // What was announced while the connection was down, nobody has heard.
    subscriber.on('ready', () => void this.refreshQuietly());
    try {
      await subscriber.subscribe(channel);
    } catch (error) {
      throw toBackendError(error, 'subscribing to definitions');
    }
    await this.refresh();
    this.#timer = setInterval(() => void this.refreshQuietly(), pollMs).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  /** What was stored before this call is known after it. */
  async refresh(): Promise<void> {
    // A reading that is under way may have begun before the change.
    await this.#refreshing?.catch(() => undefined);
    await this.#refreshOnce();
  }

  /** The same in the background: a Redis that is away is worth one line, however often it is asked. */
  async refreshQuietly(): Promise<void> {
    if (this.#isStopped) return;
    try {
      await this.#refreshOnce();
      this.#isStale = false;
    } catch (error) {
      if (this.#isStale || this.#isStopped) return;
      this.#isStale = true;
      const reason = toFleetError(error).message;
      this.#options.log.warn({ reason }, 'definitions could not be read: those that are known stay');
    }
  }

  /** Those who ask at the same time read once. */
  #refreshOnce(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    const { revision, definitions } = await readDefinitions(this.#options.store, this.#revision).catch(
      (error: unknown) => {
        throw toBackendError(error, 'reading definitions');
      },
    );
    if (definitions !== null) this.#replace(definitions);
    this.#revision = revision;
  }

  #replace(definitions: readonly StoredDefinition[]): void {
    const compiled = new Map<string, WorkflowDefinition | null>();
    for (const stored of definitions) {
      const key = `${stored.name}@${stored.version} ${stored.sha256}`;
      const before = this.#compiled.get(key);
      compiled.set(key, before === undefined ? this.#compileStored(stored) : before);
    }
    const known = [...compiled.values()].filter((definition) => definition !== null);
    this.#compiled = compiled;
    this.#stored = new Map(definitions.map((stored) => [`${stored.name}@${stored.version}`, stored]));
    this.#current = catalogOf([...this.#options.code, ...known]);
  }

  #compileStored({ name, version, content }: StoredDefinition): WorkflowDefinition | null {
    try {
      const { agents, acceptedAgents = agents, runTimeoutMs } = this.#options;
      return compileDefinition({ ...(content as object), version }, { agents: acceptedAgents, runTimeoutMs });
    } catch (error) {
      const reason = toFleetError(error).message;
      this.#options.log.error({ workflow: name, version, reason }, 'a registered definition is unknown here');
      return null;
    }
  }
}
