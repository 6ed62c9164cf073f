import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { remoteOperations } from '../../../src/cli/remote-operations.ts';
import { createFleetClient } from '../../../src/client/client.ts';
import { LOCAL_OPERATOR, type Caller } from '../../../src/contracts/caller.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { startApiRole, type ApiRole } from '../../../src/runtime/api-role.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { closeByPerson } from '../../../src/safety/interventions/evolve.ts';
import { readStats } from '../../../src/safety/record/stats.ts';
import type { Crisis } from '../../../src/safety/ports.ts';
import { startHarness } from '../../support/harness.ts';
import { crisisOf, type CrisisOptions } from '../../support/interventions.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const NOTES = { human_id: 'dr-kim', outcome: 'resolved', notes: 'spoke with the player' } as const;

interface OpenApi extends AsyncDisposable {
  readonly api: ApiRole;
  crisis(options?: CrisisOptions): Promise<Crisis>;
}

/** The API of a fleet, with the pseudonyms of that fleet. */
async function openApi(): Promise<OpenApi> {
  const h = await startHarness({ redisUrl: redis.url, workers: [] });
  const config = quickConfig(redis.url, { 'redis.key_prefix': testPrefix(), port: '0' });
  const metrics = createMetrics({ role: 'api', version: '0' });
  const api = await startApiRole({ config, redisUrl: redis.url, log: h.core.log, metrics });
  const { interventions, pseudonyms } = api.safetyState;
  return {
    api,
    async crisis(options = {}) {
      const plain = crisisOf({ atMs: Date.now(), ...options });
      const hash = pseudonyms.userHash(options.userId ?? 'ada', plain.sessionId);
      const crisis = { ...plain, userHash: hash };
      await interventions.writeCrisis(crisis);
      return crisis;
    },
    async [Symbol.asyncDispose]() {
      await api.close();
      await h[Symbol.asyncDispose]();
    },
  };
}

