import { hasRole } from '../../contracts/caller.ts';
import type { Page } from '../../safety/channels/channel.ts';
import { openChannels } from '../../safety/channels/open-channels.ts';
import type {
  ChannelTest,
  EscalationOperations,
  SafetyConsoleEntry,
} from '../../contracts/safety-operations/escalations.ts';
import { SafetyConsoleEntry as ConsoleEntry } from '../../contracts/safety-operations/escalations.ts';
import { FleetError, toFleetError } from '../../kernel/errors.ts';
import { toIso } from '../../kernel/clock.ts';
import { toBackendError } from '../../redis/script.ts';
import { acknowledgeEscalation, closeEscalation } from '../../safety/escalations/respond.ts';
import type { Config } from '../../../config/schema.ts';
import { channelSettings, type People } from '../open-people.ts';

/** @param people  opened when it is first needed */
export function escalationOperations(people: () => Promise<People>, config: Config): EscalationOperations {
  return {
    async listEscalations({ status, level, limit, after }) {
      const { context } = await people();
      return context.escalations.list({
        limit,
        ...(after === undefined ? {} : { after }),
        fits: (one) =>
          (status === undefined || one.status === status) &&
          (level === undefined || one.crisis_level === level),
      });
    },
    getEscalation: async (id) => (await people()).context.escalations.get(id),
    async acknowledgeEscalation(id, { human_id: humanId, notes, token }, caller) {
      const isAdmin = hasRole(caller, 'admin');
      if (!isAdmin && token === undefined) throw tokenNeeded();
      const { context, tokens } = await people();
      const { escalation, by } = await acknowledgeEscalation(context, tokens, id, {
        humanId,
        notes: notes ?? null,
        token: isAdmin ? null : token!,
        actor: isAdmin ? caller.id : 'token',
      });
      return { ...escalation, already_acknowledged_by: by };
    },
    async resolveEscalation(id, { human_id: humanId, notes }, caller) {
      const { context } = await people();
      return closeEscalation(context, id, { humanId, notes: notes ?? null, actor: caller.id });
    },
    async listSafetyAlerts({ limit, after }) {
      const { redis, keys } = (await people()).context.store;
      try {
        const entries =
          after === undefined
            ? (await redis.xrevrange(keys.safetyAlerts(), '+', '-', 'COUNT', limit)).toReversed()
            : await redis.xrange(keys.safetyAlerts(), `(${after}`, '+', 'COUNT', limit);
        return entries.map(toConsoleEntry);
      } catch (error) {
        throw toBackendError(error, 'reading the console');
      }
    },
    async testChannel(name, { tier }) {
      const { context } = await people();
      const channel = openChannels(channelSettings(config), context).get(name);
      const about = { channel: name, tier } as const;
      if (channel === undefined) {
        return { ...about, outcome: 'skipped', recipient_masked: '-', response_time_ms: 0 };
      }
      const recipient = channel.recipient(tier);
      const started = performance.now();
      const answered = (outcome: 'delivered' | 'failed', error?: string): ChannelTest => ({
        ...about,
        outcome,
        recipient_masked: recipient,
        response_time_ms: Math.round(performance.now() - started),
        ...(error === undefined ? {} : { error }),
      });
      try {
        await channel.send(testPage(name, tier, context.clock.now()), AbortSignal.timeout(channel.timeoutMs));
        return answered('delivered');
      } catch (error) {
        const { code, message } = toFleetError(error);
        return answered('failed', `${code}: ${message}`);
      }
    },
  };
}

function testPage(channel: string, tier: Page['tier'], nowMs: number): Page {
  const key = `esc-test-${nowMs}-t0-${channel}`;
  const subject = '[TEST] safety escalation: nobody is at risk';
  const lines = ['This is a test of the channel. Nobody is at risk, and nothing has to be done.'];
  const fields = { type: 'safety.test', idempotency_key: key, subject, tier, sent_at: toIso(nowMs) };
  return { key, tier, level: 'low', subject, lines, fields, link: null };
}

function toConsoleEntry([id, flat]: [string, string[]]): SafetyConsoleEntry {
  const fields: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!;
  return ConsoleEntry.parse({
    id,
    kind: fields['kind'],
    at: fields['at'],
    data: JSON.parse(fields['data'] ?? '{}'),
  });
}

function tokenNeeded(): FleetError {
  return new FleetError({
    code: 'unauthenticated',
    kind: 'unauthenticated',
    message: 'send the token of the page, or a key with the role "admin"',
  });
}
