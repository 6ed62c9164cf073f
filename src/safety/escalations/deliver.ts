import type { ChannelName, Escalation } from '../../contracts/escalation.ts';
import { pageId, pageOf } from '../../contracts/safety-job.ts';
import { timeoutError } from '../../kernel/abort.ts';
import { FleetError, toFleetError } from '../../kernel/errors.ts';
import type { DeliveryContext, PageRef } from './delivery-context.ts';
import { missedPages, takeLane, type Lane } from './lane.ts';
import { pageContent } from './page.ts';
import { calledAt, recordDelivered, recordFailed } from './record-page.ts';
import { isDelivered, isOpenEscalation } from './transitions.ts';

/** `gone` and `cancelled`: nobody needs it any more. `before`: an earlier attempt had delivered it. */
export type PageResult = { readonly outcome: 'delivered' | 'before' | 'cancelled' | 'gone' | 'skipped' };

/** As long as a webhook may take to answer; e-mail rarely takes longer. */
const CLAIM_MS = 6_000;
/** Looked through at a time by whoever makes up for them. */
const MISSED_AT_ONCE = 100;

/**
 * One attempt to tell one person group over one channel:
 *
 * 1. what was delivered, or is not needed any more, is not sent
 * 2. what the channel missed before goes first, oldest first, while nobody else speaks to it
 * 3. the page is sent through the circuit of its channel and what came of it is recorded; only then the job ends
 *
 * Dying between sending and recording sends it again with the same key, which is what the receiver tells it by.
 *
 * Errors: channel_busy (unavailable): somebody else is making up for missed pages; whatever the channel throws
 */
export async function deliverPage(
  ctx: DeliveryContext,
  page: PageRef & { readonly delays_ms: readonly number[] },
  signal: AbortSignal,
  mayWait: boolean,
): Promise<PageResult> {
  const { channel } = page;
  const [oldest] = await missedPages(ctx.store, channel, 1);
  if (oldest === undefined) return claimed(ctx, page, signal, mayWait);
  await using lane = await takeLane(ctx.store, channel);
  if (lane === null) {
    if (mayWait) throw channelBusy(channel);
    return await attempt(ctx, page, signal);
  }
  const escalation = await ctx.escalations.find(page.escalation_id);
  const own = { page: pageId(page), atMs: escalation === null ? 0 : calledAt(escalation, page.step) };
  await makeUp(ctx, channel, lane, signal, own);
  await lane.keep();
  return await attempt(ctx, page, signal);
}

/**
 * A job may have two workers when one of them was too slow to keep its lock, and is alive all the same: the second waits
 * until the first has recorded what it did, or can no longer be sending.
 */
async function claimed(
  ctx: DeliveryContext,
  page: PageRef & { readonly delays_ms: readonly number[] },
  signal: AbortSignal,
  mayWait: boolean,
): Promise<PageResult> {
  await using claim = await takeLane(ctx.store, pageId(page), CLAIM_MS);
  if (claim === null && mayWait) throw channelBusy(page.channel);
  return await attempt(ctx, page, signal);
}

async function attempt(
  ctx: DeliveryContext,
  page: PageRef & { readonly delays_ms: readonly number[] },
  signal: AbortSignal,
): Promise<PageResult> {
  const ready = await openPage(ctx, page);
  if (typeof ready === 'string') return { outcome: ready };
  const started = performance.now();
  try {
    const messageId = await send(ctx, ready, page, signal);
    await recordDelivered(ctx, page, { messageId, ms: performance.now() - started }, false);
    return { outcome: 'delivered' };
  } catch (error) {
    if (signal.aborted) throw error;
    const failure = toFleetError(error);
    await recordFailed(ctx, page, failure, performance.now() - started);
    throw failure;
  }
}

