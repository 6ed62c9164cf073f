import { describe, expect, test } from 'vitest';
import { startHttp } from './support/start-http.ts';

const RUN = '/v1/workflows/runs';

describe('runs', () => {
  test('are listed in pages whose cursor belongs to its filter', async () => {
    await using http = await startHttp();
    const ids = [http.operations.addRun(), http.operations.addRun(), http.operations.addRun()].toReversed();
    const first = await http.call('GET', `${RUN}?limit=2&status=running`);
    const cursor = String(first.body['next_cursor']);
    const second = await http.call('GET', `/v1/runs?limit=2&status=running&cursor=${cursor}`);
    const pages = [first, second].flatMap(({ body }) => body['items'] as { run_id: string }[]);
    expect(pages.map(({ run_id }) => run_id)).toEqual(ids);
    expect(second.body['next_cursor']).toBeNull();
    for (const other of [
      '',
      '&status=failed',
      '&workflow=x',
      '&session_id=s',
      '&since=2026-01-01T00:00:00Z',
    ]) {
      const answer = await http.call('GET', `${RUN}?limit=2${other}&cursor=${cursor}`);
      expect([answer.status, answer.body.code], other).toEqual([400, 'INVALID_CURSOR']);
    }
  });

  test.for(['status=odd', 'since=yesterday', 'limit=101', 'limit=0', 'limit=ten', 'state=failed'])(
    'the filter ?%s is refused by name',
    async (query) => {
      await using http = await startHttp();
      const answer = await http.call('GET', `${RUN}?${query}`);
      expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
      expect(answer.text).toContain(`/${query.split('=')[0]}`);
    },
  );

  test('a filter that is no number, and one that is too small, are told apart', async () => {
    await using http = await startHttp();
    const refused = async (limit: string) => (await http.call('GET', `${RUN}?limit=${limit}`)).body.detail;
    expect(await refused('ten')).toBe('invalid query: /limit: expected a whole number');
    expect(await refused('0')).toContain('>=1');
  });

  test('filters reach the operations as they were meant', async () => {
    await using http = await startHttp();
    const query =
      'workflow=w&user_id=u&session_id=s&since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00%2B01:00';
    await http.call('GET', `${RUN}?${query}`);
    expect(http.operations.calls[0]?.args[0]).toEqual({
      workflow: 'w',
      user_id: 'u',
      session_id: 's',
      since: Date.parse('2026-01-01T00:00:00Z'),
      until: Date.parse('2026-01-01T23:00:00Z'),
      limit: 50,
    });
  });

  test('many are started at once, each with its own outcome', async () => {
    await using http = await startHttp();
    const bulk = (json: object) => http.call('POST', '/v1/workflows/turn/runs/bulk', { json });
    const { status, body } = await bulk({ items: [{ input: 1 }, {}] });
    expect(status).toBe(207);
    const [first] = body['items'] as { run_id: string }[];
    expect(body['items']).toMatchObject([
      { index: 0, status: 202, location: `${RUN}/${first!.run_id}` },
      { index: 1, status: 400, problem: { code: 'VALIDATION_FAILED' } },
    ]);
    expect(http.operations.calls[0]?.args[1]).toMatchObject({ atomic: false });
    for (const json of [{ items: [] }, { items: [5] }, { items: [{}], all: true }, {}]) {
      expect((await bulk(json)).status).toBe(400);
    }
    expect((await bulk({ items: Array.from({ length: 1001 }, () => ({})) })).status).toBe(400);
    expect((await bulk({ items: [{ input: 'x'.repeat(300_000) }] })).status).toBe(413);
  });

  test('metadata is changed with PATCH, and refused when it is too large or no object', async () => {
    await using http = await startHttp();
    const runId = http.operations.addRun();
    const changed = await http.call('PATCH', `${RUN}/${runId}/metadata`, { json: { a: 1 } });
    expect([changed.status, changed.body['metadata']]).toEqual([200, { a: 1 }]);
    for (const json of [[1], 'x', null, { a: 'x'.repeat(17_000) }]) {
      expect((await http.call('PATCH', `${RUN}/${runId}/metadata`, { json })).status).toBe(400);
    }
    const post = await http.call('POST', `${RUN}/${runId}/metadata`, { json: {} });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'PATCH, OPTIONS']);
  });

  test('resume answers 202, or 409 when there is nothing to resume', async () => {
    await using http = await startHttp();
    const runId = http.operations.addRun();
    const refused = await http.call('POST', `${RUN}/${runId}/resume`);
    expect([refused.status, refused.body.code]).toEqual([409, 'RUN_NOT_RESUMABLE']);
    http.operations.emit(runId, 'run.failed');
    expect((await http.call('POST', `/v1/runs/${runId}/resume`)).status).toBe(202);
    expect((await http.call('POST', `${RUN}/nothing/resume`)).body.code).toBe('RUN_NOT_FOUND');
  });

  test('rerun answers 202 with the place of the new run, once per idempotency key', async () => {
    await using http = await startHttp();
    const runId = http.operations.addRun();
    const rerun = () =>
      http.call('POST', `${RUN}/${runId}/rerun`, { headers: { 'idempotency-key': 'again' } });
    const [first, second] = [await rerun(), await rerun()];
    expect(first.status).toBe(202);
    expect(first.headers.get('location')).toBe(first.body['location']);
    expect(second.body['run_id']).toBe(first.body['run_id']);
    expect(http.operations.count('rerunRun')).toBe(1);
  });

  test('the result is 200 when it completed, 202 while it goes on, 409 when it ended otherwise', async () => {
    await using http = await startHttp();
    const runId = http.operations.addRun();
    const result = () => http.call('GET', `${RUN}/${runId}/result?wait_ms=5`);
    const open = await result();
    expect([open.status, open.body['status']]).toEqual([202, 'running']);
    expect(http.operations.calls[0]?.args[1]).toMatchObject({ waitMs: 5 });
    http.operations.emit(runId, 'run.failed');
    const failed = await result();
    expect([failed.status, failed.body.code]).toEqual([409, 'RUN_NOT_COMPLETED']);
    expect(failed.body['status_of_run']).toBe('failed');
    http.operations.emit(runId, 'run.completed');
    expect((await result()).body).toMatchObject({ run_id: runId, status: 'completed' });
    expect((await http.call('GET', `${RUN}/${runId}/result?wait_ms=30001`)).status).toBe(400);
    expect((await http.call('GET', `${RUN}/nothing/result`)).status).toBe(404);
  });

  test.for([
    [{ delay_ms: -1 }, '/delay_ms'],
    [{ delay_ms: 1.5 }, '/delay_ms'],
    [{ user_id: '' }, '/user_id'],
    [{ context: 'x' }, '/context'],
    [{ dedup_id: '' }, '/dedup_id'],
    [{ delay: 5 }, '/delay'],
  ] as const)('a start with %j is refused with its pointer', async ([part, path]) => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/workflows/turn/runs', { json: { input: 1, ...part } });
    expect(answer.status).toBe(400);
    expect(answer.body['errors']).toMatchObject([{ path }]);
  });
});

