import { describe, expect, test } from 'vitest';
import { deferred } from '../../../src/kernel/deferred.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { startHttp, type HttpHarness } from './support/start-http.ts';

const RUN = '/v1/workflows/turn/runs';
const start = (http: HttpHarness, key: string, input: unknown = 1, as?: string) =>
  http.call('POST', RUN, { json: { input }, headers: { 'idempotency-key': key }, ...(as && { as }) });

describe('idempotent requests', () => {
  test('the same key and body is answered from the stored outcome', async () => {
    await using http = await startHttp();
    const first = await start(http, 'k1');
    const second = await start(http, 'k1');
    expect(first.status).toBe(202);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(http.operations.count('startRun')).toBe(1);
    expect((await http.deps.metrics.render()).body).toContain('idempotent_replays_total 1');
  });

  test('the order of fields does not make another request, another body or path does', async () => {
    await using http = await startHttp();
    await start(http, 'k1', { a: 1, b: 2 });
    expect((await start(http, 'k1', { b: 2, a: 1 })).status).toBe(202);
    const other = await start(http, 'k1', { a: 1, b: 3 });
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(other.body['type']).toBe('/problems/idempotency-mismatch');
    expect(http.operations.count('startRun')).toBe(1);
  });

  test('while the first is at work others are told to wait', async () => {
    await using http = await startHttp();
    const gate = deferred();
    http.operations.hold = gate.promise;
    const first = start(http, 'k1');
    await expect.poll(() => http.operations.count('startRun')).toBe(1);
    const second = await start(http, 'k1');
    expect([second.status, second.body.code]).toEqual([409, 'IDEMPOTENCY_IN_FLIGHT']);
    expect(second.headers.get('retry-after')).toBe('1');
    gate.resolve();
    expect((await first).status).toBe(202);
  });

  test('50 at once do the work once', async () => {
    await using http = await startHttp();
    const answers = await Promise.all(Array.from({ length: 50 }, () => start(http, 'k1')));
    expect(http.operations.count('startRun')).toBe(1);
    expect(answers.filter(({ status }) => status !== 202 && status !== 409)).toEqual([]);
    expect((await start(http, 'k1')).status).toBe(202);
  });

  test('a failure is not stored, and the repeat submits the same run id', async () => {
    await using http = await startHttp();
    http.operations.failure = new FleetError({
      code: 'backend_unavailable',
      kind: 'unavailable',
      message: 'down',
    });
    expect((await start(http, 'k1')).status).toBe(503);
    http.operations.failure = undefined;
    const again = await start(http, 'k1');
    expect(again.status).toBe(202);
    const ids = http.operations.calls.map(({ args }) => (args[3] as { runId: string }).runId);
    expect(ids[0]).toMatch(/^wf_/);
    expect(ids[1]).toBe(ids[0]);
    expect(again.body['run_id']).toBe(ids[0]);
  });

  test('a refusal is stored like any other outcome, a full fleet is not', async () => {
    await using http = await startHttp();
    const headers = { 'idempotency-key': 'k1' };
    const missing = await http.call('POST', '/v1/sessions/none/turns', { json: { text: 'hi' }, headers });
    const again = await http.call('POST', '/v1/sessions/none/turns', { json: { text: 'hi' }, headers });
    expect([missing.status, again.status]).toEqual([404, 404]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toContain('application/problem+json');
    http.operations.failure = new FleetError({ code: 'too_many_runs', kind: 'overloaded', message: 'full' });
    expect((await start(http, 'k2')).status).toBe(429);
    http.operations.failure = undefined;
    expect((await start(http, 'k2')).status).toBe(202);
  });

  test('keys of different principals never meet', async () => {
    await using http = await startHttp({ keys: { a: { roles: ['enqueue'] }, b: { roles: ['enqueue'] } } });
    const first = await start(http, 'k1', 1, 'a');
    const second = await start(http, 'k1', 1, 'b');
    expect(second.status).toBe(202);
    expect(second.body['run_id']).not.toBe(first.body['run_id']);
  });

  test('a dedup_id is taken to the operations, and a repeat is marked as one', async () => {
    await using http = await startHttp();
    const json = { input: 1, dedup_id: 'order-7' };
    const first = await http.call('POST', RUN, { json });
    const second = await http.call('POST', RUN, { json });
    expect(second.body['run_id']).toBe(first.body['run_id']);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });

  test('a repeated session without an id names the same session', async () => {
    await using http = await startHttp();
    http.operations.failure = new Error('the answer was lost');
    const create = () => http.call('POST', '/v1/sessions', { json: {}, headers: { 'idempotency-key': 'k' } });
    expect((await create()).status).toBe(500);
    http.operations.failure = undefined;
    const created = await create();
    expect(created.status).toBe(201);
    const named = http.operations.calls.map(({ args }) => (args[0] as { session_id: string }).session_id);
    expect(new Set(named).size).toBe(1);
  });

  test('a key that is too long is refused', async () => {
    await using http = await startHttp();
    expect((await start(http, 'k'.repeat(256))).body.code).toBe('VALIDATION_FAILED');
  });
});
