import { z } from 'zod';
import type { AgentDirectory } from '../agents/directory.ts';
import type { CoordinationCore } from '../core.ts';
import type { CoordinatorHooks } from '../messages/core.ts';
import { AgentId, AgentType, canonicalAgentId, type AgentIdInput } from '../models/agent-id.ts';
import type { RoutingPreview } from '../models/routing.ts';
import { parseInput } from '../validate.ts';
import { runnerOf } from './field.ts';
import { Lookout } from './lookout.ts';
import { Looks } from './looks.ts';
import { ROUTING_METRICS } from './metric-names.ts';
import { Outcomes, type Outcome } from './outcomes.ts';
import { previewOf } from './preview.ts';
import { exclusionOf, type Rules } from './score.ts';
import { rerouted, RoutingSettings, type RoutingOptions } from './settings.ts';

const TargetOptions = z.strictObject({ excludeDegraded: z.boolean().default(true) });
export type TargetOptions = z.input<typeof TargetOptions>;

const PreviewOptions = TargetOptions.extend({ showAllCandidates: z.boolean().default(false) });
export type PreviewOptions = z.input<typeof PreviewOptions>;

/**
 * Chooses who gets a message. A coordinator that is given its {@link hooks} asks it before each send and tells it
 * how messages went:
 *
 * 1. an instance that is named and fit is kept: one look at its record
 * 2. otherwise the best of the type is taken: all records and loads in one round trip
 * 3. when nobody is fit the message goes where it was addressed and waits there
 */
export class Router implements AsyncDisposable {
  readonly #core: CoordinationCore;
  readonly #directory: AgentDirectory;
  readonly #outcomes: Outcomes;
  readonly #lookout: Lookout;
  readonly #looks: Looks;
  #settings: RoutingSettings;

  /** Errors: validation (invalid_input) */
  constructor(core: CoordinationCore, directory: AgentDirectory, options: RoutingOptions = {}) {
    this.#core = core;
    this.#directory = directory;
    this.#settings = parseInput(RoutingSettings, options, 'router');
    this.#outcomes = new Outcomes(core, () => this.#settings.successWindowSize);
    this.#lookout = new Lookout(core, directory);
    this.#looks = new Looks((type) => this.#lookout.look(type));
  }

  /** What a MessageCoordinator is given to send through this router. */
  get hooks(): CoordinatorHooks {
    return {
      resolveRecipient: (recipient) => this.resolveTarget(recipient),
      onSettled: (agent, outcome) => this.onSettled(agent, outcome),
    };
  }

  get settings(): RoutingSettings {
    return this.#settings;
  }

  /** Change settings from now on: all of them or none. Errors: validation (invalid_input) */
  configure(changes: RoutingOptions): void {
    this.#settings = rerouted(this.#settings, changes);
  }

  /**
   * The mailbox a message to `recipient` goes to.
   * Errors: validation (invalid_input), redis_unavailable (unavailable)
   */
  async resolveTarget(recipient: AgentIdInput, options: TargetOptions = {}): Promise<AgentId> {
    const { excludeDegraded } = parseInput(TargetOptions, options, 'options');
    const asked = canonicalAgentId(parseInput(AgentId, recipient, 'recipient'));
    if (!this.#settings.enabled) return asked;
    return this.#timed(async () => {
      if (asked.instance !== null && (await this.#isFit(asked, excludeDegraded))) return asked;
      const field = await this.#looks.at(asked.type);
      const instance = field.take(excludeDegraded, this.#rules());
      if (instance !== undefined) return canonicalAgentId({ type: asked.type, instance });
      this.#core.metrics.inc(ROUTING_METRICS.noCandidate, { type: asked.type });
      return asked;
    });
  }

  /**
   * Whom the next message to this type without an instance goes to, and how all of its agents stand. Nothing changes.
   * Errors: validation (invalid_input), redis_unavailable (unavailable)
   */
  async preview(agentType: string, options: PreviewOptions = {}): Promise<RoutingPreview> {
    const type = parseInput(AgentType, agentType, 'agent_type');
    const { excludeDegraded, showAllCandidates } = parseInput(PreviewOptions, options, 'options');
    return this.#timed(async () => {
      const { field, others } = await this.#lookout.lookAtAll(type);
      // The next message must find what is shown here.
      this.#looks.keep(type, field);
      const rules = { ...this.#rules(), excludeDegraded, showAllCandidates };
      return previewOf(type, field.entries(), others, rules);
    });
  }

  /** A message of an agent was handled, or not. Waits for nothing and never throws. */
  onSettled(agent: AgentIdInput, outcome: Outcome): void {
    this.#outcomes.record(agent, outcome);
  }

  /** Returns when all outcomes so far are written. */
  flush(): Promise<void> {
    return this.#outcomes.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  async #isFit(agent: AgentId, excludeDegraded: boolean): Promise<boolean> {
    const view = await this.#directory.get(agent);
    return view !== null && exclusionOf(runnerOf(view), agent.type, excludeDegraded) === null;
  }

  #rules(): Rules {
    const { weightQueue: queue, weightHeartbeat: heartbeat, weightSuccess: success } = this.#settings;
    return { weights: { queue, heartbeat, success }, heartbeatFreshMs: this.#settings.heartbeatFreshMs };
  }

  async #timed<T>(decide: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await decide();
    } finally {
      this.#core.metrics.observe(ROUTING_METRICS.decisionSeconds, (performance.now() - startedAt) / 1000);
    }
  }
}
