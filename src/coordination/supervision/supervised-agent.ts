import { isFleetError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Loop } from '../agents/loop.ts';
import { AGENT_METRICS } from '../agents/metric-names.ts';
import type { AgentRegistry } from '../agents/registry.ts';
import type { AgentEvent } from '../models/agent-event.ts';
import type { JsonObject } from '../models/json.ts';
import type { Logger, MetricsSink } from '../ports.ts';
import type { AgentRunner } from './agent-runner.ts';
import { askHealth, unhealthy, type Verdict } from './health.ts';
import {
  decideRestart,
  NO_RESTARTS,
  noteAttempt,
  noteFailedRestart,
  noteFailure,
  noteRestarted,
  type RestartHistory,
} from './restart-policy.ts';
import type { SupervisionSettings } from './settings.ts';

export interface SupervisedPorts {
  readonly registry: AgentRegistry;
  readonly metrics: MetricsSink;
  readonly logger: Logger;
  readonly clock: Clock;
  /** It cannot work, and may not be restarted for a while: its messages go elsewhere. */
  readonly onSetAside: (runner: AgentRunner, reason: 'unhealthy' | 'drained') => Promise<void>;
  /** It works again: its messages stay. */
  readonly onBack: (runner: AgentRunner) => Promise<void>;
  /** Told after each look. */
  readonly onLooked: () => void;
}

/**
 * Looks after one agent of this process.
 *
 *   healthy ──check fails──▶ unhealthy: degraded, restarted as the policy allows
 *   unhealthy ──check succeeds──▶ healthy
 *   unhealthy ──restart circuit opens──▶ set aside: takes nothing, its messages go elsewhere
 *   set aside ──check succeeds, or the circuit closes──▶ works again
 *   any ──an operator drains it──▶ drained: only a restart brings it back
 */
