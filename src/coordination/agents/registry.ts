import { z } from 'zod';
import type { CoordinationCore } from '../core.ts';
import { CoordinationClosedError } from '../errors.ts';
import type { AgentEvent } from '../models/agent-event.ts';
import { AgentId, agentIdText, type AgentIdInput } from '../models/agent-id.ts';
import type { DegradedBy } from '../models/agent-record.ts';
import { parseInput } from '../validate.ts';
import type { CoordinatedAgent } from './agent.ts';
import { beatAgents } from './beats.ts';
import { degrade, type DegradeOutcome } from './degrade.ts';
import { ListFilter, type AgentDirectory, type AgentFilter, type AgentView } from './directory.ts';
import { readAgentEvents, writeAgentEvent, type AgentEventQuery, type StoredAgentEvent } from './events.ts';
import { AgentGauges } from './gauges.ts';
import { HookSet, type RegistryHooks } from './hooks.ts';
import { LocalAgent, type RegisteredAgent } from './local-agent.ts';
import { Loop } from './loop.ts';
import { LossDetector } from './loss-detector.ts';
import { AgentRecords } from './records.ts';
import { deregisterLocal, deregisterRemote, registerLocal, rejectState, savedState } from './registration.ts';
import { RegistrySettings, type RegistryOptions } from './settings.ts';
import { restoreState } from './state.ts';

const RegisterOptions = z.strictObject({ takeover: z.boolean().default(false) });
/**
 * Who there is: registers the agents of this process, keeps them alive with heartbeats, tells who else there is, and
 * notices who fell silent.
 *
 * Registering starts the heartbeats; {@link start} starts them and the search for lost agents, in which any number of
 * processes take turns. The connection is the caller's.
 */
export class AgentRegistry implements AgentDirectory, AsyncDisposable {
  readonly settings: RegistrySettings;
  readonly #core: CoordinationCore;
  readonly #records: AgentRecords;
  readonly #gauges: AgentGauges;
  readonly #detector: LossDetector;
  readonly #beats = new Loop(() => this.#beatRound());
  readonly #hooks: HookSet;
  readonly #local = new Map<string, LocalAgent>();
  /** Beats and departures come one after the other: a late beat must not bring back who has left. */
  #turn: Promise<unknown> = Promise.resolve();
  #isSilent = false;
  #closing: Promise<void> | undefined;

