import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acknowledgeEscalation, closeEscalation } from '../../../src/safety/escalations/respond.ts';
import { protocolResult } from '../../../src/safety/protocols/protocol-result.ts';
import { crisesOf, crisisOf, PLAYER_TEXT, webhookAt, WEBHOOK_SECRET } from '../../support/crises.ts';
import { eventually, startHarness } from '../../support/harness.ts';
import { mailServer } from '../../support/mail-server.ts';
import { isSigned, pageReceiver } from '../../support/page-receiver.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const SAFETY = ['safety-protocol', 'safety-escalation'] as const;
/** Short pauses, long deadlines. */
const QUICK = { 'safety.notify.delay_s': '0.1', 'log.level': 'info' };

const start = (settings: Record<string, string>, workers: readonly (typeof SAFETY)[number][] = SAFETY) =>
  startHarness({ redisUrl: redis.url, workers, settings: { ...QUICK, ...settings } });

const ack = (humanId: string) => ({ humanId, notes: null, token: null, actor: 'admin' });

describe('people are told', () => {
  test('a critical crisis reaches every channel that is set up, signed, with facts and no words of the player', async () => {
    await using hook = await pageReceiver();
    await using chat = await pageReceiver();
    await using pager = await pageReceiver();
    await using mail = await mailServer();
    await using h = await start({
      ...webhookAt(hook.url),
      'safety.channels.chat.enabled': 'true',
      'safety.channels.chat.url': chat.url,
      'safety.channels.pager.enabled': 'true',
      'safety.channels.pager.url': pager.url,
      'safety.channels.pager.routing_key': 'routing-key-of-the-pager',
      'safety.channels.email.enabled': 'true',
      'safety.channels.email.smtp_url': mail.url,
      'safety.channels.email.from': 'fleet@example.org',
      'safety.channels.email.on_call': 'anna@example.org,ben@example.org',
      'safety.notify.dashboard_url': 'https://fleet.example',
    });
    const crises = await crisesOf(h);
    expect(crises.caller.reachesPeople).toBe(true);
    const crisis = await crises.write(crisisOf());
    await crises.caller.tell(crisis);
    await eventually(async () => {
      expect([hook, chat, pager].map(({ taken }) => taken.length)).toEqual([1, 1, 1]);
      expect(mail.mails).toHaveLength(1);
      const { human_notified: isTold, state } = await crises.intervention(crisis.intervention_id);
      expect({ isTold, state }).toEqual({ isTold: true, state: 'escalated' });
    });
    const id = `${crisis.intervention_id}-1`;
    const [page] = hook.taken;
    expect(isSigned(page!, WEBHOOK_SECRET)).toBe(true);
    expect(isSigned(page!, 'another secret')).toBe(false);
    expect(page!.key).toBe(`esc-${id}-t0-webhook`);
    expect(page!.json).toMatchObject({
      idempotency_key: page!.key,
      escalation_id: id,
      crisis_level: 'critical',
      crisis_types: ['suicidal_ideation'],
      immediate_risk: true,
      tier: 'on_call',
      dashboard_url: `https://fleet.example/v1/safety/escalations/${id}`,
    });
    expect(page!.json['ack_url']).toContain(`https://fleet.example/v1/safety/acknowledge#${id}.`);
    expect(chat.taken[0]!.json['text']).toContain('[CRITICAL] safety escalation: suicidal_ideation');
    expect(pager.taken[0]!.json).toMatchObject({
      routing_key: 'routing-key-of-the-pager',
      event_action: 'trigger',
      dedup_key: `esc-${id}-t0-pager`,
      payload: { severity: 'critical' },
    });
    expect(mail.mails[0]).toMatchObject({
      from: 'fleet@example.org',
      to: ['anna@example.org', 'ben@example.org'],
    });
    expect(mail.mails[0]!.text.replaceAll('\r\n ', ' ')).toContain(
      `Message-ID: <esc-${id}-t0-email@example.org>`,
    );
    await eventually(async () => {
      const { notifications } = (await crises.escalation(crisis))!;
      const outcomes = Object.fromEntries(notifications.map(({ channel, outcome }) => [channel, outcome]));
      expect(outcomes).toEqual({
        webhook: 'delivered',
        chat: 'delivered',
        pager: 'delivered',
        email: 'delivered',
        dashboard: 'delivered',
        sms: 'skipped',
        phone: 'skipped',
      });
    });
    const escalation = await crises.escalation(crisis);
    const masked = JSON.stringify(escalation!.notifications);
    expect(masked).toContain('a…@example.org');
    expect(masked).not.toMatch(/anna|secret-path/);
    expect(JSON.stringify([hook.seen, chat.seen, pager.seen, mail.mails, h.logLines])).not.toContain(
      PLAYER_TEXT,
    );
    const { actions } = await crises.intervention(crisis.intervention_id);
    expect(actions.map(({ action_type: type }) => type)).toEqual(
      expect.arrayContaining([
        'log_event',
        'notify_human',
        'contact_emergency',
        'schedule_followup',
        'human_notified',
      ]),
    );
    const result = protocolResult(await crises.intervention(crisis.intervention_id));
    expect(result).toMatchObject({ protocol_id: 'suicidal_ideation.critical', success: true });
    expect(h.logLines.join('')).not.toMatch(/secret-path|routing-key-of/);
  });

  test('acceptance 7: a receiver that fails twice sees three attempts and one delivery; without an acknowledgement the next tier is told; an acknowledgement ends it', async () => {
    await using hook = await pageReceiver();
    hook.answer = (_, nth) => (nth <= 2 ? 503 : 204);
    await using h = await start({ ...webhookAt(hook.url), 'safety.ack_minutes.high': '0.03' });
    const crises = await crisesOf(h);
    const crisis = await crises.write(crisisOf('high'));
    await crises.caller.tell(crisis);
    const id = `${crisis.intervention_id}-1`;
    await eventually(async () => {
      expect(hook.seen.filter(({ key }) => key === `esc-${id}-t0-webhook`)).toHaveLength(3);
      expect(hook.taken.map(({ key }) => key)).toEqual([`esc-${id}-t0-webhook`, `esc-${id}-t1-webhook`]);
    });
    expect(hook.seen.every((page) => isSigned(page, WEBHOOK_SECRET))).toBe(true);
    const told = await crises.escalation(crisis);
    const webhook = told!.notifications.filter(({ channel, step }) => channel === 'webhook' && step === 0);
    expect(webhook.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'delivered'],
    ]);
    const { escalation } = await acknowledgeEscalation(
      crises.people.context,
      crises.people.tokens,
      id,
      ack('anna'),
    );
    expect(escalation).toMatchObject({
      status: 'acknowledged',
      assigned_human: 'anna',
      ack_deadline_at: null,
    });
    expect((await crises.dueEntries()).filter((entry) => /^(ack|page)/.test(entry))).toEqual([]);
    expect(await crises.intervention(crisis.intervention_id)).toMatchObject({
      state: 'acknowledged',
      escalation_status: 'completed',
    });
    expect(await crises.events('safety.escalation.unacknowledged')).not.toEqual([]);
  });

  test('after the last tier it is called again and again, with an alert', async () => {
    await using hook = await pageReceiver();
    await using h = await start({ ...webhookAt(hook.url), 'safety.ack_minutes.high': '0.01' });
    const crises = await crisesOf(h);
    const crisis = await crises.write(crisisOf('high'));
    await crises.caller.tell(crisis);
    await eventually(async () => {
      expect(hook.taken.map(({ json }) => json['tier'])).toEqual(
        expect.arrayContaining(['on_call', 'supervisor', 'director']),
      );
      expect(hook.taken.length).toBeGreaterThanOrEqual(4);
    });
    expect(new Set(hook.taken.map(({ key }) => key)).size).toBe(hook.taken.length);
    const alerts = await crises.events('safety.alert');
    expect(alerts).toContainEqual(
      expect.objectContaining({ alert_type: 'safety.escalation_unacknowledged', severity: 'critical' }),
    );
    await closeEscalation(crises.people.context, `${crisis.intervention_id}-1`, {
      humanId: 'anna',
      notes: 'spoke with them',
      actor: 'admin',
    });
  });

  test('when no channel delivers, that is an alert, the escalation failed, and the next tier is called at once', async () => {
    await using hook = await pageReceiver();
    hook.answer = ({ json }) => (json['tier'] === 'on_call' ? 422 : 204);
    await using h = await start(webhookAt(hook.url));
    const crises = await crisesOf(h);
    const crisis = await crises.write(crisisOf('critical'));
    await crises.caller.tell(crisis);
    await eventually(async () => {
      expect(hook.taken.map(({ json }) => json['tier'])).toContain('supervisor');
      expect((await crises.intervention(crisis.intervention_id)).human_notified).toBe(true);
    });
    expect(await crises.events('safety.escalation.failed')).toHaveLength(1);
    expect(await crises.events('safety.alert')).toContainEqual(
      expect.objectContaining({ alert_type: 'safety.escalation_failed', severity: 'critical' }),
    );
    const dead = await h.operations.listDeadLetters({ queue: 'safety-escalation', limit: 10 });
    const { actions } = await crises.intervention(crisis.intervention_id);
    expect(actions).toContainEqual(
      expect.objectContaining({ action_type: 'escalation_failed', success: false }),
    );
    // The dead page was made up for as soon as the channel took pages again, or is still listed.
    expect(dead.length).toBeLessThanOrEqual(1);
  });

  test('without any channel to people nothing claims that somebody was told', async () => {
    await using h = await start({});
    const crises = await crisesOf(h);
    expect(crises.caller.reachesPeople).toBe(false);
    const crisis = await crises.write(crisisOf('critical'));
    await crises.caller.tell(crisis);
    await eventually(async () => {
      const escalation = await crises.escalation(crisis);
      expect(escalation!.notifications).toContainEqual(
        expect.objectContaining({ channel: 'dashboard', outcome: 'delivered' }),
      );
    });
    expect((await crises.intervention(crisis.intervention_id)).human_notified).toBe(false);
    expect(await crises.events('safety.alert')).toContainEqual(
      expect.objectContaining({ alert_type: 'safety.no_human_channel', severity: 'critical' }),
    );
    expect(h.logLines.some((line) => line.includes('no channel to people is set up'))).toBe(true);
  });

  test('[R5.4] a session whose narrator is blocked again and again is told once per window', async () => {
    await using hook = await pageReceiver();
    await using h = await start(webhookAt(hook.url));
    const crises = await crisesOf(h);
    const session = { sessionId: 's_1', userHash: 'u'.repeat(64), count: 3 };
    const first = await crises.caller.tellOfViolations(session);
    const second = await crises.caller.tellOfViolations(session);
    expect(second.escalation_id).toBe(first.escalation_id);
    expect(first).toMatchObject({ escalation_type: 'repeated_output_violation', intervention_id: null });
    await eventually(async () => expect(hook.taken).toHaveLength(1));
    expect(hook.taken[0]!.json).toMatchObject({
      escalation_type: 'repeated_output_violation',
      crisis_types: [],
    });
  });
});

