import { CHANNELS, type ChannelName } from '../../contracts/escalation.ts';
import { CRISIS_LEVELS, type CrisisLevel } from '../../contracts/safety.ts';
import type { EscalationContext } from './context.ts';
import { readDueMember } from './due.ts';
import { isOpenEscalation } from './transitions.ts';

export interface PeopleFigures {
  /** Pages that a channel has not taken yet. */
  readonly missed: ReadonlyMap<ChannelName, number>;
  /** Escalations past a deadline without an answer. */
  readonly late: ReadonlyMap<CrisisLevel, number>;
}

/** The fleet as Redis knows it; every open escalation has an entry in what is due. Errors: backend_unavailable. */
export async function peopleFigures(
  ctx: Pick<EscalationContext, 'store' | 'escalations'>,
): Promise<PeopleFigures> {
  const { redis, keys } = ctx.store;
  const [due, ...counts] = await Promise.all([
    redis.zrange(keys.safetyDue(), '0', '-1'),
    ...CHANNELS.map((channel) => redis.zcard(keys.safetyMissed(channel))),
  ]);
  const waiting = due.flatMap((member) => {
    const entry = readDueMember(member);
    return entry?.kind === 'ack' && entry.n > 0 ? [entry.id] : [];
  });
  const late = new Map<CrisisLevel, number>(CRISIS_LEVELS.map((level) => [level, 0]));
  for (const escalation of await Promise.all(waiting.map((id) => ctx.escalations.find(id)))) {
    if (escalation === null || !isOpenEscalation(escalation)) continue;
    late.set(escalation.crisis_level, (late.get(escalation.crisis_level) ?? 0) + 1);
  }
  return { missed: new Map(CHANNELS.map((channel, index) => [channel, counts[index] ?? 0])), late };
}
