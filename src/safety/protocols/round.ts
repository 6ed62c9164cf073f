import type { ChannelName } from '../../contracts/escalation.ts';
import { toBackendError } from '../../redis/script.ts';
import { queuePages } from '../escalations/begin.ts';
import { passDeadline } from '../escalations/deadline.ts';
import { probeChannel } from '../escalations/deliver.ts';
import type { DeliveryContext } from '../escalations/delivery-context.ts';
import { dueMember, readDueMember, type DueEntry } from '../escalations/due.ts';
import { followUp } from '../escalations/follow-up.ts';
import { mirror } from '../escalations/mirror.ts';
import { stepOf } from '../escalations/transitions.ts';
import { tell, type PeopleContext } from './people-caller.ts';

export type RoundContext = PeopleContext & DeliveryContext;

export interface RoundFindings {
  readonly done: number;
  readonly failed: number;
}

const AT_ONCE = 200;
/** An entry that could not be done is left alone for so long, so that it stands in nobody's way. */
const PUT_OFF_MS = 2_000;
const MAX_PROBE_PAUSE_MS = 10_000;

/**
 * Look after everything that is due: what somebody was about to do when their process ended, deadlines that passed, and
 * channels that may take pages again. Safe to run anywhere, any number of times.
 */
export class SafetyRound {
  readonly #ctx: RoundContext;
  readonly #probedAt = new Map<ChannelName, number>();
  #running: Promise<RoundFindings> | null = null;

  constructor(ctx: RoundContext) {
    this.#ctx = ctx;
  }

  /** A round that is under way is joined. Errors: backend_unavailable. */
  runOnce(signal: AbortSignal): Promise<RoundFindings> {
    this.#running ??= this.#run(signal).finally(() => (this.#running = null));
    return this.#running;
  }

  async #run(signal: AbortSignal): Promise<RoundFindings> {
    const { store, clock, log } = this.#ctx;
    const { redis, keys } = store;
    let failed = 0;
    const members = await this.#guarded(() =>
      redis.zrangebyscore(keys.safetyDue(), '-inf', clock.now(), 'LIMIT', 0, AT_ONCE),
    );
    for (const member of members) {
      const entry = readDueMember(member);
      if (entry === null || signal.aborted) continue;
      try {
        await this.#do(entry);
      } catch (error) {
        failed += 1;
        log.warn({ err: error, due: entry.kind }, 'something due could not be done, and is tried again');
        await redis.zadd(keys.safetyDue(), 'XX', clock.now() + PUT_OFF_MS, member).catch(() => 0);
      }
    }
    for (const channel of this.#ctx.channels.keys()) await this.#probe(channel, signal);
    return { done: members.length - failed, failed };
  }

  async #do({ kind, id, n }: DueEntry): Promise<void> {
    const ctx = this.#ctx;
    switch (kind) {
      case 'tell': {
        const intervention = await ctx.interventions.get(id);
        if (intervention !== null) await tell(ctx, intervention);
        await ctx.store.redis.zrem(ctx.store.keys.safetyDue(), dueMember(kind, id, n));
        return;
      }
      case 'page': {
        const escalation = await ctx.escalations.find(id);
        if (escalation !== null && stepOf(escalation) === n) await queuePages(ctx, escalation);
        await ctx.store.redis.zrem(ctx.store.keys.safetyDue(), dueMember(kind, id, n));
        return;
      }
      case 'ack':
        return passDeadline(ctx, id, n);
      case 'mirror':
        return mirror(ctx, id, n);
      case 'follow_up':
        return followUp(ctx, id, n);
    }
  }

  async #probe(channel: ChannelName, signal: AbortSignal): Promise<void> {
    const { clock, settings, log } = this.#ctx;
    const pause = Math.min(MAX_PROBE_PAUSE_MS, settings.retryDelayMs);
    if (signal.aborted || clock.now() - (this.#probedAt.get(channel) ?? 0) < pause) return;
    this.#probedAt.set(channel, clock.now());
    try {
      const delivered = await probeChannel(this.#ctx, channel, signal);
      if (delivered > 0) log.warn({ channel, delivered }, 'a channel is back and has taken what it missed');
    } catch (error) {
      log.warn({ err: error, channel }, 'a channel could not be probed');
    }
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toBackendError(error, 'reading what is due');
    }
  }
}