  /** Errors: validation (invalid_input) */
  constructor(core: CoordinationCore, options: RegistryOptions = {}, hooks?: RegistryHooks) {
    this.settings = parseInput(RegistrySettings, options, 'agents');
    this.#core = core;
    this.#hooks = new HookSet(core.logger);
    this.#records = new AgentRecords(core, this.settings.recordRetentionMs);
    this.#gauges = new AgentGauges(core.metrics);
    this.#detector = new LossDetector(core, this.settings, {
      onLost: (agent) => this.#lost(agent),
      onForgotten: (agent) => this.#departed(agent, 'expired'),
    });
    if (hooks !== undefined) this.#hooks.add(hooks);
  }

  /** More hooks; returns what takes them away. */
  attach(hooks: RegistryHooks): () => void {
    return this.#hooks.add(hooks);
  }

  start(): void {
    this.#assertOpen('start');
    this.#beats.start(this.settings.heartbeatIntervalMs);
    this.#detector.start();
  }

  /** Silence: no heartbeat and no search any more, and nobody is deregistered, as if the process had died. */
  async stop(): Promise<void> {
    await Promise.all([this.#beats.stop(), this.#detector.stop()]);
  }

  /**
   * Register an agent of this process: restore its state, write its record, tell it.
   * Errors: validation, agent_instance_conflict (conflict) when one of this name is alive and is not taken over,
   * redis_unavailable
   */
  async register(
    agent: CoordinatedAgent,
    options: z.input<typeof RegisterOptions> = {},
  ): Promise<RegisteredAgent> {
    this.#assertOpen('register');
    const { takeover } = parseInput(RegisterOptions, options, 'options');
    const local = new LocalAgent(agent);
    const known = await this.#records.get(local.id);
    await registerLocal(this.#core, this.settings, local, { takeover, known });
    if (this.#closing !== undefined) {
      await deregisterLocal(this.#core, this.settings, local, 'shutdown');
      this.#assertOpen('register');
    }
    const previous = this.#local.get(local.text);
    if (previous !== undefined) this.#disown(previous, 'superseded');
    if (previous !== undefined) await this.tell('superseded', previous.id, { by: local.registrationId });
    this.#local.set(local.text, local);
    this.#beats.start(this.settings.heartbeatIntervalMs);
    return local;
  }

  /**
   * A local agent goes: its state is saved, its record and what belongs to it are removed. False when it is none of
   * this process, or another incarnation has taken its name. Errors: redis_unavailable
   */
  async deregister(agent: AgentIdInput, { reason = 'requested' } = {}): Promise<boolean> {
    return this.#inTurn(async () => {
      const local = this.#find(agent);
      if (local === undefined) return false;
      const isGone = await deregisterLocal(this.#core, this.settings, local, reason);
      this.#local.delete(local.text);
      local.abandon(isGone ? 'was deregistered' : 'was superseded');
      if (isGone) await this.#departed(local.id, reason);
      return isGone;
    });
  }

  /**
   * An agent of whatever process loses its name, and what belongs to it is removed; should it be alive, it stops
   * consuming with its next heartbeat. False when nobody is registered so. Errors: redis_unavailable
   */
  async evict(agent: AgentIdInput, { reason = 'evicted' } = {}): Promise<boolean> {
    if (await this.deregister(agent, { reason })) return true;
    const view = await this.get(agent);
    if (view === null || !(await deregisterRemote(this.#core, this.settings, view, reason))) return false;
    await this.#departed(view.id, reason);
    return true;
  }

  /** The agents of this process. */
  local(): RegisteredAgent[] {
    return [...this.#local.values()];
  }

  async list(filter: AgentFilter = {}): Promise<AgentView[]> {
    const { type, isAlive, includeState } = parseInput(ListFilter, filter, 'filter');
    return this.#records.list({
      ...(type === undefined ? {} : { type }),
      ...(isAlive === undefined ? {} : { isAlive }),
      ...(includeState === undefined ? {} : { includeState }),
    });
  }

  async get(agent: AgentIdInput): Promise<AgentView | null> {
    return this.#records.get(parseInput(AgentId, agent, 'agent'));
  }

  /** Those of a type that can be given work: alive, running, not degraded. */
  async discover(type: string): Promise<AgentView[]> {
    const views = await this.list({ type, isAlive: true });
    return views.filter(({ record: { status } }) => status.running && !status.degraded);
  }

  /**
   * Say of an agent, of whatever process, that it should get no work, or take that back. What an operator said health
   * neither changes nor takes back; it even outlives a restart of the agent.
   * Errors: validation, redis_unavailable
   */
  async setDegraded(
    agent: AgentIdInput,
    isDegraded: boolean,
    reason: string | null = null,
    by: DegradedBy = 'operator',
  ): Promise<DegradeOutcome> {
    const own = (by === 'health' && this.#find(agent)?.registrationId) || null;
    return degrade(this.#core, { agent, isDegraded, reason, by, own }, this.settings.eventsMaxLen);
  }

  /** A local agent takes no more work, and everybody knows at once. False when it is none of this process. */
  markStopped(agent: AgentIdInput): Promise<boolean> {
    return this.#mark(agent, (local) => local.markStopped());
  }

  /** It takes work again, and everybody knows at once. False when it is none of this process. */
  markRunning(agent: AgentIdInput): Promise<boolean> {
    return this.#mark(agent, (local) => local.markRunning());
  }

  /** Give a local agent what was saved last, as a restart does. False when it is none of this process. */
  async restore(agent: AgentIdInput): Promise<boolean> {
    const local = this.#find(agent);
    if (local === undefined) return false;
    const [state, now] = await savedState(this.#core, local);
    const { event, isRejected } = await restoreState(local.agent, state, now, this.#core.logger);
    if (isRejected) await rejectState(this.#core, this.settings, local);
    if (event !== null) await this.tell(event.kind, local.id, event.details);
    return true;
  }

  /** One heartbeat of every local agent now. Errors: redis_unavailable */
  heartbeat(): Promise<void> {
    return this.#inTurn(() => this.#beat([...this.#local.values()]));
  }

  /** One search for lost agents now, if it is this process's turn. Errors: redis_unavailable */
  async detectLost(): Promise<void> {
    await this.#detector.runOnce();
  }

  /** What happened to agents, the newest last. Errors: validation, redis_unavailable */
  async events(query: AgentEventQuery = {}): Promise<StoredAgentEvent[]> {
    return readAgentEvents(this.#core, query);
  }

  /** Add an event; the registration is that of the local agent, if it is one. Errors: redis_unavailable */
  async tell(
    kind: AgentEvent['kind'],
    agent: AgentIdInput,
    details: AgentEvent['details'] = {},
  ): Promise<void> {
    const text = agentIdText(agent);
    const registration = this.#local.get(text)?.registrationId ?? null;
    const event = { kind, agent_id: text, registration_id: registration, details };
    await writeAgentEvent(this.#core, event, this.settings.eventsMaxLen);
  }

  /** Set the gauges from Redis; call it when metrics are scraped. Errors: redis_unavailable */
  async collectAgentGauges(): Promise<void> {
    this.#gauges.show(await this.#records.list());
  }

  /** Deregister all local agents and fall silent. Safe to call twice; the connection stays open. */
  close({ reason = 'shutdown' } = {}): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(reason: string): Promise<void> {
    await this.#beats.stop();
    for (const { id, text } of this.#local.values())
      await this.deregister(id, { reason }).catch((error: unknown) =>
        this.#core.logger.warn({ agent: text, err: error }, 'an agent could not be deregistered'),
      );
    for (const local of this.#local.values()) local.abandon('was left behind');
    this.#local.clear();
    await this.#detector.stop();
  }

  #find(agent: AgentIdInput): LocalAgent | undefined {
    return this.#local.get(agentIdText(parseInput(AgentId, agent, 'agent')));
  }

  async #mark(agent: AgentIdInput, mark: (local: LocalAgent) => void): Promise<boolean> {
    const local = this.#find(agent);
    if (local === undefined) return false;
    mark(local);
    await this.#inTurn(() => this.#beat([local]));
    return true;
  }

  async #beatRound(): Promise<number> {
    try {
      await this.heartbeat();
      if (this.#isSilent) this.#core.logger.info({}, 'heartbeats reach Redis again');
      this.#isSilent = false;
    } catch (error) {
      if (!this.#isSilent) this.#core.logger.warn({ err: error }, 'heartbeats do not reach Redis');
      this.#isSilent = true;
    }
    return this.settings.heartbeatIntervalMs;
  }

  #beat(agents: readonly LocalAgent[]): Promise<void> {
    return beatAgents(this.#core, this.settings, agents, {
      capabilitiesOf: (agent) => this.#hooks.capabilitiesOf(agent),
      onDisowned: (agent, how) => this.#disown(agent, how),
      onBeaten: (agent) => void this.#hooks.call(agent.text, (hooks) => hooks.onBeaten?.(agent)),
    });
  }

  #disown(agent: LocalAgent, how: 'superseded' | 'evicted'): void {
    if (this.#local.get(agent.text) === agent) this.#local.delete(agent.text);
    agent.abandon(`was ${how}`);
    this.#core.logger.warn({ agent: agent.text, how }, 'an agent of this process lost its name');
    void this.#hooks.call(agent.text, (hooks) => hooks.onSuperseded?.(agent));
  }

  async #departed(agent: AgentId, reason: string): Promise<void> {
    await this.#hooks.call(agentIdText(agent), (hooks) => hooks.onDeregistered?.(agent, reason));
  }

  async #lost(agent: AgentId): Promise<boolean> {
    const view = await this.#records.get(agent);
    if (view === null || view.isAlive) return true;
    return this.#hooks.call(view.text, (hooks) => hooks.onLost?.(view));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #assertOpen(what: string): void {
    if (this.#closing !== undefined) throw new CoordinationClosedError(what);
  }
}