/** The escalation, when the page is still wanted. */
async function openPage(
  ctx: DeliveryContext,
  page: PageRef,
): Promise<Escalation | 'gone' | 'before' | 'cancelled' | 'skipped'> {
  const escalation = await ctx.escalations.find(page.escalation_id);
  if (escalation === null) return 'gone';
  if (isDelivered(escalation, page.step, page.channel)) return 'before';
  if (!isOpenEscalation(escalation)) {
    await ctx.store.redis.zrem(ctx.store.keys.safetyMissed(page.channel), pageId(page));
    return 'cancelled';
  }
  if (!ctx.channels.has(page.channel)) {
    ctx.metrics.safety_notifications_total.inc({ channel: page.channel, outcome: 'skipped' });
    return 'skipped';
  }
  return escalation;
}

async function send(
  ctx: DeliveryContext,
  escalation: Escalation,
  page: PageRef,
  signal: AbortSignal,
): Promise<string | undefined> {
  const channel = ctx.channels.get(page.channel)!;
  const content = pageContent(escalation, { ...page, nowMs: ctx.clock.now() }, ctx);
  const { messageId } = await ctx.breakers
    .get(`channel.${channel.name}`)
    .execute((callSignal) => channel.send(content, callSignal), {
      signal,
      timeoutMs: channel.timeoutMs,
      timeoutError: () => timeoutError('channel_timeout', `channel "${channel.name}"`, channel.timeoutMs),
    });
  return messageId;
}

/**
 * Send what a channel has missed, oldest first, until it does not answer or `before` is reached.
 * @returns how many were delivered
 */
async function makeUp(
  ctx: DeliveryContext,
  channel: ChannelName,
  lane: Lane,
  signal: AbortSignal,
  before: { readonly page: string; readonly atMs: number } | null,
): Promise<number> {
  let delivered = 0;
  for (const missed of await missedPages(ctx.store, channel, MISSED_AT_ONCE)) {
    if (before !== null && !isOlder(missed, before)) break;
    const page = pageOf(missed.page);
    const ready = page === null ? 'gone' : await openPage(ctx, page);
    if (page === null || typeof ready === 'string') {
      await ctx.store.redis.zrem(ctx.store.keys.safetyMissed(channel), missed.page);
      continue;
    }
    if (!(await lane.keep())) return delivered;
    const started = performance.now();
    try {
      const messageId = await send(ctx, ready, page, signal);
      await recordDelivered(ctx, page, { messageId, ms: performance.now() - started }, true);
    } catch (error) {
      const { code } = toFleetError(error);
      ctx.log.debug({ channel, reason: code }, 'a channel does not take what it missed');
      // Refused is this page alone; those behind it must not wait for it for ever.
      if (code === 'channel_rejected') continue;
      return delivered;
    }
    delivered += 1;
    await finishJob(ctx, missed.page);
  }
  return delivered;
}

/**
 * A channel whose oldest missed page has no attempts left is tried with that page; when it takes it, the others follow.
 * Errors: backend_unavailable
 */
export async function probeChannel(
  ctx: DeliveryContext,
  channel: ChannelName,
  signal: AbortSignal,
): Promise<number> {
  const [oldest] = await missedPages(ctx.store, channel, 1);
  if (oldest === undefined) return 0;
  const job = await ctx.pages.getJob(oldest.page);
  // One that will be tried again by itself needs no help.
  if (job !== undefined && !(await job.isFailed())) return 0;
  await using lane = await takeLane(ctx.store, channel);
  // Awaited here, or the lane would be given back before it is used.
  return lane === null ? 0 : await makeUp(ctx, channel, lane, signal, null);
}

/** Its job finds the page delivered: a dead letter ends completed, a waiting one need not wait. */
async function finishJob(ctx: DeliveryContext, id: string): Promise<void> {
  try {
    const job = await ctx.pages.getJob(id);
    if (job === undefined) return;
    if (await job.isFailed()) await job.retry('failed');
    else if (await job.isDelayed()) await job.promote();
  } catch (error) {
    ctx.log.debug({ err: error, job_id: id }, 'a page was delivered, its job stays for the next round');
  }
}

function isOlder(a: { page: string; atMs: number }, b: { page: string; atMs: number }): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.page < b.page);
}

function channelBusy(channel: ChannelName): FleetError {
  return new FleetError({
    code: 'channel_busy',
    kind: 'unavailable',
    message: `channel "${channel}" is taking what it missed; this page follows`,
  });
}
