import { z } from 'zod';
import type { CoordinationCore } from '../core.ts';
import { asking, askScript } from '../messages/availability.ts';
import { agentIdText, parseAgentIdText, type AgentId } from '../models/agent-id.ts';
import { dropHandover } from '../scripts/drop-handover.ts';

export const HANDOVER_REASONS = ['lost', 'unhealthy', 'drained', 'deregistered'] as const;
export type HandoverReason = (typeof HANDOVER_REASONS)[number];

/** The messages of this agent go elsewhere until it works again. */
const Handover = z.strictObject({
  reason: z.enum(HANDOVER_REASONS),
  /** The incarnation whose messages they are; null when nobody knows. */
  registration_id: z.uuid().nullable(),
  /** Epoch ms. */
  at: z.int(),
});
export type Handover = z.output<typeof Handover>;

export interface OpenHandover extends Handover {
  readonly agent: AgentId;
  /** As it is stored. */
  readonly raw: string;
}

/** Which agents' messages go elsewhere: written before anything is moved, so that any process can go on with it. */
export class Handovers {
  readonly #core: CoordinationCore;

  constructor(core: CoordinationCore) {
    this.#core = core;
  }

  /** Errors: redis_unavailable */
  async announce(
    agent: AgentId,
    reason: HandoverReason,
    registrationId: string | null,
  ): Promise<OpenHandover> {
    const { redis, keys } = this.#core;
    const handover = { reason, registration_id: registrationId, at: Date.now() };
    const raw = JSON.stringify(handover);
    await asking(redis, 'announce a handover', () =>
      redis.hset(keys.agentHandovers(), agentIdText(agent), raw),
    );
    return { ...handover, agent, raw };
  }

  /** It works again; false when nothing was open. Errors: redis_unavailable */
  async withdraw(agent: AgentId): Promise<boolean> {
    const { redis, keys } = this.#core;
    const count = await asking(redis, 'withdraw a handover', () =>
      redis.hdel(keys.agentHandovers(), agentIdText(agent)),
    );
    return count === 1;
  }

  /** Ends this one, and not one that was announced since. Errors: redis_unavailable */
  async drop({ agent, raw }: OpenHandover): Promise<void> {
    const { redis, keys } = this.#core;
    await askScript(redis, dropHandover, [keys.agentHandovers()], [agentIdText(agent), raw]);
  }

  /** Errors: redis_unavailable */
  async list(): Promise<OpenHandover[]> {
    const { redis, keys } = this.#core;
    const all = await asking(redis, 'list handovers', () => redis.hgetall(keys.agentHandovers()));
    return Object.entries(all).flatMap(([text, raw]) => {
      const agent = parseAgentIdText(text);
      const handover = read(raw);
      return agent === undefined || handover === undefined ? [] : { ...handover, agent, raw };
    });
  }
}

function read(raw: string): Handover | undefined {
  try {
    return Handover.safeParse(JSON.parse(raw)).data;
  } catch {
    return undefined;
  }
}