describe('a channel that was down', () => {
  test('takes what it missed once and in order, and the gap is visible', async () => {
    await using hook = await pageReceiver();
    hook.answer = () => 503;
    await using h = await start({
      ...webhookAt(hook.url),
      'workflow.error_handling.circuit_breaker.timeout_seconds': '1',
      'safety.notify.retries': '1',
    });
    const crises = await crisesOf(h);
    const missed = [];
    for (let i = 0; i < 5; i++) {
      const crisis = await crises.write(crisisOf('moderate'));
      missed.push(crisis);
      await crises.caller.tell(crisis);
      await eventually(async () => {
        const escalation = await crises.escalation(crisis);
        expect(escalation?.status).toBe('failed');
      });
    }
    expect(await h.core.store.redis.zcard(h.core.store.keys.safetyMissed('webhook'))).toBeGreaterThan(4);
    expect(
      (await h.operations.listDeadLetters({ queue: 'safety-escalation', limit: 50 })).length,
    ).toBeGreaterThan(4);
    hook.answer = () => 204;
    await eventually(async () => {
      expect(await h.core.store.redis.zcard(h.core.store.keys.safetyMissed('webhook'))).toBe(0);
    }, 20_000);
    const taken = hook.taken.map(({ key }) => key);
    expect(new Set(taken).size).toBe(taken.length);
    const firsts = taken.filter((key) => key.endsWith('-t0-webhook'));
    expect(firsts).toEqual(missed.map(({ intervention_id: id }) => `esc-${id}-1-t0-webhook`));
    for (const crisis of missed) {
      const escalation = await crises.escalation(crisis);
      const first = escalation!.notifications.filter(
        ({ step, channel }) => step === 0 && channel === 'webhook',
      );
      expect(first.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'delivered']);
    }
    await eventually(async () =>
      expect(await h.operations.listDeadLetters({ queue: 'safety-escalation', limit: 50 })).toEqual([]),
    );
    expect((await h.metrics.render()).body).toMatch(
      /safety_notifications_total\{channel="webhook",outcome="late"\} [1-9]/,
    );
  }, 60_000);

  test('a page that is refused for itself holds nobody up', async () => {
    await using hook = await pageReceiver();
    let poison = '';
    hook.answer = ({ key }) => (key.includes(poison) ? 422 : 204);
    await using h = await start({ ...webhookAt(hook.url), 'safety.notify.retries': '0' });
    const crises = await crisesOf(h);
    const bad = await crises.write(crisisOf('moderate'));
    poison = bad.intervention_id;
    await crises.caller.tell(bad);
    await eventually(async () => expect((await crises.escalation(bad))?.status).toBe('failed'));
    const good = await crises.write(crisisOf('moderate'));
    await crises.caller.tell(good);
    await eventually(async () => {
      expect(hook.taken.map(({ key }) => key)).toContain(`esc-${good.intervention_id}-1-t0-webhook`);
    });
  });

  test('a redirect is no delivery', async () => {
    await using hook = await pageReceiver();
    hook.answer = () => 302;
    await using h = await start({ ...webhookAt(hook.url), 'safety.notify.retries': '0' });
    const crises = await crisesOf(h);
    const crisis = await crises.write(crisisOf('moderate'));
    await crises.caller.tell(crisis);
    await eventually(async () => expect((await crises.escalation(crisis))?.status).toBe('failed'));
    expect(hook.taken).toEqual([]);
    expect((await crises.intervention(crisis.intervention_id)).human_notified).toBe(false);
  });
});

