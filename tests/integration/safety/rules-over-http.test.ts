import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFleetClient, FleetClientError, type FleetClient } from '../../../src/client/client.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { startApiRole, type ApiRole } from '../../../src/runtime/api-role.ts';
import { startWorkerRole, type WorkerRole } from '../../../src/runtime/worker-role.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let api: ApiRole;
let worker: WorkerRole;
let client: FleetClient;

beforeAll(async () => {
  redis = await acquireRedis();
  const config = quickConfig(redis.url, {
    port: '0',
    'safety.default_region': 'GB',
    'diagnostics.enabled': 'true',
  });
  const core = {
    config,
    redisUrl: redis.url,
    log: createLogger({ level: 'silent', role: 'test', instance: 't', version: '0' }),
  };
  const about = (role: string) => ({ ...core, metrics: createMetrics({ role, version: '0' }) });
  worker = await startWorkerRole({ ...about('worker'), queues: ['ipa'], instance: 'w' });
  api = await startApiRole(about('api'));
  client = createFleetClient({ baseUrl: api.url });
});
afterAll(async () => {
  await api?.close();
  await worker?.stop();
  await redis[Symbol.asyncDispose]();
});

async function auditOf({ core: { store } }: ApiRole): Promise<Record<string, string>[]> {
  const entries = await store.redis.xrange(store.keys.safetyAudit(), '-', '+');
  return entries.map(([, flat]) =>
    Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!])),
  );
}

async function refusal(work: Promise<unknown>): Promise<FleetClientError> {
  return work.then(
    () => expect.unreachable('it was accepted'),
    (error: unknown) => error as FleetClientError,
  );
}

// Acceptance checks 5 and 6 of the chapter on safety.
test('rules change, are refused, and go back, in the API and in a worker', async () => {
  const before = await client.safety();
  expect(before).toMatchObject({ enabled: true, system_health: 'healthy', status: { source: 'default' } });
  expect(before.rules[0]).toMatchObject({ id: 'output_harm_instructions', level: 'blocked', built_in: true });
  const ifMatch = before.status.rules_version;

  const own = {
    rules: [
      {
        id: 'own',
        level: 'blocked',
        pattern: '(a+)+b$',
        alternative_template: 'I help: {resource_contact}.',
      },
    ],
  };
  const { status } = await client.putSafetyRules(own, { ifMatch });
  expect(status.rules_version).not.toBe(ifMatch);
  expect(await client.validateText({ text: 'aaaab' })).toMatchObject({
    level: 'blocked',
    alternative_content: 'I help: call 116 123.',
    rules_version: status.rules_version,
  });
  const started = performance.now();
  await client.validateText({ text: 'a'.repeat(20_000) });
  expect(performance.now() - started).toBeLessThan(2000);
  await expect.poll(() => worker.safety!.rules.rules.version, { timeout: 3000 }).toBe(status.rules_version);

  const stale = await refusal(client.putSafetyRules({ rules: [] }, { ifMatch }));
  expect(stale).toMatchObject({ status: 412, code: 'SAFETY_RULES_STALE' });

  const bad = { rules: [{ id: 'bad', pattern: '(a)\\1' }] };
  expect(await client.checkSafetyRules(bad)).toMatchObject({ valid: false, rule_count: 0 });
  const invalid = await refusal(client.putSafetyRules(bad));
  expect(invalid).toMatchObject({ status: 422, code: 'SAFETY_RULES_INVALID' });
  expect(invalid.problem).toMatchObject({ kept_version: status.rules_version });
  expect(invalid.problem?.errors?.[0]?.message).toContain('rule "bad"');

  const { keys, redis: commands } = api.core.store;
  const stored = await commands.get(keys.safetyRules());
  await commands.set(keys.safetyRules(), '{');
  expect(await refusal(client.reloadSafetyRules())).toMatchObject({ status: 422 });
  const told = await client.safety();
  expect(told).toMatchObject({ system_health: 'warning', status: { rules_version: status.rules_version } });
  expect(told.status.last_error?.errors[0]?.code).toBe('not_json');
  await commands.set(keys.safetyRules(), stored!);
  expect((await client.reloadSafetyRules()).status.last_error).toBeNull();

  expect((await client.rollbackSafetyRules()).status.rules_version).toBe(ifMatch);
  const missing = await refusal(client.rollbackSafetyRules({ version: '000000000000' }));
  expect(missing).toMatchObject({ status: 404, code: 'SAFETY_RULES_VERSION_NOT_FOUND' });
  const audited = (await auditOf(api)).map(({ event, actor }) => `${event} ${actor}`);
  expect(new Set(audited)).toEqual(
    new Set(['rules.changed anonymous', 'rules.refused anonymous', 'rules.reload anonymous']),
  );
});

test('a text that is too long to be judged is refused, and the refusal is audited without it', async () => {
  const text = 'zebrafinch '.repeat(91_000);
  await expect(api.operations.validateText({ text }, LOCAL_OPERATOR)).rejects.toMatchObject({
    code: 'text_too_large',
  });
  expect((await auditOf(api)).at(-1)).toEqual({
    at: expect.any(String),
    event: 'text.refused',
    actor: LOCAL_OPERATOR.id,
    stage: 'input',
    length: String(text.length),
  });
});

test('a line too large to be read is refused, and the refusal is audited without it', async () => {
  const text = 'zebrafinch '.repeat(100_000);
  expect(await refusal(client.submitTurn('me', { text }))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  await expect
    .poll(async () => (await auditOf(api)).at(-1))
    .toEqual({
      at: expect.any(String),
      event: 'text.refused',
      actor: 'anonymous',
      stage: 'input',
      operation: 'submitTurn',
      bytes: expect.stringMatching(/^11\d{5}$/),
    });
  expect(JSON.stringify(await auditOf(api))).not.toContain('zebrafinch');
});

test('a text is judged with what is said instead of it, and nothing is kept of it', async () => {
  const { redis: commands, keys } = api.core.store;
  const count = async () => (await commands.keys(`${keys.prefix}:safety:*`)).length;
  const before = await count();
  const result = await client.validateText({ text: 'I want to kill myself', context: { region: 'US' } });
  expect(result).toMatchObject({ level: 'blocked', crisis_detected: true, should_alert: true });
  expect(result.alternative_content).toContain('988');
  expect(await count()).toBe(before);
});

test('gauges say that texts are judged, and by which rules', async () => {
  const { body } = await worker.core.metrics.render();
  expect(body).toMatch(/^agent_orchestration_safety_enabled 1$/m);
  expect(body).toMatch(/^agent_orchestration_safety_rules_info\{version="[0-9a-f]{12}",source="[^"]+"\} 1$/m);
  expect(body).toMatch(/^agent_orchestration_safety_rules_reload_total\{outcome="applied"\} \d/m);
  expect(body).toMatch(/^agent_orchestration_safety_resources_age_seconds \d/m);
});
