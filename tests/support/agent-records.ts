import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { keyParts, type CoordinationKeys } from '../../src/coordination/keys.ts';
import { agentIdText, type AgentIdInput } from '../../src/coordination/models/agent-id.ts';
import { AgentRecord } from '../../src/coordination/models/agent-record.ts';

export interface WrittenAgent {
  /** Since its last heartbeat. */
  readonly ageMs?: number;
  readonly ttlSeconds?: number;
  readonly running?: boolean;
  readonly degraded?: boolean;
  readonly inFlight?: number;
}

/** Writes records of agents as a test wants them: of any age, in any state. */
export class AgentRecordWriter {
  readonly #redis: Redis;
  readonly #keys: CoordinationKeys;

  constructor(redis: Redis, keys: CoordinationKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async write(agent: AgentIdInput, facts: WrittenAgent = {}): Promise<void> {
    const text = agentIdText(agent);
    const [seconds, micros] = await this.#redis.time();
    const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    const beatAt = now - (facts.ageMs ?? 0);
    const writing = this.#redis
      .multi()
      .set(this.#keys.agent(...keyParts(agent)), JSON.stringify(recordOf(text, beatAt, facts)))
      .zadd(this.#keys.agentIndex(), beatAt, text)
      .hdel(this.#keys.degradedAgents(), text);
    if (facts.degraded === true) {
      const mark = { by: 'operator', reason: null, at: new Date(now).toISOString() };
      writing.hset(this.#keys.degradedAgents(), text, JSON.stringify(mark));
    }
    await writing.exec();
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
    status: { running: facts.running ?? true, degraded: false, status: 'idle' },
    metrics: { uptime_s: 1, requests: 0, errors: 0, in_flight: facts.inFlight ?? 0, concurrency: 1 },
    registered_at: at,
    last_heartbeat: at,
    heartbeat_ttl_s: facts.ttlSeconds ?? 30,
  });
}
