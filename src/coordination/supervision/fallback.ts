import { randomUUID } from 'node:crypto';
import type { AgentView } from '../agents/directory.ts';
import { Loop } from '../agents/loop.ts';
import { AGENT_METRICS } from '../agents/metric-names.ts';
import type { AgentRegistry } from '../agents/registry.ts';
import type { CoordinationCore } from '../core.ts';
import { asking, askScript } from '../messages/availability.ts';
import type { MessageCoordinator } from '../messages/coordinator.ts';
import { agentIdText, isSameAgent, type AgentId } from '../models/agent-id.ts';
import type { QueueMessage } from '../models/queue-message.ts';
import { dropClaim } from '../scripts/settle-leftovers.ts';
import { Handovers, type HandoverReason, type OpenHandover } from './handovers.ts';

/** Senders that chose a mailbox just before its agent went have written to it by then. */
const WATCHED_MS = 600_000;
/** Nobody serves a type: that is told again after this time. */
const UNSERVED_AGAIN_MS = 300_000;
const PAGE = 500;

export interface FallbackPorts {
  readonly registry: AgentRegistry;
  readonly coordinator: MessageCoordinator;
  /**
   * The best healthy agent of the type of this one; the agent itself, or its type's default, when there is none. The
   * router's `resolveTarget`. Default: the healthy agent with the fewest messages in hand.
   */
  readonly resolve?: (agent: AgentId) => Promise<AgentId>;
  /** A healthy agent of any type that has all these capabilities; null when there is none. Default: none. */
  readonly holderOf?: (capabilities: readonly string[]) => Promise<AgentId | null>;
}

/**
 * Messages do not wait for an agent that cannot handle them:
 *
 * 1. it is announced whose messages go elsewhere: an agent that was lost, deregistered, drained, or is unhealthy and
 *    may not be restarted
 * 2. what waits in its mailbox goes to the best agent of its type; where there is none, to one with the capabilities
 *    that a message asks for, else to the mailbox that its type shares
 * 3. one process at a time repeats that, so that what was in flight follows when its reservation expires, and so that
 *    nothing stays behind when a process dies in between
 * 4. it ends when the agent works again, or a while after it is gone
 */
export class Fallback {
  readonly #core: CoordinationCore;
  readonly #ports: FallbackPorts;
  readonly #intervalMs: number;
  readonly #handovers: Handovers;
  readonly #id = randomUUID();
  readonly #loop = new Loop(() => this.#round());
  #detach: (() => void) | undefined;

  constructor(core: CoordinationCore, ports: FallbackPorts, intervalMs: number) {
    this.#core = core;
    this.#ports = ports;
    this.#intervalMs = intervalMs;
    this.#handovers = new Handovers(core);
  }

