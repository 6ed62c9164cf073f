import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { AgentDirectory, AgentView } from '../../src/coordination/agents/directory.ts';
import { createCoordinationKeys, keyParts, type CoordinationKeys } from '../../src/coordination/keys.ts';
import {
  agentIdText,
  canonicalAgentId,
  parseAgentIdText,
  type AgentIdInput,
} from '../../src/coordination/models/agent-id.ts';
import { AgentRecord } from '../../src/coordination/models/agent-record.ts';

export interface WrittenAgent {
  /** Since its last heartbeat. */
  readonly ageMs?: number;
  readonly ttlSeconds?: number;
  readonly running?: boolean;
  readonly degraded?: boolean;
  readonly inFlight?: number;
}

/** Agents whose records a test writes as it wants them. */
export class WrittenAgents implements AgentDirectory {
  readonly #redis: Redis;
  readonly #keys: CoordinationKeys;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#keys = createCoordinationKeys(prefix);
  }

  async write(agent: AgentIdInput, facts: WrittenAgent = {}): Promise<void> {
    const text = agentIdText(agent);
    const beatAt = (await this.#now()) - (facts.ageMs ?? 0);
    await this.#redis
      .multi()
      .set(this.#keys.agent(...keyParts(agent)), JSON.stringify(recordOf(text, beatAt, facts)))
      .zadd(this.#keys.agentIndex(), beatAt, text)
      .exec();
  }

  async list({ type, isAlive }: { type?: string; isAlive?: boolean } = {}): Promise<AgentView[]> {
    const texts = await this.#redis.zrange(this.#keys.agentIndex(), 0, '+inf', 'BYSCORE');
    const views = await Promise.all(texts.sort().map((text) => this.get(parseAgentIdText(text)!)));
    return views.filter(
      (view): view is AgentView =>
        view !== null &&
        (type === undefined || view.id.type === type) &&
        (isAlive === undefined || view.isAlive === isAlive),
    );
  }

  async get(agent: AgentIdInput): Promise<AgentView | null> {
    const text = agentIdText(agent);
    const [now, json, beatAt] = await Promise.all([
      this.#now(),
      this.#redis.get(this.#keys.agent(...keyParts(agent))),
      this.#redis.zscore(this.#keys.agentIndex(), text),
    ]);
    if (json === null) return null;
    const record = AgentRecord.parse(JSON.parse(json));
    const heartbeatAgeMs = now - Number(beatAt);
    const isAlive = heartbeatAgeMs <= record.heartbeat_ttl_s * 1000;
    return { id: canonicalAgentId(agent), text, record, isAlive, heartbeatAgeMs };
  }

  async #now(): Promise<number> {
    const [seconds, micros] = await this.#redis.time();
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }
}

function recordOf(text: string, beatAt: number, facts: WrittenAgent): AgentRecord {
  const at = new Date(beatAt).toISOString();
  return AgentRecord.parse({
    name: text,
    agent_id: text,
    registration_id: randomUUID(),
    host: 'here',
    pid: 1,
    version: '1.0.0',
    status: { running: facts.running ?? true, degraded: facts.degraded ?? false, status: 'idle' },
    metrics: { uptime_s: 1, requests: 0, errors: 0, in_flight: facts.inFlight ?? 0, concurrency: 1 },
    registered_at: at,
    last_heartbeat: at,
    heartbeat_ttl_s: facts.ttlSeconds ?? 30,
  });
}
