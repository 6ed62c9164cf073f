import { describe, expect, test } from 'vitest';
import { FleetError } from '../../../src/kernel/errors.ts';
import { startHttp } from './support/start-http.ts';

const RUN = '/v1/workflows/turn/runs';

describe('refusals', () => {
  test('a body that is not JSON is a 400 malformed-json problem', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', RUN, {
      text: '{"input":',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      type: '/problems/malformed-json',
      code: 'MALFORMED_JSON',
      status: 400,
      retryable: false,
    });
    expect(answer.body['instance']).toBe(answer.headers.get('x-request-id'));
  });

  test('[R2.1] unknown fields are named, with the field that was meant', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', RUN, { json: { input: {}, priorty: 'high' } });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('VALIDATION_FAILED');
    expect(answer.body.errors).toEqual([
      {
        path: '/priorty',
        message: 'unknown field "priorty"; did you mean "priority"?',
        code: 'unrecognized_keys',
      },
    ]);
  });

  test('unknown query parameters are named too', async () => {
    await using http = await startHttp();
    const answer = await http.call('GET', '/v1/queues?limti=1');
    expect(answer.body.errors?.[0]?.path).toBe('/limti');
  });

  test('a text of 9000 characters is refused naming /text', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/sessions/s1/turns', { json: { text: 'x'.repeat(9000) } });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('VALIDATION_FAILED');
    expect(answer.body.errors?.[0]?.path).toBe('/text');
    expect(http.operations.count('submitTurn')).toBe(0);
  });

  test('a missing body names the fields it should have had', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/sessions/s1/turns');
    expect(answer.body.errors?.[0]?.path).toBe('/text');
  });

  test('a body that is not encoded as it says is 400, an unknown encoding 415', async () => {
    await using http = await startHttp();
    const encoded = async (encoding: string) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      return (await http.call('POST', RUN, { text: '{"input":1}', headers })).status;
    };
    expect(await encoded('gzip')).toBe(400);
    expect(await encoded('zip')).toBe(415);
  });

  test('details without a JSON form do no harm', async () => {
    await using http = await startHttp();
    http.operations.failure = new FleetError({
      code: 'conflict',
      kind: 'conflict',
      message: 'no',
      details: { n: 1n },
    });
    expect((await http.call('GET', '/v1/queues')).status).toBe(409);
  });

  test('other media types are 415', async () => {
    await using http = await startHttp();
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data']) {
      const answer = await http.call('POST', RUN, { text: '{"input":1}', headers: { 'content-type': type } });
      expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    }
  });

  test('what cannot be produced is 406', async () => {
    await using http = await startHttp();
    const answer = await http.call('GET', '/v1/queues', { headers: { accept: 'image/png' } });
    expect([answer.status, answer.body.code]).toEqual([406, 'NOT_ACCEPTABLE']);
  });

  test('a known path with another method is 405 with Allow', async () => {
    await using http = await startHttp();
    const answer = await http.call('DELETE', '/v1/queues');
    expect([answer.status, answer.body.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    const both = await http.call('PUT', '/v1/sessions/s1/turns');
    expect(both.headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
  });

  test('an unknown path is 404, a path that cannot be decoded 400', async () => {
    await using http = await startHttp();
    expect((await http.call('GET', '/v1/nothing')).body.code).toBe('NOT_FOUND');
    expect((await http.call('GET', '/v1/runs/%E0%A4%A')).status).toBe(400);
  });

  test('a body above the limit is 413, and so is a workflow input above 256 KiB', async () => {
    await using http = await startHttp();
    const huge = await http.call('POST', RUN, { json: { input: 'x'.repeat(1_100_000) } });
    expect([huge.status, huge.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    const large = await http.call('POST', RUN, { json: { input: 'x'.repeat(300_000) } });
    expect([large.status, large.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    const fitting = await http.call('POST', RUN, { json: { input: 'x'.repeat(200_000) } });
    expect(fitting.status).toBe(202);
  });

  test('that a text was too large to be read is noted without it, and nothing of other bodies', async () => {
    await using http = await startHttp();
    const json = { text: 'x'.repeat(1_100_000) };
    const bytes = JSON.stringify(json).length;
    const noted = () => http.operations.calls.filter(({ name }) => name === 'noteUnreadText');
    for (const path of ['/v1/sessions/s1/turns', '/v1/safety/validate', RUN, `${RUN}/bulk`]) {
      expect((await http.call('POST', path, { json })).status).toBe(413);
    }
    expect(noted().map(({ args: [unread] }) => unread)).toEqual(
      ['submitTurn', 'validateText', 'startRun', 'startRuns'].map((operation) => ({ operation, bytes })),
    );
    expect((await http.call('POST', '/v1/messages', { json })).status).toBe(413);
    expect(
      (await http.call('POST', RUN, { text: '{', headers: { 'content-type': 'application/json' } })).status,
    ).toBe(400);
    expect(noted()).toHaveLength(4);
  });

  test('metadata above 16 KiB is refused naming /metadata', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', RUN, { json: { input: 1, metadata: { a: 'x'.repeat(17_000) } } });
    expect(answer.body.errors?.[0]?.path).toBe('/metadata');
  });

  test('a document of 33 levels is refused, one of 32 is not, one of 100000 does no harm', async () => {
    await using http = await startHttp();
    const nested = (levels: number) => `{"input":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const headers = { 'content-type': 'application/json' };
    expect((await http.call('POST', RUN, { text: nested(32), headers })).status).toBe(202);
    expect((await http.call('POST', RUN, { text: nested(33), headers })).status).toBe(400);
    expect((await http.call('POST', RUN, { text: nested(100_000), headers })).status).toBe(400);
  });

  test('a failure shows no message, stack or payload', async () => {
    await using http = await startHttp();
    http.operations.failure = new Error('connect ECONNREFUSED 10.1.2.3:6379 with "a secret thought"');
    const answer = await http.call('GET', '/v1/queues');
    expect([answer.status, answer.body.code]).toEqual([500, 'INTERNAL']);
    expect(answer.text).not.toMatch(/10\.1\.2\.3|secret thought|at \w/);
    expect(http.errors).toHaveLength(1);
  });

  test('an unavailable backend is 503 with Retry-After and a fixed detail', async () => {
    await using http = await startHttp();
    http.operations.failure = new FleetError({
      code: 'backend_unavailable',
      kind: 'unavailable',
      message: 'redis://10.1.2.3 is down',
      retryAfterMs: 1500,
      details: { run_id: 'wf_x', address: '10.1.2.3' },
    });
    const answer = await http.call('POST', RUN, { json: { input: 1 } });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(answer.body).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      retryable: true,
      retry_after_s: 2,
      run_id: 'wf_x',
    });
    expect(answer.text).not.toContain('10.1.2.3');
  });

  test('details of a refusal are members of the problem', async () => {
    await using http = await startHttp();
    http.operations.failure = new FleetError({
      code: 'too_many_runs',
      kind: 'overloaded',
      message: 'the fleet is full',
      details: { open_runs: 3, status: 'no' },
    });
    const answer = await http.call('POST', RUN, { json: { input: 1 } });
    expect(answer.body).toMatchObject({
      type: '/problems/too-many-runs',
      status: 429,
      open_runs: 3,
      detail: 'the fleet is full',
    });
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  test('a request that takes longer than request_timeout is 504, and its work is told to stop waiting', async () => {
    await using http = await startHttp({ config: { http: { request_timeout: 1 } } });
    http.operations.hold = new Promise(() => undefined);
    const answer = await http.call('POST', RUN, { json: { input: 1 } });
    expect([answer.status, answer.body.code]).toEqual([504, 'WAIT_ABORTED']);
  });

  test('every problem type has a page', async () => {
    await using http = await startHttp();
    const refused = await http.call('GET', '/nothing');
    const page = await http.call('GET', String(refused.body['type']));
    expect(page.body).toMatchObject({ slug: 'not-found', status: 404 });
    expect((await http.call('GET', '/problems/nonsense')).status).toBe(404);
  });
});
