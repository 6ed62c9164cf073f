import { sleep, timeoutError, untilAborted } from '../../../kernel/abort.ts';
import { FleetError, toFleetError } from '../../../kernel/errors.ts';
import type { RegistryHooks } from '../../agents/hooks.ts';
import { AgentId, agentIdText, type AgentIdInput } from '../../models/agent-id.ts';
import { NO_LOGGER, type Logger } from '../../ports.ts';
import { parseInput } from '../../validate.ts';
import type { CapabilityStore } from '../store.ts';
import { setOfComponent, type DiscoveryComponent, type InferCapabilities } from './component.ts';
import { DISABLED, nextState, PENDING, type ComponentEvent, type ComponentState } from './component-state.ts';
import type { Environment } from './environment.ts';
import { DiscoverySettings, type DiscoveryOptions } from './settings.ts';
import {
  componentStatus,
  discoveryStatus,
  isDiscoveryOn,
  type ComponentStatus,
  type DiscoveryStatus,
} from './status.ts';

export interface DiscoveryParts {
  /** Where sets are advertised. */
  readonly store: Pick<CapabilityStore, 'register'>;
  readonly settings?: DiscoveryOptions;
  /** See `resolveEnvironment`. */
  readonly environment: Environment;
  /** What is known of types whose agents bring no capabilities along. */
  readonly infer?: InferCapabilities;
  readonly logger?: Logger;
}

interface Component {
  readonly id: string;
  readonly definition: DiscoveryComponent;
  /** Aborts when it is removed. */
  readonly leaving: AbortController;
  state: ComponentState;
  /** The round of attempts under way. */
  round: Promise<void> | undefined;
}

/**
 * Advertises the capabilities of the agents of this process, in rounds:
 *
 * 1. a round begins when the strategy says so, or when `discover` is called
 * 2. it tries until an attempt succeeds, the retries are used up, or the capabilities are wrong, which is final
 * 3. afterwards the heartbeats of the agent keep what is advertised; `status` tells how it went
 */
export class CapabilityDiscovery implements AsyncDisposable {
  readonly #store: DiscoveryParts['store'];
  readonly #settings: DiscoverySettings;
  readonly #environment: Environment;
  readonly #infer: InferCapabilities;
  readonly #logger: Logger;
  readonly #components = new Map<string, Component>();
  #isStopped = false;

  /** For the registry, whose heartbeats the strategy `heartbeat` waits for. */
  readonly hooks: RegistryHooks = { onBeaten: ({ id }) => this.beaten(id) };

  /** Errors: validation (invalid_input) */
  constructor({ store, settings, environment, infer, logger = NO_LOGGER }: DiscoveryParts) {
    this.#store = store;
    this.#settings = parseInput(DiscoverySettings, settings ?? {}, 'discovery');
    this.#environment = environment;
    this.#infer = infer ?? (() => undefined);
    this.#logger = logger;
  }