describe('the list of calls', () => {
  test('forgets those whose records are gone', async () => {
    await using h = await start({});
    const crises = await crisesOf(h);
    const { redis: client, keys } = h.core.store;
    const gone = Array.from({ length: 40 }, (_, i) => `gone-${i}`);
    await client.zadd(keys.safetyEscalations(), ...gone.flatMap((id) => [1, id]));
    const session = { userHash: 'u'.repeat(64), count: 3 };
    for (let i = 0; i < 30; i++) {
      await crises.caller.tellOfViolations({ ...session, sessionId: `s_${i}` });
    }
    const left = await client.zrange(keys.safetyEscalations(), '0', '-1');
    expect(left.filter((id) => id.startsWith('out-'))).toHaveLength(30);
    expect(left.filter((id) => id.startsWith('gone-')).length).toBeLessThan(20);
  });
});

describe('what a crash leaves behind', () => {
  test('a crisis that nobody was told of is found within seconds', async () => {
    await using hook = await pageReceiver();
    await using h = await start(webhookAt(hook.url));
    const crises = await crisesOf(h);
    const crisis = await crises.write(crisisOf());
    await eventually(async () => {
      expect(hook.taken.map(({ key }) => key)).toEqual([`esc-${crisis.intervention_id}-1-t0-webhook`]);
      expect((await crises.dueEntries()).filter((entry) => /^(tell|page|mirror)/.test(entry))).toEqual([]);
    });
  });

  test('two workers at once tell each person once', async () => {
    await using hook = await pageReceiver();
    await using h = await start(webhookAt(hook.url));
    await h.startWorkers(SAFETY);
    const crises = await crisesOf(h);
    const all = await Promise.all(Array.from({ length: 20 }, () => crises.write(crisisOf())));
    await Promise.all(all.flatMap((crisis) => [crises.caller.tell(crisis), crises.caller.tell(crisis)]));
    await eventually(async () => expect(hook.taken.length).toBeGreaterThanOrEqual(20));
    await eventually(async () => {
      const counts = await h.core.queues
        .get('safety-escalation')!
        .getJobCounts('waiting', 'prioritized', 'active');
      expect(Object.values(counts).every((count) => count === 0)).toBe(true);
    });
    const taken = hook.taken.map(({ key }) => key);
    expect(taken.toSorted()).toEqual(
      all.map(({ intervention_id: id }) => `esc-${id}-1-t0-webhook`).toSorted(),
    );
  });

  test('a higher level is told again, and its earlier call ends', async () => {
    await using hook = await pageReceiver();
    await using h = await start(webhookAt(hook.url));
    const crises = await crisesOf(h);
    const first = await crises.write(crisisOf('moderate'));
    await crises.caller.tell(first);
    await eventually(async () => expect(hook.taken).toHaveLength(1));
    await eventually(async () => {
      expect((await crises.intervention(first.intervention_id)).human_notified).toBe(true);
    });
    const now = await crises.intervention(first.intervention_id);
    const { assessment } = crisisOf('critical');
    const raised = await crises.write({ ...now, version: now.version + 1, assessment, escalation_round: 2 });
    await crises.caller.tell(raised);
    await eventually(async () => expect(hook.taken).toHaveLength(2));
    await eventually(async () => {
      expect(await crises.escalation(first)).toMatchObject({ status: 'resolved' });
      expect(await crises.intervention(first.intervention_id)).toMatchObject({
        escalation_id: `${first.intervention_id}-2`,
      });
    });
  });
});
