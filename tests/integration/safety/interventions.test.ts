import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeByPerson, closeAfterFollowUp } from '../../../src/safety/interventions/evolve.ts';
import { SafetyTally } from '../../../src/safety/record/tally.ts';
import { statsHour } from '../../../src/safety/record/stats.ts';
import { crisisOf, NOW, openStore, pseudonyms } from '../../support/interventions.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const MINUTE = 60_000;
const ada = pseudonyms.userHash('ada', 's1');
const person = { actor: 'dr-kim', what: 'closed' };

describe('writing a crisis down', () => {
  test('opens an intervention and remembers it of player and session, in one step', async () => {
    await using h = await openStore(redis.url);
    const before = await h.interventions.playerSafety('s1', ada);
    expect(before).toEqual({
      violations: 0,
      crisisCount: 0,
      lastCrisisAtMs: null,
      isHeld: false,
      open: null,
    });
    const crisis = crisisOf();
    const written = await h.interventions.writeCrisis(crisis, before.open);
    expect(written).toMatchObject({ isNew: true, isRepeat: false, tellsPeople: true, isHeld: false });
    expect(written.intervention).toMatchObject({ state: 'responded', version: 1, escalation_round: 1 });
    expect(await h.interventions.get(crisis.interventionId)).toEqual(written.intervention);
    expect(await h.interventions.playerSafety('s1', ada)).toEqual({
      violations: 1,
      crisisCount: 1,
      lastCrisisAtMs: NOW,
      isHeld: false,
      open: written.intervention,
    });
    const { keys } = h.store;
    expect(await h.redis.zrange(keys.safetyDue(), '0', '-1', 'WITHSCORES')).toEqual([
      `tell|${crisis.interventionId}|1`,
      String(NOW),
    ]);
    expect(await h.redis.zscore(keys.safetyInterventions(), crisis.interventionId)).toBe(String(NOW));
    const [[, audit] = ['', []]] = await h.redis.xrange(keys.safetyAudit(), '-', '+');
    expect(audit).toEqual(expect.arrayContaining(['text_hmac', crisis.text.hmac, 'actor', 'player']));
    expect(audit).not.toContain('s1');
    expect(await h.redis.xlen(keys.safetyEvents())).toBe(1);
    expect(await h.redis.hgetall(keys.safetyStats(statsHour(NOW)))).toMatchObject({
      crises: '1',
      opened: '1',
    });
    expect(await h.redis.ttl(keys.safetySession('s1'))).toBe(-1);
    expect(await h.redis.ttl(keys.safetyUser(ada))).toBeGreaterThan(89 * 86_400);
  });

  test('is one event of the same intervention for another crisis, and nothing for the same request', async () => {
    await using h = await openStore(redis.url);
    const first = crisisOf({ requestId: 'r1' });
    await h.interventions.writeCrisis(first);
    const second = await h.interventions.writeCrisis(crisisOf({ requestId: 'r2' }));
    expect(second).toMatchObject({ isNew: false, isRepeat: false, tellsPeople: false });
    expect(second.intervention).toMatchObject({
      intervention_id: first.interventionId,
      event_count: 2,
      version: 2,
    });
    const again = await h.interventions.writeCrisis(crisisOf({ requestId: 'r1' }));
    expect(again).toMatchObject({ isNew: false, isRepeat: true, tellsPeople: false });
    expect(again.intervention).toEqual(second.intervention);
    expect((await h.interventions.playerSafety('s1', ada)).crisisCount).toBe(2);
    expect(await h.redis.zcard(h.store.keys.safetyDue())).toBe(1);
  });

  test('is one round trip for a new one, and for an open one that was just read', async () => {
    await using h = await openStore(redis.url);
    await h.interventions.writeCrisis(crisisOf());
    const sent = () =>
      h.redis.info('commandstats').then((text) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1]));
    const { open } = await h.interventions.playerSafety('s1', ada);
    const before = await sent();
    await h.interventions.writeCrisis(crisisOf(), open);
    expect(await sent()).toBe(before + 1);
  });

  test('raises the level only upwards, and tells people again when it does', async () => {
    await using h = await openStore(redis.url);
    const { intervention } = await h.interventions.writeCrisis(crisisOf({ level: 'moderate' }));
    const id = intervention.intervention_id;
    await h.interventions.change(id, (now) => ({ ...now, state: 'escalated' }), {
      actor: 'system',
      what: 'escalated',
    });
    await h.interventions.change(id, (now) => ({ ...now, state: 'acknowledged' }), {
      actor: 'dr-kim',
      what: 'taken',
    });
    const raised = await h.interventions.writeCrisis(crisisOf({ level: 'critical', types: ['self_harm'] }));
    expect(raised).toMatchObject({ isNew: false, tellsPeople: true });
    expect(raised.intervention).toMatchObject({ state: 'responded', escalation_round: 2 });
    expect(raised.intervention.assessment).toMatchObject({
      crisis_level: 'critical',
      crisis_types: ['self_harm', 'suicidal_ideation'],
    });
    const lower = await h.interventions.writeCrisis(crisisOf({ level: 'moderate' }));
    expect(lower.tellsPeople).toBe(false);
    expect(lower.intervention.assessment.crisis_level).toBe('critical');
    expect(await h.redis.zrange(h.store.keys.safetyDue(), '0', '-1')).toEqual([
      `tell|${id}|1`,
      `tell|${id}|2`,
    ]);
  });

  test('is one intervention for each player in each session', async () => {
    await using h = await openStore(redis.url);
    await h.interventions.writeCrisis(crisisOf({ sessionId: 's1', userId: 'ada' }));
    await h.interventions.writeCrisis(crisisOf({ sessionId: 's2', userId: 'ada' }));
    await h.interventions.writeCrisis(crisisOf({ sessionId: 's1', userId: 'bob' }));
    expect((await h.interventions.list({ limit: 10 })).items).toHaveLength(3);
    expect((await h.interventions.playerSafety('s2', ada)).crisisCount).toBe(2);
  });

  test('after the last one was closed opens another, and the request of the closed one still finds it', async () => {
    await using h = await openStore(redis.url);
    const crisis = crisisOf({ requestId: 'r1' });
    await h.interventions.writeCrisis(crisis);
    const close = { humanId: 'dr-kim', outcome: 'resolved', notes: 'spoke with the player' } as const;
    await h.interventions.change(crisis.interventionId, (now) => closeByPerson(now, close, NOW), person);
    const again = await h.interventions.writeCrisis(crisisOf({ requestId: 'r1' }));
    expect(again).toMatchObject({ isRepeat: true });
    expect(again.intervention).toMatchObject({ intervention_id: crisis.interventionId, state: 'resolved' });
    const next = await h.interventions.writeCrisis(crisisOf({ requestId: 'r2' }));
    expect(next.isNew).toBe(true);
    expect(next.intervention.intervention_id).not.toBe(crisis.interventionId);
  });

  test('remembers the newest hundred requests of a session', async () => {
    await using h = await openStore(redis.url);
    for (let n = 1; n <= 130; n++) await h.interventions.writeCrisis(crisisOf({ requestId: `r${n}` }));
    for (const n of [31, 77, 130]) {
      const again = await h.interventions.writeCrisis(crisisOf({ requestId: `r${n}` }));
      expect([n, again.isRepeat, again.intervention.event_count]).toEqual([n, true, 130]);
    }
    expect((await h.redis.hget(h.store.keys.safetySession('s1'), 'requests'))?.length).toBe(5400);
  });

  test('by twenty writers at once loses nothing and opens one', async () => {
    await using h = await openStore(redis.url);
    const crises = Array.from({ length: 20 }, () => crisisOf());
    const written = await Promise.all(crises.map((crisis) => h.interventions.writeCrisis(crisis)));
    expect(written.filter(({ isNew }) => isNew)).toHaveLength(1);
    const { items } = await h.interventions.list({ limit: 10 });
    expect(items).toHaveLength(1);
    expect(items[0]!.events.map((event) => event.request_id).sort()).toEqual(
      crises.map(({ event }) => event.request_id).sort(),
    );
    expect(items[0]!.version).toBe(20);
  });
});