  /**
   * An agent of this process is there. Its capabilities are advertised when the strategy says so; what goes wrong is
   * in the status. A component of the same id is replaced.
   * Errors: validation (invalid_input)
   */
  register(definition: DiscoveryComponent): ComponentStatus {
    const agent = parseInput(AgentId, definition.agent, 'agent');
    const id = definition.componentId ?? agentIdText(agent);
    this.remove(id);
    const isOn = isDiscoveryOn(this.#settings, this.#environment) && definition.advertise !== false;
    const component: Component = {
      id,
      definition,
      leaving: new AbortController(),
      state: isOn ? PENDING : DISABLED,
      round: undefined,
    };
    this.#components.set(id, component);
    if (this.#settings.strategy === 'immediate') this.#begin(component, 0);
    if (this.#settings.strategy === 'delayed') this.#begin(component, this.#settings.discoveryDelayMs);
    return statusOf(component);
  }

  /** A heartbeat of this agent succeeded: with the strategy `heartbeat` the first one begins the round. */
  beaten(agent: AgentIdInput): void {
    if (this.#settings.strategy !== 'heartbeat') return;
    const text = agentIdText(agent);
    for (const component of this.#components.values())
      if (component.state.attempts === 0 && agentIdText(component.definition.agent) === text)
        this.#begin(component, 0);
  }

  /**
   * Advertise now, also again; a round that is under way, or waits for its time, is the one that is waited for.
   * @returns how the round ended; a disabled component stays so
   * Errors: component_not_found (not_found)
   */
  async discover(componentId: string): Promise<ComponentStatus> {
    const component = this.#components.get(componentId);
    if (component === undefined)
      throw new FleetError({
        code: 'component_not_found',
        kind: 'not_found',
        message: `no component "${componentId}" was registered in this process`,
      });
    if (component.round === undefined) {
      this.#step(component, { kind: 'asked_again' });
      this.#begin(component, 0);
    }
    await component.round;
    return statusOf(component);
  }

  /** Waits for the round that is under way or waits for its time; null for what nobody knows. */
  async settled(componentId: string): Promise<ComponentStatus | null> {
    const component = this.#components.get(componentId);
    await component?.round;
    return component === undefined ? null : statusOf(component);
  }

  /** The component is forgotten, and its attempts end. What it advertises lapses with its heartbeats. */
  remove(componentId: string): boolean {
    const component = this.#components.get(componentId);
    component?.leaving.abort();
    return this.#components.delete(componentId);
  }

  status(): DiscoveryStatus {
    return discoveryStatus([...this.#components.values()].map(statusOf), this.#environment, this.#settings);
  }

  /** No more attempts; returns when none is under way. Safe to call twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const components = [...this.#components.values()];
    for (const { leaving } of components) leaving.abort();
    for (const { round } of components) await round;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #begin(component: Component, delayMs: number): void {
    if (this.#isStopped || component.round !== undefined || component.state.status !== 'pending') return;
    component.round = this.#round(component, delayMs).finally(() => {
      component.round = undefined;
    });
  }

  /** Never throws: what goes wrong is in the state. */
  async #round(component: Component, delayMs: number): Promise<void> {
    const { signal } = component.leaving;
    try {
      for (let waitMs = delayMs; component.state.status === 'pending'; waitMs = this.#settings.retryDelayMs) {
        if (waitMs > 0) await sleep(waitMs, signal);
        this.#step(component, { kind: 'attempt_began' });
        await this.#attempt(component, signal);
      }
    } catch (error) {
      if (!signal.aborted)
        this.#logger.error({ component: component.id, err: error }, 'a discovery broke off');
    }
  }

  async #attempt(component: Component, leaving: AbortSignal): Promise<void> {
    const { discoveryTimeoutMs, capabilityValidation } = this.#settings;
    const overdue = new AbortController();
    const timer = setTimeout(
      () =>
        overdue.abort(timeoutError('discovery_timeout', `discovery of ${component.id}`, discoveryTimeoutMs)),
      discoveryTimeoutMs,
    );
    try {
      const { definition } = component;
      const set = setOfComponent(definition, this.#infer, capabilityValidation, this.#logger);
      const signal = AbortSignal.any([leaving, overdue.signal]);
      await untilAborted(this.#store.register(definition.agent, set), signal);
      this.#step(component, { kind: 'attempt_succeeded' });
    } catch (error) {
      leaving.throwIfAborted();
      const { code, message } = toFleetError(error);
      const isFinal = code === 'validation';
      this.#logger.warn({ component: component.id, err: error }, 'capabilities could not be advertised');
      this.#step(component, { kind: 'attempt_failed', failure: { code, message }, isFinal });
    } finally {
      clearTimeout(timer);
    }
  }

  #step(component: Component, event: ComponentEvent): void {
    component.state = nextState(component.state, event, this.#settings.retryAttempts);
  }
}

function statusOf({ id, definition, state }: Component): ComponentStatus {
  return componentStatus(id, agentIdText(definition.agent), state);
}
