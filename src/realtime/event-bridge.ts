import { readAgentEvent } from '../coordination/agents/events.ts';
import { sleep } from '../kernel/abort.ts';
import type { Logger } from '../observability/logger.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { CircuitStore } from '../resilience/shared/circuit-store.ts';
import { readNotice } from '../resilience/shared/circuit-report.ts';
import { agentStatusOf } from './agent-status.ts';
import { circuitAsItIs, circuitEventOf, type MarkedCircuitEvent } from './circuit-event.ts';
import type { EventLog } from './event-log.ts';

export interface EventBridgeParts {
  readonly log: EventLog;
  /** The stream of what happened to agents. */
  readonly agentEvents: string;
  readonly circuits: CircuitStore;
  /** Listens to the channel of circuits. */
  readonly subscriber: RedisClient;
  /** A connection that waits for agents' events and does nothing else; it is dropped at the end. */
  readonly waiting: RedisClient;
  readonly logger: Pick<Logger, 'warn'>;
}

const AGENTS = 'agents';
const WAIT_MS = 10_000;
const PAGE = 500;
const AFTER_FAILURE_MS = 1_000;

/**
 * Copies what coordination tells of agents, and circuits of themselves, into the log of the fleet.
 *
 * 1. Every process with an API does so. The script that appends an event also moves the mark of its source, and does
 *    nothing when somebody else has moved it: each event stands in the log once, whoever dies when.
 * 2. What agents have told while no process was there is caught up with, as far as their stream goes back.
 * 3. Circuits tell on a channel, which nobody keeps. So their states are compared at the start and after every
 *    reconnect: of what was missed, the last state is told.
 */
export class EventBridge {
  readonly #parts: EventBridgeParts;
  readonly #stop = new AbortController();
  readonly #onMessage = (channel: string, text: string): void => this.#hear(channel, text);
  readonly #onReady = (): void => this.#look();
  #agents: Promise<void> = Promise.resolve();
  /** One after the other: what is heard first is told first. */
  #circuits: Promise<void> = Promise.resolve();

  constructor(parts: EventBridgeParts) {
    this.#parts = parts;
  }

  /** Safe to call twice. */
  start(): void {
    const { subscriber } = this.#parts;
    if (this.#stop.signal.aborted || subscriber.listeners('message').includes(this.#onMessage)) return;
    subscriber.on('message', this.#onMessage);
    subscriber.on('ready', this.#onReady);
    this.#look();
    this.#agents = this.#copyAgents();
  }

  /** Returns when it is quiet. */
  async stop(): Promise<void> {
    const { subscriber, waiting } = this.#parts;
    subscriber.off('message', this.#onMessage);
    subscriber.off('ready', this.#onReady);
    this.#stop.abort();
    waiting.disconnect();
    await Promise.all([this.#agents, this.#circuits]);
  }

  async #copyAgents(): Promise<void> {
    const { signal } = this.#stop;
    let from: string | undefined;
    while (!signal.aborted) {
      try {
        from ??= await this.#parts.log.markOf(AGENTS);
        from = await this.#copyAfter(from);
      } catch (error) {
        if (signal.aborted) return;
        from = undefined;
        this.#parts.logger.warn({ err: error }, 'events of agents are not copied for a moment');
        await sleep(AFTER_FAILURE_MS, signal).catch(() => undefined);
      }
    }
  }

  /** @returns where to go on; undefined: somebody else was quicker */
  async #copyAfter(from: string): Promise<string | undefined> {
    const { log, waiting, agentEvents } = this.#parts;
    const after = from === '' ? '0-0' : from;
    const answer = await waiting.xread('COUNT', PAGE, 'BLOCK', WAIT_MS, 'STREAMS', agentEvents, after);
    const entries = answer?.[0]?.[1] ?? [];
    const mark = entries.at(-1)?.[0];
    if (mark === undefined) return from;
    const events = entries.flatMap(([id, flat]) => readAgentEvent(id, flat) ?? []).map(agentStatusOf);
    const isOurs = await log.append({ source: AGENTS, mode: 'from', from, mark }, events);
    return isOurs ? mark : undefined;
  }

  #hear(channel: string, text: string): void {
    if (channel !== this.#parts.circuits.keys.circuitEvents()) return;
    const notice = readNotice(text);
    const event = notice === null ? null : circuitEventOf(notice);
    if (event !== null) this.#tell(() => this.#append(event, 'newer'));
  }

  #look(): void {
    const { circuits, subscriber } = this.#parts;
    this.#tell(async () => {
      await subscriber.subscribe(circuits.keys.circuitEvents());
      for (const circuit of await circuits.list()) {
        const event = circuitAsItIs(circuit);
        // That a circuit nobody has told of is closed is no news.
        if (event !== null) await this.#append(event, circuit.state === 'closed' ? 'known' : 'newer');
      }
    });
  }

  async #append({ field, mark, event }: MarkedCircuitEvent, mode: 'newer' | 'known'): Promise<void> {
    await this.#parts.log.append({ source: field, mode, mark: String(mark) }, [event]);
  }

  #tell(work: () => Promise<void>): void {
    this.#circuits = this.#circuits.then(work).catch((error: unknown) => {
      if (this.#stop.signal.aborted) return;
      this.#parts.logger.warn({ err: error }, 'an event of a circuit was not copied');
    });
  }
}
