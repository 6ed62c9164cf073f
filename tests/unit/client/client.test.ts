import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createFleetClient, FleetClientError } from '../../../src/client/client.ts';
import { readEventStream } from '../../../src/client/event-stream.ts';
import { keyOf, startHttp } from '../http/support/start-http.ts';

type Answer = (req: IncomingMessage, res: ServerResponse, count: number) => void;

/** A server that answers as told, and remembers what it was asked. */
async function serve(answer: Answer) {
  const requests: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    requests.push(req);
    answer(req, res, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { baseUrl, requests, [Symbol.asyncDispose]: close };
}

function problem(
  res: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  res.end(
    JSON.stringify({
      type: '/problems/x',
      title: 'x',
      status,
      detail: 'why',
      instance: 'r',
      code,
      retryable: true,
    }),
  );
}
const json = (res: ServerResponse, body: unknown, status = 200): void => {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
};
const frame = (id: string, type: string): string =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ id, type, run_id: 'r', at: 'now' })}\n\n`;

describe('against the real HTTP room', () => {
  test('a player opens a session, takes a turn and follows a run to its end', async () => {
    await using http = await startHttp({ keys: { p: { roles: ['user', 'read'], user_id: 'u' } } });
    const client = createFleetClient({ baseUrl: `${http.url}/`, apiKey: keyOf('p') });
    const session = await client.createSession({ session_id: 's', user_id: 'u' });
    expect(session.session_id).toBe('s');
    const submitted = await client.submitTurn('s', { text: 'look around' });
    if (submitted.done) throw new Error('the fake answers late');
    const runId = submitted.accepted.run_id;
    const ended = client.waitForRun(runId);
    await expect.poll(() => http.operations.count('runEvents')).toBe(1);
    http.operations.emit(runId, 'run.completed');
    expect((await ended).status).toBe('completed');
    http.operations.answersInTime = true;
    expect(await client.startRun('turn', { input: 1 })).toMatchObject({ done: true });
    expect((await client.listTurns('s', { limit: 1 })).items).toEqual([]);
    expect((await client.listQueues()).length).toBe(2);
    expect(await client.readiness()).toMatchObject({ status: 'ready' });
    http.operations.failure = new Error('gone');
    await expect.poll(() => client.readiness(), { timeout: 3000 }).toMatchObject({ status: 'down' });
  });

  test('a session is changed, taken along and deleted', async () => {
    await using http = await startHttp({ keys: { p: { roles: ['user'], user_id: 'u' } } });
    const client = createFleetClient({ baseUrl: http.url, apiKey: keyOf('p') });
    await client.createSession({ session_id: 's' });
    const changed = await client.updateSession('s', { difficulty: 'gentle' });
    expect(changed.difficulty).toBe('gentle');
    expect(await client.exportSession('s')).toMatchObject({ format: 'ao-session-1', session: changed });
    expect(await client.deleteSession('s')).toEqual({ session_id: 's', status: 'deleted' });
    await expect(client.deleteSession('s')).rejects.toMatchObject({ status: 404, code: 'SESSION_NOT_FOUND' });
    await expect(client.updateSession('s', {})).rejects.toMatchObject({ status: 400 });
  });

  test('a refusal is an error with status, code and problem', async () => {
    await using http = await startHttp();
    const client = createFleetClient({ baseUrl: http.url });
    const error = await client.getRun('wf_none/..').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FleetClientError);
    expect(error).toMatchObject({
      status: 404,
      code: 'RUN_NOT_FOUND',
      problem: { type: '/problems/not-found' },
    });
  });
});

describe('repeats', () => {
  test('a 503 is repeated after Retry-After under one idempotency key', async () => {
    await using server = await serve((_req, res, count) => {
      if (count < 3) problem(res, 503, 'BACKEND_UNAVAILABLE', { 'retry-after': '0' });
      else json(res, { job_id: 'j' });
    });
    const client = createFleetClient({ baseUrl: server.baseUrl });
    expect(await client.replayDeadLetter('ipa~1')).toEqual({ job_id: 'j' });
    const keys = server.requests.map((req) => req.headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('after three repeats the error is the last answer', async () => {
    await using server = await serve((_req, res) => problem(res, 503, 'OVERLOADED', { 'retry-after': '0' }));
    const client = createFleetClient({ baseUrl: server.baseUrl });
    await expect(client.listQueues()).rejects.toMatchObject({ status: 503, code: 'OVERLOADED' });
    expect(server.requests).toHaveLength(4);
  });

  test('other refusals are not repeated', async () => {
    await using server = await serve((_req, res) =>
      problem(res, 429, 'RATE_LIMITED', { 'retry-after': '0' }),
    );
    const client = createFleetClient({ baseUrl: server.baseUrl });
    await expect(client.listQueues()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(server.requests).toHaveLength(1);
  });

  test('an abort ends the waiting for a repeat with its reason', async () => {
    await using server = await serve((_req, res) => problem(res, 503, 'OVERLOADED', { 'retry-after': '9' }));
    const client = createFleetClient({ baseUrl: server.baseUrl });
    const abort = new AbortController();
    const asked = client.listQueues({ signal: abort.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    abort.abort(new Error('enough'));
    await expect(asked).rejects.toThrow(/enough|abort/i);
  });

  test('nobody there is NO_ANSWER', async () => {
    const client = createFleetClient({ baseUrl: 'http://127.0.0.1:1', maxRetries: 1 });
    await expect(client.listQueues()).rejects.toMatchObject({ status: 0, code: 'NO_ANSWER' });
  });
});

describe('events', () => {
  test('[R7.5] a broken connection is made again after the last event', async () => {
    await using server = await serve((req, res, count) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      if (count === 1) {
        res.write(`retry: 2000\n\n${frame('1-0', 'run.accepted')}${frame('2-0', 'step.started')}`);
        setImmediate(() => res.destroy());
      } else {
        expect(req.headers['last-event-id']).toBe('2-0');
        res.end(`: alive\n\n${frame('3-0', 'run.completed')}`);
      }
    });
    const client = createFleetClient({ baseUrl: server.baseUrl });
    const ids: string[] = [];
    for await (const event of client.runEvents('r')) ids.push(event.id);
    expect(ids).toEqual(['1-0', '2-0', '3-0']);
  });

  test('204 ends the iteration', async () => {
    await using server = await serve((_req, res) => void res.writeHead(204).end());
    const client = createFleetClient({ baseUrl: server.baseUrl });
    expect(await client.runEvents('r', { after: '9-0' }).next()).toEqual({ done: true, value: undefined });
  });

  test('frames may arrive in pieces, with any line ending', async () => {
    const pieces = ['id: 1\r\nev', 'ent: a\r\nda', 'ta: x\r\ndata:y\r\n\r', '\n: note\n\ndata: z\n\n'];
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
        controller.close();
      },
    });
    const events = [];
    for await (const event of readEventStream(body)) events.push(event);
    expect(events).toEqual([
      { id: '1', event: 'a', data: 'x\ny' },
      { id: undefined, event: 'message', data: 'z' },
    ]);
  });
});