describe('a hold', () => {
  test('begins with the third crisis within the window and ends only when somebody releases the session', async () => {
    await using h = await openStore(redis.url);
    for (const requestId of ['r1', 'r2']) {
      expect((await h.interventions.writeCrisis(crisisOf({ level: 'moderate', requestId }))).isHeld).toBe(
        false,
      );
    }
    expect((await h.interventions.writeCrisis(crisisOf({ level: 'low', requestId: 'r3' }))).isHeld).toBe(
      false,
    );
    const third = await h.interventions.writeCrisis(crisisOf({ level: 'moderate', requestId: 'r4' }));
    expect(third.isHeld).toBe(true);
    h.now += 72 * 60 * MINUTE;
    expect((await h.interventions.playerSafety('s1', ada)).isHeld).toBe(true);
    expect(await h.interventions.releaseSession('s1', 'dr-kim')).toEqual({ wasHeld: true });
    expect((await h.interventions.playerSafety('s1', ada)).isHeld).toBe(false);
    expect(await h.interventions.releaseSession('s1', 'dr-kim')).toEqual({ wasHeld: false });
    expect(await h.interventions.releaseSession('unknown', 'dr-kim')).toBeNull();
    const next = await h.interventions.writeCrisis(crisisOf({ level: 'moderate', atMs: h.now }));
    expect(next.isHeld).toBe(false);
  });

  test('does not count crises that lie outside the window', async () => {
    await using h = await openStore(redis.url);
    for (let i = 0; i < 5; i++) {
      const { isHeld } = await h.interventions.writeCrisis(crisisOf({ level: 'high', atMs: h.now }));
      expect(isHeld).toBe(false);
      h.now += 13 * 60 * MINUTE;
    }
  });

  test('begins when nobody takes a critical intervention in time, and an answer that comes late does not end it', async () => {
    await using h = await openStore(redis.url);
    const { intervention } = await h.interventions.writeCrisis(crisisOf({ level: 'critical' }));
    h.now += 5 * MINUTE - 1;
    expect((await h.interventions.playerSafety('s1', ada)).isHeld).toBe(false);
    h.now += 1;
    expect((await h.interventions.playerSafety('s1', ada)).isHeld).toBe(true);
    await h.interventions.change(intervention.intervention_id, (now) => ({ ...now, state: 'acknowledged' }), {
      actor: 'dr-kim',
      what: 'taken',
    });
    expect((await h.interventions.playerSafety('s1', ada)).isHeld).toBe(true);
    expect(await h.interventions.releaseSession('s1', 'dr-kim')).toEqual({ wasHeld: true });
    expect((await h.interventions.playerSafety('s1', ada)).isHeld).toBe(false);
  });

  test('of an intervention that is still nobody’s can be released, and does not begin again by itself', async () => {
    await using h = await openStore(redis.url);
    await h.interventions.writeCrisis(crisisOf({ level: 'critical' }));
    h.now += 6 * MINUTE;
    expect(await h.interventions.releaseSession('s1', 'dr-kim')).toEqual({ wasHeld: true });
    expect((await h.interventions.playerSafety('s1', ada)).isHeld).toBe(false);
  });

  test('is also what somebody else asks for, once', async () => {
    await using h = await openStore(redis.url);
    await h.interventions.holdSession('s1', 'the narrator was blocked again and again', 'system');
    await h.interventions.holdSession('s1', 'another reason', 'system');
    expect((await h.interventions.playerSafety('s1', ada)).isHeld).toBe(true);
    expect(await h.redis.hget(h.store.keys.safetySession('s1'), 'held_because')).toContain('narrator');
    expect(await h.redis.xlen(h.store.keys.safetyAudit())).toBe(1);
  });
});