describe('schedules', () => {
  const json = { workflow: 'turn', input: { a: 1 }, cron: '0 3 * * *' };

  test('are created, changed, listed and deleted', async () => {
    await using http = await startHttp();
    const put = (name: string, body: object = json) =>
      http.call('PUT', `/v1/schedules/${name}`, { json: body });
    expect((await put('nightly')).status).toBe(201);
    expect((await put('nightly', { ...json, overlap: 'skip' })).body['overlap']).toBe('skip');
    expect((await put('daily')).status).toBe(201);
    const first = await http.call('GET', '/v1/schedules?limit=1');
    const second = await http.call(
      'GET',
      `/v1/schedules?limit=1&cursor=${String(first.body['next_cursor'])}`,
    );
    const names = [first, second].map(({ body }) => (body['items'] as { name: string }[])[0]?.name);
    expect(names).toEqual(['daily', 'nightly']);
    expect(second.body['next_cursor']).toBeNull();
    expect((await http.call('GET', '/v1/schedules/nightly')).body['cron']).toBe('0 3 * * *');
    const gone = await http.call('DELETE', '/v1/schedules/nightly');
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await http.call('DELETE', '/v1/schedules/nightly')).body.code).toBe('SCHEDULE_NOT_FOUND');
    expect((await http.call('GET', '/v1/schedules/nightly')).status).toBe(404);
  });

  test.for([
    [{ ...json, cron: 5 }, '/cron'],
    [{ ...json, every_ms: 999 }, '/every_ms'],
    [{ ...json, overlap: 'queue' }, '/overlap'],
    [{ ...json, starts_at: 'soon' }, '/starts_at'],
    [{ ...json, every: 5 }, '/every'],
    [{ cron: json.cron, input: 1 }, '/workflow'],
  ] as const)('%j is refused with its pointer', async ([body, path]) => {
    await using http = await startHttp();
    const answer = await http.call('PUT', '/v1/schedules/x', { json: body });
    expect(answer.status).toBe(400);
    expect(answer.body['errors']).toMatchObject([{ path }]);
  });

  test.for(['Nightly', '1st', 'a b', 'x'.repeat(65)])('the name %j is refused', async (name) => {
    await using http = await startHttp();
    const answer = await http.call('PUT', `/v1/schedules/${encodeURIComponent(name)}`, { json });
    expect(answer.status).toBe(400);
    expect(answer.body['errors']).toMatchObject([{ path: '/name' }]);
  });
});
