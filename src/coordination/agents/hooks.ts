import type { AgentId } from '../models/agent-id.ts';
import type { Logger } from '../ports.ts';
import type { AgentView } from './directory.ts';
import type { RegisteredAgent } from './local-agent.ts';

/** What other parts of coordination do when something happens to agents. Their errors are logged, no more. */
export interface RegistryHooks {
  /** Called before each heartbeat; the set of capabilities it advertises as JSON, undefined when it advertises none. */
  readonly beforeBeat?: (agent: RegisteredAgent) => string | undefined;
  /** A heartbeat of a local agent succeeded. */
  readonly onBeaten?: (agent: RegisteredAgent) => void;
  /** Another incarnation or an operator took the name of a local agent: it must not consume any longer. */
  readonly onSuperseded?: (agent: RegisteredAgent) => void | Promise<void>;
  /** An agent went: a local one was deregistered, or the record of any became too old. */
  readonly onDeregistered?: (agent: AgentId, reason: string) => void | Promise<void>;
  /**
   * An agent fell silent. Told in the one process that looks, again until it succeeds, by the next process if that
   * one dies: it must be safe to repeat.
   */
  readonly onLost?: (agent: AgentView) => void | Promise<void>;
}

/** The hooks of one registry. Whatever one of them does, the others are called. */
export class HookSet {
  readonly #logger: Logger;
  readonly #hooks = new Set<RegistryHooks>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Returns what takes them away. */
  add(hooks: RegistryHooks): () => void {
    this.#hooks.add(hooks);
    return () => void this.#hooks.delete(hooks);
  }

  /** What to store with the next heartbeat of an agent. */
  capabilitiesOf(agent: RegisteredAgent): string | undefined {
    let capabilities: string | undefined;
    for (const { beforeBeat } of this.#hooks) {
      try {
        capabilities = beforeBeat?.(agent) ?? capabilities;
      } catch (error) {
        this.#logger.error({ agent: agent.text, err: error }, 'a hook before a heartbeat failed');
      }
    }
    return capabilities;
  }

  /** One after the other; whether all of them succeeded. */
  async call(text: string, run: (hooks: RegistryHooks) => void | Promise<void>): Promise<boolean> {
    let isDone = true;
    for (const hooks of this.#hooks) {
      try {
        await run(hooks);
      } catch (error) {
        isDone = false;
        this.#logger.error({ agent: text, err: error }, 'a hook of the registry failed');
      }
    }
    return isDone;
  }
}
