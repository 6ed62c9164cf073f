import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFleetClient } from '../../../src/client/client.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { startApiRole } from '../../../src/runtime/api-role.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { agentsWith, eventually, QUICK_RETRY, quickCatalog, startHarness } from '../../support/harness.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const CIRCUIT = 'agent.nga';
const settings = {
  port: '0',
  'shutdown.drain_delay': '0',
  'workflow.error_handling.circuit_breaker.failure_threshold': '2',
};

describe('the circuits of a fleet', () => {
  test('[R6.1] what two workers see fail is left alone by both, until an operator closes it over HTTP', async () => {
    let isBroken = true;
    let calls = 0;
    const agents = agentsWith({
      nga(input, ctx, agent) {
        calls += 1;
        if (!isBroken) return agent.run(input, ctx);
        return Promise.reject(new FleetError({ code: 'down', kind: 'internal', message: 'on purpose' }));
      },
    });
    const catalog = quickCatalog({}, { ...QUICK_RETRY, max_attempts: 5 });
    await using h = await startHarness({ redisUrl: redis.url, agents, catalog, settings });
    await h.startWorkers(['nga']);
    const metrics = createMetrics({ role: 'api', version: '0' });
    const api = await startApiRole({ config: h.config, redisUrl: redis.url, log: h.core.log, metrics });
    try {
      const client = createFleetClient({ baseUrl: api.url });
      const runs = await Promise.all([1, 2, 3].map(async () => h.submit(await h.newSession(), 'look')));
      await eventually(async () => {
        expect(await client.getBreaker(CIRCUIT)).toMatchObject({ state: 'open', mode: 'shared' });
      });
      const open = await client.getBreaker(CIRCUIT);
      expect(open).toMatchObject({
        failures: 0,
        recovery_overdue: false,
        counters: { transitions: { 'closed>open': 1 } },
        config: { failure_threshold: 2 },
      });
      expect(open.retry_after_ms).toBeGreaterThan(0);
      const { body } = await metrics.render();
      expect(body).toContain(`agent_orchestration_circuit_state{name="${CIRCUIT}"} 2`);
      expect(body).toContain(`agent_orchestration_circuit_recovery_overdue{name="${CIRCUIT}"} 0`);
      expect(body).toMatch(/circuit_state_seconds_total\{name="agent.nga",state="open"\} [\d.e-]+/);
      // Calls that were under way when it opened; nobody has begun one since.
      expect(calls).toBeLessThanOrEqual(2 + runs.length);

      isBroken = false;
      expect(await client.resetBreaker(CIRCUIT)).toMatchObject({ state: 'closed', retry_after_ms: null });
      const [last] = (await h.core.store.redis.xrevrange(h.core.store.keys.audit(), '+', '-', 'COUNT', 1))[0]!
        .slice(1)
        .map(String);
      expect(last).toContain('breaker.reset');
      expect((await client.listBreakers()).map(({ name }) => name)).toContain('agent.ipa');
      expect(await client.openBreaker(CIRCUIT)).toMatchObject({ state: 'open' });
      const waiting = await h.submit(await h.newSession(), 'look');
      await eventually(async () => {
        const { reasons } = await client.whyRun(waiting);
        expect(reasons).toContainEqual(expect.objectContaining({ kind: 'circuit_open' }));
      });
      await expect(client.getBreaker('agent.nda')).rejects.toMatchObject({
        status: 404,
        code: 'BREAKER_NOT_FOUND',
      });
      await expect(client.resetBreaker('agent.nda')).rejects.toThrow(/did you mean "agent.nga"/);
    } finally {
      await api.close();
    }
  });
});