  start(): void {
    this.#detach ??= this.#ports.registry.attach({
      onLost: async ({ id, record }) => {
        await this.handOver(id, 'lost', record.registration_id);
      },
      onDeregistered: async (id) => {
        await this.handOver(id, 'deregistered', null);
      },
    });
    this.#loop.start(this.#intervalMs);
  }

  async stop(): Promise<void> {
    if (this.#detach === undefined) return;
    this.#detach();
    await this.#loop.stop();
    const { redis, keys } = this.#core;
    await askScript(redis, dropClaim, [keys.handoverLease()], [this.#id]).catch(() => undefined);
  }

  /** From here on the messages of this agent go elsewhere, whoever dies. Errors: redis_unavailable */
  async announce(agent: AgentId, reason: HandoverReason, registrationId: string | null): Promise<void> {
    await this.#handovers.announce(agent, reason, registrationId);
  }

  /** Announce it, and begin. Returns how many messages were moved. Errors: redis_unavailable */
  async handOver(agent: AgentId, reason: HandoverReason, registrationId: string | null): Promise<number> {
    const { registry, coordinator } = this.#ports;
    const handover = await this.#handovers.announce(agent, reason, registrationId);
    const [view, depth] = await Promise.all([registry.get(agent), coordinator.depth(agent)]);
    return this.#attend(handover, view, depth);
  }

  /** It works again: what is in its mailbox stays there. Errors: redis_unavailable */
  withdraw(agent: AgentId): Promise<boolean> {
    return this.#handovers.withdraw(agent);
  }

  /** One round now, whoever's turn it is; returns how many messages were moved. Errors: redis_unavailable */
  async runOnce(): Promise<number> {
    const { registry, coordinator } = this.#ports;
    const [open, all] = await Promise.all([this.#handovers.list(), registry.list()]);
    const views = new Map(all.map((view) => [view.text, view]));
    const announced = new Set(open.map(({ agent }) => agentIdText(agent)));
    // Whoever noticed their loss may not have been told what to do about it.
    const silent = all.filter(({ text, isAlive }) => !isAlive && !announced.has(text));
    const depths = await coordinator.depths([
      ...open.map(({ agent }) => agent),
      ...silent.map(({ id }) => id),
    ]);
    let moved = 0;
    for (const [place, handover] of open.entries()) {
      const view = views.get(agentIdText(handover.agent)) ?? null;
      moved += await this.#quietly(handover.agent, () => this.#attend(handover, view, depths[place]!));
    }
    for (const [place, { id, record }] of silent.entries()) {
      if (depths[open.length + place] === 0) continue;
      moved += await this.#quietly(id, () => this.handOver(id, 'lost', record.registration_id));
    }
    return moved;
  }

  /** What goes wrong with one does not touch the others. */
  async #quietly(agent: AgentId, move: () => Promise<number>): Promise<number> {
    try {
      return await move();
    } catch (error) {
      const text = agentIdText(agent);
      this.#core.logger.warn(
        { agent: text, err: error },
        'the messages of an agent could not be handed over',
      );
      return 0;
    }
  }

  async #round(): Promise<number> {
    try {
      if (await this.#isElected()) await this.runOnce();
    } catch (error) {
      this.#core.logger.debug({ err: error }, 'a round of handovers failed');
    }
    return this.#intervalMs;
  }

  async #isElected(): Promise<boolean> {
    const { redis, keys } = this.#core;
    const key = keys.handoverLease();
    const leaseMs = Math.max(1000, 3 * this.#intervalMs);
    const holder = await asking(redis, 'elect who hands over', async () => {
      await redis.set(key, this.#id, 'PX', leaseMs, 'NX');
      return redis.get(key);
    });
    if (holder !== this.#id) return false;
    await asking(redis, 'elect who hands over', () => redis.pexpire(key, leaseMs));
    return true;
  }

  async #attend(handover: OpenHandover, view: AgentView | null, depth: number): Promise<number> {
    if (worksAgain(handover, view)) {
      await this.#handovers.drop(handover);
      return 0;
    }
    if (depth > 0) return this.#move(handover.agent);
    if (view === null && handover.ageMs > WATCHED_MS) await this.#handovers.drop(handover);
    return 0;
  }

  async #move(agent: AgentId): Promise<number> {
    const peer = await this.#peerOf(agent);
    const shared = { type: agent.type, instance: null };
    if (peer !== null) return this.#moveTo(agent, peer);
    const moved = isSameAgent(agent, shared) ? 0 : await this.#moveApart(agent, shared);
    await this.#complainIfUnserved(shared);
    return moved;
  }

  /** Null when there is none. The shared mailbox needs none: all of the type serve it. */
  async #peerOf(agent: AgentId): Promise<AgentId | null> {
    if (agent.instance === null) return null;
    const { resolve } = this.#ports;
    const found = resolve === undefined ? await this.#leastBusy(agent) : await resolve(agent);
    return found === null || found.instance === null || isSameAgent(found, agent) ? null : found;
  }

  async #leastBusy(agent: AgentId): Promise<AgentId | null> {
    const peers = await this.#ports.registry.discover(agent.type);
    const [first] = peers
      .filter(({ id }) => !isSameAgent(id, agent))
      .toSorted((one, other) => one.record.metrics.in_flight - other.record.metrics.in_flight);
    return first?.id ?? null;
  }

  /** Each message to somebody who has the capabilities that it asks for; the rest to the shared mailbox. */
  async #moveApart(agent: AgentId, shared: AgentId): Promise<number> {
    const { holderOf, coordinator } = this.#ports;
    let moved = 0;
    for (;;) {
      const page = holderOf === undefined ? [] : await coordinator.peek(agent, { limit: PAGE });
      const wanting = Map.groupBy(page, (queued) => JSON.stringify(requiredCapabilities(queued)));
      wanting.delete('[]');
      let found = 0;
      for (const [wanted, messages] of wanting) {
        const holder = await holderOf!(JSON.parse(wanted) as string[]);
        if (holder === null || isSameAgent(holder, agent)) continue;
        found += await this.#moveTo(agent, holder, idsOf(messages));
      }
      const rest = page.length < PAGE ? undefined : idsOf(page);
      const left = await this.#moveTo(agent, shared, rest);
      moved += found + left;
      if (rest === undefined || found + left === 0) return moved;
    }
  }

  async #moveTo(from: AgentId, to: AgentId, messageIds?: readonly string[]): Promise<number> {
    const { coordinator, registry } = this.#ports;
    const options = messageIds === undefined ? {} : { messageIds: [...messageIds] };
    const { moved } = await coordinator.move(from, to, options);
    if (moved === 0) return 0;
    this.#core.metrics.inc(AGENT_METRICS.fallbacks, { type: from.type });
    const details = { from: agentIdText(from), to: agentIdText(to), moved };
    this.#core.logger.warn(details, 'messages of an agent go elsewhere');
    await registry.tell('fallback', from, details);
    return moved;
  }

  async #complainIfUnserved(shared: AgentId): Promise<void> {
    const { registry, coordinator } = this.#ports;
    const alive = await registry.list({ type: shared.type, isAlive: true });
    if (alive.some(({ record }) => record.status.running)) return;
    const waiting = await coordinator.depth(shared);
    if (waiting === 0) return;
    const { redis, keys } = this.#core;
    const isNew = await asking(redis, 'tell that nobody serves a type', () =>
      redis.set(keys.unservedAgents(shared.type), '1', 'PX', UNSERVED_AGAIN_MS, 'NX'),
    );
    if (isNew !== null) await registry.tell('unserved', shared, { waiting });
  }
}

/** Whether whose messages went elsewhere handles them again. */
function worksAgain(
  { reason, registration_id: registration }: OpenHandover,
  view: AgentView | null,
): boolean {
  if (view === null || !view.isAlive) return false;
  return reason === 'lost' || view.record.registration_id !== registration;
}

/** What a message asks of whoever handles it, as `payload.required_capabilities`. */
function requiredCapabilities({ message: { payload } }: QueueMessage): string[] {
  const required = payload['required_capabilities'];
  if (!Array.isArray(required)) return [];
  return required.filter((name) => typeof name === 'string').toSorted();
}

function idsOf(messages: readonly QueueMessage[]): string[] {
  return messages.map(({ message }) => message.message_id);
}
