import type { RedisClient } from '../../redis/connect.ts';
import { runScript, toBackendError, type Script } from '../../redis/script.ts';
import type { BreakerConfig } from '../breaker-config.ts';
import type { CallOutcome } from '../breaker.ts';
import { readAnswer, type CircuitAnswer } from './circuit-report.ts';
import { readListing, type CircuitListing } from './circuit-listing.ts';
import { createCircuitKeys, type CircuitKeys } from './keys.ts';
import { acquireCall } from './scripts/acquire-call.ts';
import { changeCircuit } from './scripts/change-circuit.ts';
import { countCalls } from './scripts/count-calls.ts';
import { listCircuits } from './scripts/list-circuits.ts';
import { releaseTrial } from './scripts/release-trial.ts';
import { reportFailure } from './scripts/report-failure.ts';
import { reportSuccess } from './scripts/report-success.ts';

export interface CircuitStoreOptions {
  /** Refuses commands at once while Redis is away. */
  readonly redis: RedisClient;
  readonly prefix: string;
  /** Tells processes apart in what is announced. */
  readonly by: string;
  /** Epoch milliseconds in place of the time of Redis, for tests of the rules. */
  readonly now?: () => number;
}

/** The settings as they are stored beside the record; '' are those that are stored already. */
export type StoredConfig = string;

export function storedConfig(config: BreakerConfig): StoredConfig {
  return JSON.stringify(config);
}

/**
 * The circuits of a fleet in Redis. Each method is one round trip and decides atomically, on the time of Redis.
 * Errors of all: backend_unavailable (unavailable), script_failed (internal)
 */
export class CircuitStore {
  readonly keys: CircuitKeys;
  readonly by: string;
  readonly #redis: RedisClient;
  readonly #now: (() => number) | undefined;

  constructor({ redis, prefix, by, now }: CircuitStoreOptions) {
    this.keys = createCircuitKeys(prefix);
    this.by = by;
    this.#redis = redis;
    this.#now = now;
  }

  /** Ask to call; `trialId` takes a slot where the circuit is half open. */
  acquire(name: string, config: StoredConfig, trialId: string, leaseMs: number): Promise<CircuitAnswer> {
    return this.#ask(acquireCall, name, config, [trialId, Math.ceil(leaseMs)]);
  }

  /** The record as it is; changes nothing but what time has changed. */
  look(name: string, config: StoredConfig): Promise<CircuitAnswer> {
    return this.#ask(acquireCall, name, config, ['', 0]);
  }

  success(name: string, config: StoredConfig, epoch: number, trialId = ''): Promise<CircuitAnswer> {
    return this.#ask(reportSuccess, name, config, [epoch, trialId]);
  }

  /** @param epoch  of the call; absent: whatever is now */
  failure(name: string, config: StoredConfig, epoch?: number): Promise<CircuitAnswer> {
    return this.#ask(reportFailure, name, config, [epoch ?? '']);
  }

  release(name: string, config: StoredConfig, epoch: number, trialId: string): Promise<CircuitAnswer> {
    return this.#ask(releaseTrial, name, config, [epoch, trialId]);
  }

  degrade(name: string, config: StoredConfig): Promise<CircuitAnswer> {
    return this.#ask(changeCircuit, name, config, ['degrade', 0]);
  }

  /** Null when there is no such circuit, unless settings are given: then there is one from now on. */
  async change(name: string, to: 'reset' | 'open', config: StoredConfig = ''): Promise<CircuitAnswer | null> {
    const answer = await this.#ask(changeCircuit, name, config, [to, config === '' ? 1 : 0]);
    return answer.verdict === 'unknown' ? null : answer;
  }

  /** By name. */
  async list(): Promise<CircuitListing[]> {
    return this.#list('');
  }

  async find(name: string): Promise<CircuitListing | null> {
    return (await this.#list(name))[0] ?? null;
  }

  /** What was counted since the last time, by name. */
  async count(calls: ReadonlyMap<string, ReadonlyMap<CallOutcome, number>>): Promise<void> {
    if (calls.size === 0) return;
    const keys = [...calls.keys()].map((name) => this.keys.circuitMetrics(name));
    const counts = [...calls.values()].map((counted) =>
      [...counted].map(([outcome, n]) => `${outcome}=${n}`).join(','),
    );
    await runScript(this.#redis, countCalls, keys, counts);
  }

  async remove(name: string): Promise<void> {
    const { keys } = this;
    try {
      await this.#redis
        .multi()
        .del(keys.circuitState(name), keys.circuitProbes(name), keys.circuitMetrics(name))
        .srem(keys.circuitRegistry(), name)
        .publish(keys.circuitEvents(), JSON.stringify({ event: 'circuit_removed', name, by: this.by }))
        .exec();
    } catch (error) {
      throw toBackendError(error, 'remove-circuit');
    }
  }

  async #list(name: string): Promise<CircuitListing[]> {
    const { keys } = this;
    const answer = await runScript(
      this.#redis,
      listCircuits,
      [keys.circuitRegistry()],
      [keys.circuitState(''), keys.circuitProbes(''), keys.circuitMetrics(''), name, this.#now?.() ?? ''],
    );
    return readListing(answer);
  }

  async #ask(
    script: Script,
    name: string,
    config: StoredConfig,
    args: readonly (string | number)[],
  ): Promise<CircuitAnswer> {
    const { keys } = this;
    const answer = await runScript(
      this.#redis,
      script,
      [keys.circuitState(name), keys.circuitProbes(name), keys.circuitRegistry(), keys.circuitMetrics(name)],
      [name, keys.circuitEvents(), this.by, config, this.#now?.() ?? '', ...args],
    );
    return readAnswer(answer);
  }
}