describe('an intervention', () => {
  test('changes by the newest record, whoever is faster', async () => {
    await using h = await openStore(redis.url);
    const { intervention } = await h.interventions.writeCrisis(crisisOf());
    const id = intervention.intervention_id;
    const add = (n: number) =>
      h.interventions.change(
        id,
        (now) => ({
          ...now,
          actions: [...now.actions, { ...now.actions[0]!, action_type: `step-${n}` }],
        }),
        { actor: 'system', what: 'step' },
      );
    await Promise.all(Array.from({ length: 20 }, (_, n) => add(n)));
    const now = await h.interventions.get(id);
    expect(now).toMatchObject({ version: 21 });
    expect(new Set(now!.actions.map((action) => action.action_type)).size).toBe(21);
  });

  test('is changed by nothing where the change says null, and by no way that does not exist', async () => {
    await using h = await openStore(redis.url);
    const { intervention } = await h.interventions.writeCrisis(crisisOf());
    const id = intervention.intervention_id;
    expect(await h.interventions.change(id, () => null, person)).toEqual(intervention);
    const wrong = h.interventions.change(id, (now) => ({ ...now, state: 'in_care' }), person);
    await expect(wrong).rejects.toMatchObject({
      code: 'intervention_state',
      httpStatus: 409,
      details: { state: 'responded' },
    });
    const unknown = h.interventions.change(crisisOf().interventionId, (now) => now, person);
    await expect(unknown).rejects.toMatchObject({ code: 'intervention_not_found' });
    expect((await h.interventions.get(id))?.version).toBe(1);
  });

  test('that is high is closed by a person only; a moderate one by itself after its follow-up', async () => {
    await using h = await openStore(redis.url);
    const { keys } = h.store;
    const machine = { actor: 'system:follow_up', what: 'closed' };
    for (const level of ['high', 'moderate'] as const) {
      const crisis = crisisOf({ level, sessionId: level });
      const id = crisis.interventionId;
      await h.interventions.writeCrisis(crisis);
      const due = new Date(NOW + 60 * MINUTE).toISOString();
      await h.interventions.change(id, (now) => ({ ...now, state: 'follow_up', follow_up_at: due }), machine);
      expect((await h.interventions.change(id, (now) => closeAfterFollowUp(now, NOW), machine)).state).toBe(
        'follow_up',
      );
      const later = await h.interventions.change(
        id,
        (now) => closeAfterFollowUp(now, NOW + 61 * MINUTE),
        machine,
      );
      expect(later.state).toBe(level === 'high' ? 'follow_up' : 'resolved');
      const forced = h.interventions.change(id, (now) => ({ ...now, state: 'resolved' }), machine);
      await expect(forced).rejects.toMatchObject({ code: 'intervention_state' });
    }
    expect(await h.redis.zcard(keys.safetyInterventions())).toBe(1);
    expect(await h.redis.zcard(keys.safetyClosedInterventions())).toBe(1);
    expect(await h.redis.ttl(keys.safetySession('moderate'))).toBeGreaterThan(0);
    expect(await h.redis.ttl(keys.safetySession('high'))).toBe(-1);
  });

  test('goes back to people when a crisis comes while one looks again later', async () => {
    await using h = await openStore(redis.url);
    const { intervention } = await h.interventions.writeCrisis(crisisOf({ level: 'moderate' }));
    const id = intervention.intervention_id;
    await h.interventions.change(id, (now) => ({ ...now, state: 'follow_up' }), person);
    const again = await h.interventions.writeCrisis(crisisOf({ level: 'moderate' }));
    expect(again).toMatchObject({ isNew: false, tellsPeople: true });
    expect(again.intervention).toMatchObject({ state: 'responded', escalation_round: 2, follow_up_at: null });
  });

  test('that cannot be read says so, is overwritten by nobody, and keeps no crisis from being written', async () => {
    await using h = await openStore(redis.url);
    const broken = crisisOf({ requestId: 'r1' });
    const id = broken.interventionId;
    await h.interventions.writeCrisis(broken);
    const key = h.store.keys.safetyIntervention(id);
    for (const data of ['{"half":', '{"version":1}', '']) {
      await h.redis.hset(key, 'data', data);
      await expect(h.interventions.get(id)).rejects.toMatchObject({ code: 'intervention_invalid' });
      await expect(h.interventions.change(id, (now) => now, person)).rejects.toMatchObject({
        code: 'intervention_invalid',
      });
      expect((await h.interventions.playerSafety('s1', ada)).open?.intervention_id).not.toBe(id);
      const next = await h.interventions.writeCrisis(crisisOf());
      expect(next.intervention.intervention_id).not.toBe(id);
      expect(await h.redis.hget(key, 'data')).toBe(data);
    }
    const { items, unreadable } = await h.interventions.list({ limit: 10 });
    expect(unreadable).toEqual([id]);
    expect(items).toHaveLength(1);
    expect(items[0]!.event_count).toBe(3);
    expect(h.errors.join()).toContain(id);
  });
});

