import type { MetricsSink } from '../ports.ts';
import type { AgentView } from './directory.ts';
import { AGENT_METRICS } from './metric-names.ts';

/**
 * The gauges of agents, from what Redis says of the whole fleet. A type or agent that is gone is set to zero once
 * more, then left out.
 */
export class AgentGauges {
  readonly #metrics: MetricsSink;
  #types = new Set<string>();
  #agents = new Set<string>();

  constructor(metrics: MetricsSink) {
    this.#metrics = metrics;
  }

  show(views: readonly AgentView[]): void {
    const types = new Map<string, { registered: number; alive: number }>();
    for (const type of this.#types) types.set(type, { registered: 0, alive: 0 });
    let unhealthy = 0;
    for (const { id, isAlive, record } of views) {
      const counts = types.get(id.type) ?? { registered: 0, alive: 0 };
      counts.registered += 1;
      if (isAlive) counts.alive += 1;
      types.set(id.type, counts);
      if (!isAlive || record.status.degraded) unhealthy += 1;
    }
    for (const [type, { registered, alive }] of types) {
      this.#metrics.set(AGENT_METRICS.registered, registered, { type });
      this.#metrics.set(AGENT_METRICS.alive, alive, { type });
    }
    this.#metrics.set(AGENT_METRICS.unhealthy, unhealthy);
    const ages = new Map(views.map(({ text, heartbeatAgeMs }) => [text, heartbeatAgeMs / 1000]));
    for (const agent of this.#agents) if (!ages.has(agent)) this.#age(agent, 0);
    for (const [agent, seconds] of ages) this.#age(agent, seconds);
    this.#types = new Set(views.map(({ id }) => id.type));
    this.#agents = new Set(ages.keys());
  }

  #age(agent: string, seconds: number): void {
    this.#metrics.set(AGENT_METRICS.heartbeatAgeSeconds, seconds, { agent });
  }
}