describe('over HTTP and from the command line', () => {
  test('people find, read and close interventions, and let a held session play on', async () => {
    await using open = await openApi();
    const client = createFleetClient({ baseUrl: open.api.url, maxRetries: 0 });
    const remote = remoteOperations(client);
    const crises: Crisis[] = [];
    for (let i = 0; i < 3; i++) crises.unshift(await open.crisis({ sessionId: `s${i}`, level: 'critical' }));
    const first = await remote.listInterventions({ limit: 2 }, LOCAL_OPERATOR);
    const rest = await remote.listInterventions({ limit: 2, after: first.next! }, LOCAL_OPERATOR);
    const found = [...first.items, ...rest.items].map((item) => item.intervention_id);
    expect(found).toEqual(crises.map((crisis) => crisis.interventionId));
    expect(rest.next).toBeNull();
    expect((await client.listInterventions({ state: 'escalated' })).items).toEqual([]);

    const id = crises[0]!.interventionId;
    expect(await remote.getIntervention(id, LOCAL_OPERATOR)).toMatchObject({ state: 'responded' });
    const closed = await remote.resolveIntervention(id, NOTES, LOCAL_OPERATOR);
    expect(closed).toMatchObject({ state: 'resolved', resolved_by: 'dr-kim', resolution_notes: NOTES.notes });
    // Its answer was lost.
    expect(await client.resolveIntervention(id, NOTES)).toEqual(closed);
    const other = remote.resolveIntervention(id, { ...NOTES, outcome: 'false_positive' }, LOCAL_OPERATOR);
    await expect(other).rejects.toMatchObject({ code: 'intervention_state', kind: 'conflict' });
    await expect(remote.getIntervention('none', LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'intervention_not_found',
    });
    for (const wrong of [
      { ...NOTES, human_id: 'system:me' },
      { ...NOTES, notes: ' ' },
      { ...NOTES, why: 'x' },
    ]) {
      await expect(client.resolveIntervention(id, wrong)).rejects.toMatchObject({ status: 400 });
    }

    await open.api.safetyState.interventions.holdSession('s1', 'a reason', 'system');
    expect(await remote.releaseSession('s1', LOCAL_OPERATOR)).toEqual({ session_id: 's1', was_held: true });
    expect(await remote.releaseSession('s1', LOCAL_OPERATOR)).toEqual({ session_id: 's1', was_held: false });
    await expect(remote.releaseSession('nobody', LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  test('a player is forgotten by name, and the name stands in no audit', async () => {
    await using open = await openApi();
    const client = createFleetClient({ baseUrl: open.api.url, maxRetries: 0 });
    await open.crisis({ userId: 'quokka' });
    expect(await client.forgetPlayer('quokka')).toEqual({
      was_known: true,
      detached_interventions: 0,
      open_interventions: 1,
    });
    expect((await client.forgetPlayer('quokka')).was_known).toBe(false);
    const { store } = open.api.core;
    const audits = [
      await store.redis.xrange(store.keys.audit(), '-', '+'),
      await store.redis.xrange(store.keys.safetyAudit(), '-', '+'),
    ];
    expect(JSON.stringify(audits)).toContain('safety.forget_user');
    expect(JSON.stringify(audits)).not.toContain('quokka');
  });

  test('nobody but administrators sees any of it', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const operator: Caller = { id: 'ops', roles: new Set(['operate']) };
    const { operations } = h;
    for (const asked of [
      operations.listInterventions({ limit: 1 }, operator),
      operations.getIntervention('x', operator),
      operations.resolveIntervention('x', NOTES, operator),
      operations.releaseSession('x', operator),
      operations.forgetPlayer('x', operator),
      operations.safetyDashboard(operator),
      operations.safetyReport(1, operator),
    ]) {
      await expect(asked).rejects.toMatchObject({ code: 'forbidden' });
    }
  });
});

describe('figures', () => {
  test('of a fleet in which nothing happened are zero, or unknown', async () => {
    await using open = await openApi();
    const client = createFleetClient({ baseUrl: open.api.url, maxRetries: 0 });
    const board = await client.safetyDashboard();
    expect(board.summary).toMatchObject({
      crises: 0,
      active: 0,
      mean_response_ms: null,
      success_percent: null,
    });
    expect(board.crisis_trends).toHaveLength(24);
    expect(board.system_health).toEqual({ status: 'healthy', reasons: [] });
    const report = await client.safetyReport(720);
    expect(report.executive_summary).toMatchObject({
      crises: 0,
      crisis_rate_percent: null,
      success_percent: null,
    });
    expect(report.escalation_summary).toMatchObject({
      total: 0,
      ack_seconds: { n: 0, mean: null, p95: null },
    });
    expect(report.recommendations).toHaveLength(1);
  });

  test('are those of what happened, in the dashboard, as a report and as lines of text', async () => {
    await using open = await openApi();
    const { api } = open;
    const { store, clock } = api.core;
    const { tally, interventions } = api.safetyState;
    const client = createFleetClient({ baseUrl: api.url, maxRetries: 0 });
    const one = await open.crisis({ sessionId: 'one', level: 'critical' });
    await open.crisis({ sessionId: 'one', level: 'critical' });
    await open.crisis({ sessionId: 'two', level: 'moderate', types: ['substance'] });
    await open.crisis({ sessionId: 'three', level: 'high', answered: false });
    for (let i = 0; i < 10; i++) tally.judged({ level: i < 4 ? 'blocked' : 'safe' }, 'input', 0.01);
    tally.judged({ level: 'safe' }, 'output', 0.01);
    await tally.flush();
    const close = { humanId: 'dr-kim', outcome: 'resolved', notes: 'ok' } as const;
    await interventions.change(one.interventionId, (now) => closeByPerson(now, close, clock.now()), {
      actor: 'dr-kim',
      what: 'closed',
    });
    await addEscalation(api, one, { ackSeconds: 400 });

    const board = await client.safetyDashboard();
    expect(board.summary).toMatchObject({
      validations: 11,
      crises: 4,
      opened: 3,
      closed: 1,
      active: 2,
      critical: 0,
      mean_response_ms: 2,
      success_percent: 75,
    });
    expect(board.summary.p95_response_ms).toBeCloseTo(2, 0);
    expect(board.active_interventions).toHaveLength(2);
    expect(board.recent_escalations).toHaveLength(1);
    expect(board.crisis_trends.at(-1)).toMatchObject({
      crises: 4,
      opened: 3,
      by_level: { critical: 2, moderate: 1 },
    });
    expect(board.performance_metrics.ack_seconds).toEqual({ n: 1, mean: 400, p95: 400 });
    expect(board.system_health.status).toBe('warning');
    expect(board.system_health.reasons.join()).toMatch(/75 %.*50 %/);

    const report = await client.safetyReport(2);
    expect(report.executive_summary).toMatchObject({ validations: 11, crises: 4, crisis_rate_percent: 40 });
    expect(report.crisis_summary.by_type).toEqual({ suicidal_ideation: 3, substance: 1 });
    expect(report.escalation_summary).toMatchObject({
      total: 1,
      emergency_percent: 100,
      notifications: { delivered: 1, failed: 1, skipped: 1 },
      notification_success_percent: 50,
    });
    expect(report.protocol_summary.actions).toEqual({ generate_response: { ok: 3, failed: 1 } });
    expect(report.protocol_summary.closed).toEqual({ resolved: 1 });
    expect(report.recommendations).toHaveLength(4);

    const answer = await fetch(`${api.url}/v1/safety/report?hours=2&format=csv`);
    expect(answer.headers.get('content-type')).toContain('text/csv');
    const lines = (await answer.text()).split('\r\n');
    expect(lines[0]).toBe('section,name,value');
    expect(lines).toContain('executive_summary,crises,4');
    expect((await fetch(`${api.url}/v1/safety/report?hours=721`)).status).toBe(400);

    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toContain('safety_interventions_active{level="moderate"} 1');
    expect(metrics).toContain('safety_crisis_total{type="substance",level="moderate"} 1');
    expect(metrics).toContain('safety_wal_pending 0');
    const [hour] = (await readStats(store, 1, clock.now())).slice(-1);
    expect(hour!.counts.get('text:input:blocked')).toBe(4);
  });
});

async function addEscalation(
  api: ApiRole,
  of: Crisis,
  { ackSeconds }: { ackSeconds: number },
): Promise<void> {
  const { store, clock } = api.core;
  const id = `${of.interventionId}-1`;
  const from = clock.now() - 600_000;
  const at = new Date(from).toISOString();
  const sent = {
    channel: 'email',
    tier: 'on_call',
    recipient_masked: 'd…@example',
    attempt: 1,
    at,
    response_time_ms: 1,
    step: 0,
  };
  const record = {
    escalation_id: id,
    version: 1,
    intervention_id: of.interventionId,
    session_id: of.sessionId,
    user_hash: of.userHash,
    escalation_type: 'emergency_services',
    tier: 'on_call',
    repeats: 0,
    crisis_level: 'critical',
    crisis_types: ['suicidal_ideation'],
    assessment: of.assessment,
    region: 'US',
    notifications: ['delivered', 'failed', 'skipped'].map((outcome) => ({ ...sent, outcome })),
    status: 'acknowledged',
    assigned_human: 'dr-kim',
    created_at: at,
    ack_deadline_at: null,
    acknowledged_at: new Date(from + ackSeconds * 1000).toISOString(),
    response_notes: null,
    resolved_at: null,
    // What others add to the record.
    step: 0,
    channels: [],
    note: null,
    told_at: at,
  };
  await store.redis.hset(store.keys.safetyEscalation(id), 'version', '1', 'data', JSON.stringify(record));
  await store.redis.zadd(store.keys.safetyEscalations(), from, id);
}