export class SupervisedAgent {
  readonly runner: AgentRunner;
  readonly #ports: SupervisedPorts;
  readonly #settings: SupervisionSettings;
  readonly #loop = new Loop(() => this.#look());
  #history: RestartHistory = NO_RESTARTS;
  #trouble: string | null = null;
  /** Why it takes no messages. */
  #setAside: 'unhealthy' | 'drained' | null = null;
  #isHandedOver = false;
  /** Until when it was told that no restart is allowed. */
  #deniedUntil = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(runner: AgentRunner, ports: SupervisedPorts, settings: SupervisionSettings) {
    this.runner = runner;
    this.#ports = ports;
    this.#settings = settings;
  }

  start(): void {
    this.#loop.start(this.#settings.failureDetectionIntervalMs);
  }

  /** Why it is unhealthy; null while it is not. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Whether it cannot work and may not be restarted now. */
  get isHopeless(): boolean {
    return this.#setAside === 'unhealthy' && this.#decision().kind === 'denied';
  }

  get isDrained(): boolean {
    return this.#setAside === 'drained';
  }

  /** One look now; returns after how many ms the next one makes sense. */
  check(): Promise<number> {
    return this.#inTurn(() => this.#check());
  }

  /** Start it anew at once, whatever the policy says, which begins anew as well. */
  restart(details: JsonObject = {}): Promise<boolean> {
    return this.#inTurn(async () => {
      this.#history = NO_RESTARTS;
      return this.#restart({ ...details, by: 'operator' });
    });
  }

  /** It takes nothing more until it is restarted. Returns when it has finished what it has in hand. */
  async drain(details: JsonObject = {}): Promise<void> {
    const { registry, onSetAside } = this.#ports;
    let resting = Promise.resolve();
    await this.#inTurn(async () => {
      await registry.markStopped(this.runner.registered.id);
      this.#setAside = 'drained';
      resting = this.runner.rest(this.#settings.shutdownGraceMs);
      this.#isHandedOver = true;
      await onSetAside(this.runner, 'drained');
    });
    // Others may have their turn meanwhile: a restart, or the end.
    await resting;
    await this.#tell('drained', details);
  }

  /** Failed restarts are forgotten; the next look may try again. */
  resetRestarts(details: JsonObject = {}): Promise<void> {
    return this.#inTurn(async () => {
      this.#history = NO_RESTARTS;
      await this.#tell('restarts_reset', details);
    });
  }

  /** Look no more; returns when it is quiet. */
  async rest(): Promise<void> {
    await this.#loop.stop();
    await this.#turn;
  }

  async #look(): Promise<number> {
    try {
      return await this.check();
    } catch (error) {
      this.#ports.logger.debug({ agent: this.#text, err: error }, 'a look after an agent failed');
      return this.#settings.failureDetectionIntervalMs;
    } finally {
      this.#ports.onLooked();
    }
  }

  async #check(): Promise<number> {
    const { failureDetectionIntervalMs: intervalMs } = this.#settings;
    if (this.isDrained || this.runner.registered.signal.aborted) return intervalMs;
    const verdict = await this.#judge();
    if (verdict.isHealthy) {
      if (this.#trouble !== null) await this.#recover();
      this.runner.registered.setCondition(verdict.isInitializing ? 'initializing' : 'ready');
      return intervalMs;
    }
    const now = this.#ports.clock.now();
    this.#history = noteFailure(this.#settings.restart, this.#history, now);
    if (this.#trouble === null) await this.#fallIll(verdict.reason);
    else if (!this.runner.registered.isDegraded) await this.#degrade(verdict.reason);
    this.#trouble = verdict.reason;
    if (this.#decision().kind === 'now') await this.#restart({ by: 'health' });
    if (this.#trouble === null) return intervalMs;
    const next = this.#decision();
    if (next.kind === 'denied' && !this.#isHandedOver) await this.#giveUp(next.untilMs);
    if (next.kind === 'now') return intervalMs;
    return Math.min(intervalMs, Math.max(1, next.untilMs - this.#ports.clock.now()));
  }

  async #judge(): Promise<Verdict> {
    const isMeantToWork = this.#setAside === null;
    if (isMeantToWork && !this.runner.isWorking) return unhealthy('its worker does not run');
    return askHealth(this.runner.registered.agent, this.#settings.healthTimeoutMs);
  }

  async #fallIll(reason: string): Promise<void> {
    const { logger } = this.#ports;
    this.runner.registered.setCondition('error');
    logger.warn({ agent: this.#text, reason }, 'an agent is not healthy');
    await this.#degrade(reason);
    await this.#tell('unhealthy', { reason });
    this.#trouble = reason;
  }

  /** Also when an operator has taken it back: what cannot work must get no work. */
  async #degrade(reason: string): Promise<void> {
    await this.#ports.registry.setDegraded(this.runner.registered.id, true, reason, 'health');
  }

  async #recover(): Promise<void> {
    const { registry, logger } = this.#ports;
    const { registered } = this.runner;
    await registry.setDegraded(registered.id, false, null, 'health');
    await this.#takeBack();
    registered.setCondition('ready');
    await registry.markRunning(registered.id);
    await this.#tell('recovered', { from: 'unhealthy' });
    this.#trouble = null;
    this.#setAside = null;
    this.runner.resume();
    logger.info({ agent: this.#text }, 'an agent is healthy again');
  }

  async #restart(details: JsonObject): Promise<boolean> {
    const { clock } = this.#ports;
    const { restart: policy, restartGraceMs } = this.#settings;
    this.#history = noteAttempt(policy, this.#history, clock.now());
    this.#setAside = null;
    await this.#takeBack();
    const attempt = this.#history.streak;
    const verdict = await this.#tryRestart(restartGraceMs);
    if (!verdict.isHealthy) {
      this.#history = noteFailedRestart(policy, this.#history, clock.now());
      this.#count('failure');
      await this.#tell('restart_failed', { ...details, attempt, reason: verdict.reason });
      if (this.#trouble === null) await this.#fallIll(verdict.reason);
      return false;
    }
    this.#history = noteRestarted(this.#history);
    this.#count('success');
    await this.#tell('restarted', { ...details, attempt });
    if (this.#trouble !== null) await this.#recover();
    return true;
  }

  async #takeBack(): Promise<void> {
    if (!this.#isHandedOver) return;
    await this.#ports.onBack(this.runner);
    this.#isHandedOver = false;
  }

  /** A restart has succeeded when the agent says so. */
  async #tryRestart(graceMs: number): Promise<Verdict> {
    try {
      await this.runner.restart(graceMs);
      if (!this.runner.isWorking) return unhealthy('its worker does not run');
      return await askHealth(this.runner.registered.agent, this.#settings.healthTimeoutMs);
    } catch (error) {
      // That is no fault of the agent: the next look tries again.
      if (isFleetError(error) && error.code === 'redis_unavailable') throw error;
      return unhealthy(error instanceof Error ? error.message : String(error));
    }
  }

  /** Repeated by the next look if it does not come through. */
  async #giveUp(untilMs: number): Promise<void> {
    this.#setAside = 'unhealthy';
    if (this.#deniedUntil !== untilMs) {
      await this.#tell('restart_denied', { reason: this.#trouble, until: new Date(untilMs).toISOString() });
      this.#count('denied');
      this.#deniedUntil = untilMs;
    }
    await this.runner.rest(this.#settings.restartGraceMs);
    await this.#ports.onSetAside(this.runner, 'unhealthy');
    this.#isHandedOver = true;
  }

  #decision(): ReturnType<typeof decideRestart> {
    return decideRestart(this.#settings.restart, this.#history, this.#ports.clock.now());
  }

  #count(result: 'success' | 'failure' | 'denied'): void {
    this.#ports.metrics.inc(AGENT_METRICS.restarts, { agent: this.#text, result });
  }

  #tell(kind: AgentEvent['kind'], details: JsonObject): Promise<void> {
    return this.#ports.registry.tell(kind, this.runner.registered.id, details);
  }

  get #text(): string {
    return this.runner.registered.text;
  }

  /** One thing at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