describe('the list', () => {
  test('is newest first, page by page, by state and level', async () => {
    await using h = await openStore(redis.url);
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) {
      const level = i % 2 === 0 ? 'critical' : 'moderate';
      // Two of one moment each.
      const crisis = crisisOf({ sessionId: `s${i}`, level, atMs: NOW + Math.floor(i / 2) * 1000 });
      ids.unshift(crisis.interventionId);
      await h.interventions.writeCrisis(crisis);
    }
    const close = { humanId: 'dr-kim', outcome: 'false_positive', notes: 'a quotation' } as const;
    await h.interventions.change(ids[3]!, (now) => closeByPerson(now, close, h.now), person);
    const seen: string[] = [];
    let after: { at: number; id: string } | undefined;
    do {
      const page = await h.interventions.list({ limit: 3, ...(after === undefined ? {} : { after }) });
      seen.push(...page.items.map((item) => item.intervention_id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect([...seen].sort()).toEqual([...ids].sort());
    expect(new Set(seen).size).toBe(7);
    expect(seen[0]).toBe(ids[0]);
    expect((await h.interventions.list({ limit: 10, state: 'false_positive' })).items).toHaveLength(1);
    expect((await h.interventions.list({ limit: 10, level: 'moderate' })).items).toHaveLength(3);
    expect(await h.interventions.countActive()).toEqual({ low: 0, moderate: 2, high: 0, critical: 4 });
  });
});

describe('forgetting a player', () => {
  test('removes the history, and the name from what is closed; what is open stays findable for people', async () => {
    await using h = await openStore(redis.url);
    const closed = crisisOf({ sessionId: 's1' });
    const open = crisisOf({ sessionId: 's2' });
    await h.interventions.writeCrisis(closed);
    await h.interventions.writeCrisis(open);
    const close = { humanId: 'dr-kim', outcome: 'resolved', notes: 'ok' } as const;
    await h.interventions.change(closed.interventionId, (now) => closeByPerson(now, close, NOW), person);
    expect(await h.interventions.forgetUser(ada, 'admin')).toEqual({ wasKnown: true, detached: 1, open: 1 });
    expect(await h.redis.exists(h.store.keys.safetyUser(ada))).toBe(0);
    expect((await h.interventions.get(closed.interventionId))?.user_hash).toBe('forgotten');
    expect((await h.interventions.get(open.interventionId))?.user_hash).toBe(ada);
    expect(await h.interventions.forgetUser(ada, 'admin')).toEqual({ wasKnown: false, detached: 0, open: 1 });
    expect(await h.redis.ttl(h.store.keys.safetyIntervention(closed.interventionId))).toBeGreaterThan(0);
  });
});

describe('what is counted and remembered of texts', () => {
  const judgement = {
    sessionId: 's1',
    userHash: ada,
    stage: 'input',
    level: 'warning',
    atMs: NOW,
    text: { hmac: pseudonyms.textHmac('peppermint'), length: 10, ruleIds: ['a', 'b'] },
    rulesVersion: '0123456789ab',
  } as const;

  test('a text that is not safe counts as one of the player, a story does not; both are audited', async () => {
    await using h = await openStore(redis.url);
    await h.interventions.recordJudgement(judgement);
    await h.interventions.recordJudgement({ ...judgement, stage: 'output', level: 'blocked' });
    await h.interventions.recordJudgement({ ...judgement, level: 'safe' });
    expect(await h.interventions.playerSafety('s1', ada)).toMatchObject({ violations: 1, crisisCount: 0 });
    expect(await h.redis.hget(h.store.keys.safetyUser(ada), 'last_level')).toBe('warning');
    const entries = await h.redis.xrange(h.store.keys.safetyAudit(), '-', '+');
    expect(entries).toHaveLength(3);
    expect(entries[0]![1]).toEqual(expect.arrayContaining(['rule_ids', 'a,b', 'length', '10']));
    expect(JSON.stringify(entries)).not.toMatch(/peppermint|"s1"/);
  });

  test('counts that could not be written are written the next time, and at the end', async () => {
    await using h = await openStore(redis.url);
    const key = h.store.keys.safetyStats(statsHour(NOW));
    const errors: unknown[] = [];
    const tally = new SafetyTally({
      store: h.store,
      clock: h.options.clock,
      onError: (error) => errors.push(error),
    });
    await h.redis.set(key, 'no hash');
    tally.judged({ level: 'safe' }, 'input', 0.01);
    await tally.flush();
    expect(errors).toHaveLength(1);
    await h.redis.del(key);
    tally.judged({ level: 'safe' }, 'input', 0.01);
    await tally.start();
    await tally.stop();
    expect(await h.redis.hgetall(key)).toEqual({ 'text:input:safe': '2' });
    expect(await h.redis.ttl(key)).toBeGreaterThan(34 * 86_400);
  });

  test('old entries of the audit go with time', async () => {
    await using h = await openStore(redis.url, {
      settings: { retention_days: { intervention: 400, user: 90, audit: 1 } },
    });
    const audit = h.store.keys.safetyAudit();
    const old = NOW - 3 * 86_400_000;
    // Whole nodes of a stream go at a time.
    for (let i = 0; i < 300; i++) await h.redis.xadd(audit, `${old + i}-0`, 'event', 'old');
    await h.interventions.recordJudgement(judgement);
    expect(await h.redis.xlen(audit)).toBeLessThan(150);
  });
});
