import { expect, test } from 'vitest';
import { SseStream } from '../../../src/http/sse.ts';
import { readEventStream } from '../../../src/client/event-stream.ts';
import type { Response as ExpressResponse } from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startHttp, type HttpHarness } from './support/start-http.ts';

const STREAM = { accept: 'text/event-stream' };

async function follow(http: HttpHarness, run: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${http.url}/v1/runs/${run}/events`, { headers: { ...STREAM, ...headers } });
  return { response, frames: readEventStream(response.body!) };
}

test('a stream begins at the start of the run, follows it and ends with it', async () => {
  await using http = await startHttp();
  const run = http.operations.addRun();
  const { response, frames } = await follow(http, run);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  const first = await frames.next();
  expect(first.value).toMatchObject({ id: '1-0', event: 'run.accepted' });
  http.operations.emit(run, 'step.completed');
  expect((await frames.next()).value).toMatchObject({ id: '2-0', event: 'step.completed' });
  http.operations.emit(run, 'run.completed');
  const last = await frames.next();
  expect(JSON.parse(last.value!.data)).toMatchObject({ id: '3-0', type: 'run.completed', run_id: run });
  expect((await frames.next()).done).toBe(true);
});

test('the first line tells how soon to reconnect', async () => {
  await using http = await startHttp();
  const run = http.operations.addRun();
  http.operations.emit(run, 'run.failed');
  const { text } = await http.call('GET', `/v1/runs/${run}/events`, { headers: STREAM });
  expect(text.startsWith('retry: 2000\n\nid: 1-0\nevent: run.accepted\ndata: {')).toBe(true);
});

test('Last-Event-ID continues after that event, by header or by query', async () => {
  await using http = await startHttp();
  const run = http.operations.addRun();
  http.operations.emit(run, 'step.started');
  http.operations.emit(run, 'run.completed');
  const byHeader = await http.call('GET', `/v1/runs/${run}/events`, {
    headers: { ...STREAM, 'last-event-id': '2-0' },
  });
  const byQuery = await http.call('GET', `/v1/runs/${run}/events?last_event_id=2-0`, { headers: STREAM });
  for (const { text } of [byHeader, byQuery]) {
    expect(text).not.toContain('id: 2-0');
    expect(text).toContain('id: 3-0');
  }
});

test('reconnecting with the final id is 204, a malformed id 400, an unknown run 404', async () => {
  await using http = await startHttp();
  const run = http.operations.addRun();
  http.operations.emit(run, 'run.completed');
  const statusWith = async (path: string, id: string) =>
    (await http.call('GET', path, { headers: { ...STREAM, 'last-event-id': id } })).status;
  expect(await statusWith(`/v1/runs/${run}/events`, '2-0')).toBe(204);
  expect(await statusWith(`/v1/runs/${run}/events`, 'abc')).toBe(400);
  expect(await statusWith('/v1/runs/none/events', '1-0')).toBe(404);
});

test('a client that goes away ends the reading of the source', async () => {
  await using http = await startHttp();
  const run = http.operations.addRun();
  const gone = new AbortController();
  const response = await fetch(`${http.url}/v1/runs/${run}/events`, { headers: STREAM, signal: gone.signal });
  await response.body!.getReader().read();
  const [, { signal }] = http.operations.calls.at(-1)!.args as [string, { signal: AbortSignal }];
  expect(signal.aborted).toBe(false);
  gone.abort();
  await expect.poll(() => signal.aborted).toBe(true);
});

test('a JSON page holds what is stored, and its cursor continues', async () => {
  await using http = await startHttp();
  const run = http.operations.addRun();
  http.operations.emit(run, 'step.started');
  const open = await http.call('GET', `/v1/runs/${run}/events?limit=10`);
  expect((open.body['items'] as unknown[]).length).toBe(2);
  expect(open.body['next_cursor']).toEqual(expect.any(String));
  http.operations.emit(run, 'run.completed');
  const rest = await http.call(
    'GET',
    `/v1/workflows/runs/${run}/events?cursor=${String(open.body['next_cursor'])}`,
  );
  expect(rest.body['items']).toMatchObject([{ id: '3-0', type: 'run.completed' }]);
  expect(rest.body['next_cursor']).toBeNull();
  const after = await http.call('GET', `/v1/runs/${run}/events?after=1-0&limit=1`);
  expect(after.body['items']).toMatchObject([{ id: '2-0' }]);
});

test('stopping the server ends streams with a last comment and lets requests in flight finish', async () => {
  const http = await startHttp();
  const run = http.operations.addRun();
  const streamed = http.call('GET', `/v1/runs/${run}/events`, { headers: STREAM });
  await expect.poll(() => http.operations.count('runEvents')).toBe(1);
  let finish: (value?: unknown) => void = () => undefined;
  http.operations.hold = new Promise((resolve) => (finish = resolve));
  const slow = http.call('POST', '/v1/workflows/turn/runs', { json: { input: 1 } });
  await expect.poll(() => http.operations.count('startRun')).toBe(1);
  const stopped = http.server.stop();
  expect((await streamed).text).toContain(': the server is stopping');
  finish();
  const answer = await slow;
  expect([answer.status, answer.headers.get('connection')]).toEqual([202, 'close']);
  await stopped;
  await expect(fetch(http.url)).rejects.toThrow('fetch failed');
  await http.server.stop();
});

test('comments keep a quiet stream alive', async () => {
  const server = createServer((_req, res) => {
    // The one method beside those of node that a stream uses.
    const express = Object.assign(res, { status: () => res }) as unknown as ExpressResponse;
    const sse = new SseStream(express, 20);
    res.once('close', () => sse.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const reader = response.body!.getReader();
  let text = '';
  while (!text.includes(': alive\n\n: alive')) text += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  await new Promise((resolve) => server.close(resolve));
});
