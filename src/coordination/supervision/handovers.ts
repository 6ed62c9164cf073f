import { z } from 'zod';
import type { CoordinationCore } from '../core.ts';
import { asking, askScript } from '../messages/availability.ts';
import { agentIdText, parseAgentIdText, type AgentId } from '../models/agent-id.ts';
import { announceHandover, dropHandover } from '../scripts/handovers.ts';

export const HANDOVER_REASONS = ['lost', 'unhealthy', 'drained', 'deregistered'] as const;
export type HandoverReason = (typeof HANDOVER_REASONS)[number];

/** The messages of this agent go elsewhere until it works again. */
const Handover = z.strictObject({
  reason: z.enum(HANDOVER_REASONS),
  /** The incarnation whose messages they are; null when nobody knows. */
  registration_id: z.uuid().nullable(),
  /** Redis time in ms. */
  at: z.int(),
});
export type Handover = z.output<typeof Handover>;

export interface OpenHandover extends Handover {
  readonly agent: AgentId;
  /** How long ago it was announced. */
  readonly ageMs: number;
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
    // Who set itself aside and then fell silent is as it was should it be back.
    const stronger = reason === 'lost' ? (['drained', 'unhealthy'] as const) : [];
    const raw = await askScript(
      redis,
      announceHandover,
      [keys.agentHandovers()],
      [agentIdText(agent), ...[reason, ...stronger].map((each) => handoverStart(each, registrationId))],
    );
    const handover = Handover.parse(JSON.parse(String(raw)));
    return { ...handover, agent, ageMs: 0, raw: String(raw) };
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
    const [all, [seconds, micros]] = await asking(redis, 'list handovers', () =>
      Promise.all([redis.hgetall(keys.agentHandovers()), redis.time()]),
    );
    const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    return Object.entries(all).flatMap(([text, raw]) => {
      const agent = parseAgentIdText(text);
      const handover = read(raw);
      if (agent === undefined || handover === undefined) return [];
      return { ...handover, agent, ageMs: now - handover.at, raw };
    });
  }
}

/** A handover without its end and its time. */
function handoverStart(reason: HandoverReason, registrationId: string | null): string {
  return JSON.stringify({ reason, registration_id: registrationId }).slice(0, -1);
}

function read(raw: string): Handover | undefined {
  try {
    return Handover.safeParse(JSON.parse(raw)).data;
  } catch {
    return undefined;
  }
}
