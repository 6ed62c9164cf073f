import { describe, expect, test } from 'vitest';
import { FleetError } from '../../../src/kernel/errors.ts';
import { startHttp, type Answer, type HttpHarness } from './support/start-http.ts';

describe('sessions and turns', () => {
  test('a session is created, found again, and refused when it differs', async () => {
    await using http = await startHttp();
    const json = { session_id: 'night', world_id: 'w' };
    const created = await http.call('POST', '/v1/sessions', { json });
    expect([created.status, created.headers.get('location')]).toEqual([201, '/v1/sessions/night']);
    expect((await http.call('POST', '/v1/sessions', { json })).status).toBe(200);
    const other = await http.call('POST', '/v1/sessions', { json: { ...json, world_id: 'x' } });
    expect([other.status, other.body.code]).toEqual([409, 'SESSION_EXISTS']);
    expect((await http.call('GET', '/v1/sessions/night')).body['session_id']).toBe('night');
    expect((await http.call('GET', '/v1/sessions/day')).body.code).toBe('SESSION_NOT_FOUND');
    expect((await http.call('GET', '/v1/sessions/_x')).status).toBe(400);
  });

  test('a turn is answered in time or accepted with its location', async () => {
    await using http = await startHttp();
    await http.call('POST', '/v1/sessions', { json: { session_id: 's' } });
    const later = await http.call('POST', '/v1/sessions/s/turns', { json: { text: ' look  ' } });
    expect(later.status).toBe(202);
    expect(later.headers.get('location')).toBe(later.body['location']);
    http.operations.answersInTime = true;
    const now = await http.call('POST', '/v1/sessions/s/turns', { json: { text: 'look' } });
    expect([now.status, now.body['response_text']]).toEqual([200, 'You are in a library.']);
  });

  test('request id and trace travel with the work', async () => {
    await using http = await startHttp();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await http.call('POST', '/v1/workflows/turn/runs', {
      json: { input: 1 },
      headers: { 'x-request-id': 'abc.1', traceparent },
    });
    expect(http.operations.calls[0]?.args[3]).toMatchObject({ requestId: 'abc.1', traceparent });
    const odd = await http.call('GET', '/livez', { headers: { 'x-request-id': 'has space' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^req-[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test('Prefer: wait is honoured unless the body says otherwise', async () => {
    await using http = await startHttp();
    const waited = async (json: object, prefer: string) => {
      const answer = await http.call('POST', '/v1/workflows/turn/runs', {
        json: { input: 1, ...json },
        headers: { prefer },
      });
      const request = http.operations.calls.at(-1)?.args[1] as { wait_ms: number };
      return [request.wait_ms, answer.headers.get('preference-applied')];
    };
    expect(await waited({}, 'respond-async, wait=5')).toEqual([5000, 'wait=5']);
    expect(await waited({}, 'wait=500')).toEqual([30_000, 'wait=500']);
    expect(await waited({ wait_ms: 7 }, 'wait=5')).toEqual([7, null]);
    expect(await waited({}, 'nonsense')).toEqual([0, null]);
  });
});

describe('pages', () => {
  async function allPages(http: HttpHarness, path: string): Promise<{ ids: unknown[]; pages: number }> {
    const ids: unknown[] = [];
    let cursor: string | null = null;
    for (let pages = 1; ; pages++) {
      const answer: Answer = await http.call('GET', `${path}${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(answer.status, answer.text).toBe(200);
      ids.push(
        ...(answer.body['items'] as Record<string, unknown>[]).map(
          (item) => item['dlq_id'] ?? item['turn'] ?? item['id'],
        ),
      );
      cursor = answer.body['next_cursor'] as string | null;
      if (cursor === null) return { ids, pages };
    }
  }

  test('dead letters and turns are listed page by page without loss or repetition', async () => {
    await using http = await startHttp();
    for (let i = 0; i < 5; i++) http.operations.addDeadLetter(`ipa~${i}`);
    const turn = {
      run_id: 'r',
      text: 't',
      intent: 'look',
      response_text: 'r',
      themes: [],
      template_ids: [],
      at: '2026-01-01T00:00:00.000Z',
    };
    for (let i = 1; i <= 5; i++) http.operations.turns.push({ ...turn, turn: i });
    expect((await allPages(http, '/v1/dlq?limit=2')).ids).toEqual([0, 1, 2, 3, 4].map((i) => `ipa~${i}`));
    expect(await allPages(http, '/v1/sessions/s/turns?limit=2')).toEqual({ ids: [5, 4, 3, 2, 1], pages: 3 });
  });

  test('a changed cursor, or one of another filter, is refused', async () => {
    await using http = await startHttp();
    for (let i = 0; i < 3; i++) http.operations.addDeadLetter(`ipa~${i}`);
    const { body } = await http.call('GET', '/v1/dlq?limit=1&queue=ipa');
    const cursor = String(body['next_cursor']);
    for (const path of [
      `/v1/dlq?limit=1&queue=wba&cursor=${cursor}`,
      `/v1/dlq?limit=1&queue=ipa&cursor=x${cursor}`,
      '/v1/dlq?cursor=abc',
      '/v1/dlq?cursor=a.b.c',
      `/v1/sessions/s/turns?cursor=${cursor}`,
    ]) {
      const answer = await http.call('GET', path);
      expect([answer.status, answer.body.code], path).toEqual([400, 'INVALID_CURSOR']);
    }
    expect((await http.call('GET', `/v1/dlq?limit=2&queue=ipa&cursor=${cursor}`)).status).toBe(200);
  });

  test('limits are 1 to 100, for dead letters and events 1 to 500', async () => {
    await using http = await startHttp();
    const run = http.operations.addRun();
    const statusOf = async (path: string) => (await http.call('GET', path)).status;
    expect(await statusOf('/v1/sessions/s/turns?limit=101')).toBe(400);
    expect(await statusOf('/v1/dlq?limit=500')).toBe(200);
    expect(await statusOf('/v1/dlq?limit=501')).toBe(400);
    expect(await statusOf('/v1/dlq?limit=0')).toBe(400);
    expect(await statusOf(`/v1/runs/${run}/events?limit=501`)).toBe(400);
  });

  test('since is a moment', async () => {
    await using http = await startHttp();
    await http.call('GET', '/v1/dlq?since=2026-01-01T00:00:00Z');
    expect(http.operations.calls[0]?.args[0]).toMatchObject({ since: Date.UTC(2026, 0, 1), limit: 50 });
    expect((await http.call('GET', '/v1/dlq?since=yesterday')).status).toBe(400);
  });
});

describe('runs, queues and dead letters', () => {
  test('a run is read and cancelled under both of its paths', async () => {
    await using http = await startHttp();
    const run = http.operations.addRun();
    expect((await http.call('GET', `/v1/workflows/runs/${run}`)).text).toBe(
      (await http.call('GET', `/v1/runs/${run}`)).text,
    );
    const cancelled = await http.call('POST', `/v1/runs/${run}/cancel`, {
      json: { reason: 'changed my mind' },
    });
    expect([cancelled.status, cancelled.body['status']]).toEqual([202, 'cancelled']);
    expect(http.operations.calls.at(-1)?.args[1]).toEqual({ reason: 'changed my mind' });
    const again = await http.call('POST', `/v1/workflows/runs/${run}/cancel`);
    expect([again.status, again.body.code]).toEqual([409, 'RUN_NOT_CANCELLABLE']);
  });

  test('the status of the fleet is for readers, and 503 with Retry-After when Redis is away', async () => {
    await using http = await startHttp();
    const answer = await http.call('GET', '/v1/status');
    expect([answer.status, answer.body['active_runs']]).toEqual([200, 2]);
    http.operations.failure = new FleetError({
      code: 'backend_unavailable',
      kind: 'unavailable',
      message: 'Redis does not answer',
      retryAfterMs: 2_000,
    });
    const away = await http.call('GET', '/v1/status');
    expect([away.status, away.body.code, away.headers.get('retry-after')]).toEqual([
      503,
      'BACKEND_UNAVAILABLE',
      '2',
    ]);
  });

  test('a queue is found by name, or the nearest name is suggested', async () => {
    await using http = await startHttp();
    expect((await http.call('GET', '/v1/queues')).body).toHaveLength(2);
    expect((await http.call('GET', '/v1/queues/ipa')).body['name']).toBe('ipa');
    expect((await http.call('DELETE', '/v1/queues/echo')).status).toBe(204);
    expect((await http.call('DELETE', '/v1/queues/gone')).body.code).toBe('QUEUE_NOT_FOUND');
    const missing = await http.call('GET', '/v1/queues/flaw');
    expect([missing.status, missing.body['detail']]).toEqual([404, 'no queue "flaw"; did you mean "flow"?']);
  });

  test('[C6] circuit breakers are read by readers, and changed by operators only', async () => {
    await using http = await startHttp();
    expect((await http.call('GET', '/v1/breakers')).body).toEqual([http.operations.breaker]);
    expect((await http.call('GET', '/v1/breakers/provider.main')).body['state']).toBe('open');
    const missing = await http.call('GET', '/v1/breakers/none');
    expect([missing.status, missing.body.code]).toEqual([404, 'BREAKER_NOT_FOUND']);
    expect((await http.call('GET', '/v1/breakers/a%20b')).status).toBe(400);
    const reset = await http.call('POST', '/v1/breakers/provider.main/reset');
    expect([reset.status, reset.body['state']]).toEqual([200, 'closed']);
    expect((await http.call('POST', '/v1/breakers/provider.main/open')).body['state']).toBe('open');
  });

  test('a dead letter is replayed, and discarded with a reason only', async () => {
    await using http = await startHttp();
    http.operations.addDeadLetter('ipa~j1');
    const replayed = await http.call('POST', '/v1/dlq/ipa~j1/replay');
    expect([replayed.status, replayed.body]).toEqual([202, { job_id: 'j1' }]);
    expect((await http.call('POST', '/v1/dlq/ipa~j1/discard')).status).toBe(400);
    expect((await http.call('POST', '/v1/dlq/none/replay')).body.code).toBe('DEAD_LETTER_NOT_FOUND');
  });
});

describe('many dead letters', () => {
  test('are replayed with an outcome each', async () => {
    await using http = await startHttp();
    for (const id of ['ipa~j1', 'ipa~bad', 'ipa~j3']) http.operations.addDeadLetter(id);
    const json = { filter: { queue: 'ipa', since: '2026-01-01T00:00:00Z' }, max: 2 };
    const { status, body } = await http.call('POST', '/v1/dlq/replay', { json });
    expect([status, body]).toMatchObject([
      207,
      {
        dry_run: false,
        more: true,
        items: [
          { dlq_id: 'ipa~j1', status: 202, job_id: 'j1' },
          { dlq_id: 'ipa~bad', status: 404, problem: { code: 'DEAD_LETTER_NOT_FOUND' } },
        ],
      },
    ]);
    expect(http.operations.calls.at(-1)!.args[0]).toEqual({
      filter: { queue: 'ipa', since: Date.parse('2026-01-01T00:00:00Z') },
      max: 2,
      dryRun: false,
    });
  });

  test('are discarded with a reason only, which the audit keeps', async () => {
    await using http = await startHttp();
    expect((await http.call('POST', '/v1/dlq/discard', { json: { filter: {} } })).status).toBe(400);
    const json = { filter: {}, reason: 'known bug', dry_run: true };
    expect((await http.call('POST', '/v1/dlq/discard', { json })).body).toMatchObject({
      dry_run: true,
      items: [],
    });
    expect(http.audit.entries.at(-1)).toMatchObject({
      action: 'dlq.discard_many',
      outcome: 'done',
      reason: 'known bug',
    });
  });

  test.each([
    [{}, ['/filter']],
    [{ filter: { color: 1 }, max: 0 }, ['/filter/color', '/max']],
    [{ filter: {}, max: 1001 }, ['/max']],
  ])('%j is refused, by every field that is wrong', async (json, paths) => {
    await using http = await startHttp();
    const { status, body } = await http.call('POST', '/v1/dlq/replay', { json });
    expect(status).toBe(400);
    expect(body.errors!.map(({ path }) => path).toSorted()).toEqual(paths);
  });
});

describe('health and headers', () => {
  test('liveness asks nobody, readiness and health say what is wrong', async () => {
    await using http = await startHttp();
    expect((await http.call('GET', '/readyz')).body['status']).toBe('ready');
    expect((await http.call('GET', '/health')).body).toEqual({
      status: 'healthy',
      component: 'agent_orchestration',
      version: '0.0.0',
    });
    await using down = await startHttp();
    down.operations.failure = new Error('no Redis');
    expect((await down.call('GET', '/livez')).status).toBe(200);
    expect((await down.call('GET', '/health/live')).status).toBe(200);
    for (const path of ['/readyz', '/health/ready']) {
      const answer = await down.call('GET', path);
      expect([answer.status, answer.body['status']]).toEqual([503, 'down']);
      expect(answer.headers.get('content-type')).toContain('application/json');
    }
    expect((await down.call('GET', '/health')).body['status']).toBe('unhealthy');
  });

  test('metrics are Prometheus text, counted by template and never by path', async () => {
    await using http = await startHttp();
    const run = http.operations.addRun();
    await http.call('GET', `/v1/runs/${run}`);
    await http.call('GET', '/some/where');
    for (const path of ['/metrics', '/metrics-prom']) {
      const answer = await http.call('GET', path, { headers: { accept: 'text/plain;version=0.0.4' } });
      expect(answer.headers.get('content-type')).toContain('text/plain');
      expect(answer.text).toContain('route="/v1/workflows/runs/{run_id}"');
      expect(answer.text).toContain('route="unmatched"');
      expect(answer.text).not.toContain(run);
    }
  });

  test('answers are not cached, carry security headers, and allow listed origins only', async () => {
    await using http = await startHttp({ config: { http: { cors_origins: ['https://game.example'] } } });
    const plain = await http.call('GET', '/v1/queues', { headers: { origin: 'https://evil.example' } });
    expect(plain.headers.get('cache-control')).toBe('no-store');
    expect(plain.headers.get('x-content-type-options')).toBe('nosniff');
    expect(plain.headers.get('x-powered-by')).toBeNull();
    expect(plain.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await http.call('OPTIONS', '/v1/workflows/turn/runs', {
      headers: { origin: 'https://game.example' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://game.example');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
  });

  test('HEAD answers like GET without a body', async () => {
    await using http = await startHttp();
    const run = http.operations.addRun();
    for (const path of ['/livez', '/v1/queues', `/v1/runs/${run}/events`]) {
      const answer = await http.call('HEAD', path, { headers: { accept: '*/*' } });
      expect([answer.status, answer.text], path).toEqual([200, '']);
    }
    const stream = await http.call('HEAD', `/v1/runs/${run}/events`, {
      headers: { accept: 'text/event-stream' },
    });
    expect(stream.status).toBe(200);
  });
});

test('costs are asked for by days and groups; only readers see them', async () => {
  await using http = await startHttp();
  const path = '/v1/costs?from=2026-08-01&to=2026-08-15&group_by=model';
  const answer = await http.call('GET', path);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ from: '2026-08-01', group_by: 'model', groups: [{ key: 'gpt-4' }] });
  expect(http.operations.calls.at(-1)?.args).toEqual([
    { from: '2026-08-01', to: '2026-08-15', groupBy: 'model' },
  ]);
  expect((await http.call('GET', '/v1/costs?group_by=planet')).status).toBe(400);
  http.operations.failure = new FleetError({
    code: 'cost_range_invalid',
    kind: 'invalid_input',
    httpStatus: 422,
    message: 'from: "x" is no day',
    problems: [{ path: '/from', code: 'cost_range_invalid', message: '"x" is no day' }],
  });
  const refused = await http.call('GET', '/v1/costs?from=x');
  expect([refused.status, refused.body.code]).toEqual([422, 'COST_RANGE_INVALID']);
});
