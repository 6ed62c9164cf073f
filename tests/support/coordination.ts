import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { MessageCoordinator } from '../../src/coordination/messages/coordinator.ts';
import type { CoordinatorOptions } from '../../src/coordination/messages/open-core.ts';
import type { AgentIdInput } from '../../src/coordination/models/agent-id.ts';
import type { AgentMessageInput } from '../../src/coordination/models/message.ts';
import type { Logger, MetricLabels, MetricsSink } from '../../src/coordination/ports.ts';
import { mailboxQueue } from '../../src/coordination/keys.ts';
import { testPrefix } from './redis.ts';

export const ANNA = { type: 'anna' };
export const BOB = { type: 'bob', instance: 'b1' };

export function message(change: Partial<AgentMessageInput> = {}): AgentMessageInput {
  return {
    message_id: `id-${randomUUID()}`,
    sender: ANNA,
    recipient: BOB,
    message_type: 'event',
    ...change,
  };
}

/** Counters as they were counted, by name and labels. */
export class CountingSink implements MetricsSink {
  readonly counts = new Map<string, number>();
  readonly gauges = new Map<string, number>();
  readonly seen: { name: string; value: number; labels?: MetricLabels }[] = [];

  inc(name: string, labels: MetricLabels = {}, n = 1): void {
    const key = `${name.replace('agent_orchestration_', '')} ${JSON.stringify(labels)}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + n);
  }
  set(name: string, value: number, labels: MetricLabels = {}): void {
    this.gauges.set(`${name.replace('agent_orchestration_', '')} ${JSON.stringify(labels)}`, value);
  }
  observe(name: string, value: number, labels: MetricLabels = {}): void {
    this.seen.push({ name, value, labels });
  }
  total(name: string): number {
    return [...this.counts].filter(([key]) => key.startsWith(`${name} `)).reduce((sum, [, n]) => sum + n, 0);
  }
}

export class Lines implements Logger {
  readonly lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  readonly #at = (level: string) => (fields: Readonly<Record<string, unknown>>, text: string) =>
    void this.lines.push({ level, fields, message: text });
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');
}

/** Coordinators of one fleet on one Redis, closed together with what looks at it from outside. */
export class Post implements AsyncDisposable {
  readonly prefix = testPrefix();
  readonly url: string;
  readonly redis: Redis;
  readonly #open: { close(): Promise<unknown> }[] = [];

  constructor(url: string) {
    this.url = url;
    this.redis = new Redis(url, { maxRetriesPerRequest: null });
  }

  coordinator(options: Partial<CoordinatorOptions> = {}): MessageCoordinator {
    const coordinator = new MessageCoordinator({
      connection: this.url,
      keyPrefix: this.prefix,
      ...options,
      // Sweeps happen when a test asks for them.
      messaging: { sweepIntervalMs: 60_000, ...options.messaging },
    });
    this.#open.push(coordinator);
    return coordinator;
  }

  /** The queue of a mailbox, as plain BullMQ sees it. */
  queue(agent: AgentIdInput = BOB, name = mailboxQueue(agent)): Queue {
    const queue = new Queue(name, { connection: this.redis, prefix: this.prefix });
    this.#open.push(queue);
    return queue;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((each) => each.close()));
    const keys = await this.redis.keys(`${this.prefix}:*`);
    if (keys.length > 0) await this.redis.del(keys);
    await this.redis.quit();
  }
}
