import { expect, test } from 'vitest';
import { createFleetClient } from '../../../src/client/client.ts';
import { startHttp } from './support/start-http.ts';

const tokensOf = (run: string) => [
  { id: '1-0', run_id: run, step: 'tell', attempt: 1, seq: 0, text: 'It ' },
  { id: '2-0', run_id: run, step: 'tell', attempt: 1, seq: 1, text: 'rains.', final: true as const },
];

async function allOf<T>(pieces: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

test('the texts of a run come piece by piece and end with it', async () => {
  await using http = await startHttp();
  const run = http.operations.addRun();
  http.operations.tokens.set(run, tokensOf(run));
  const { text } = await http.call('GET', `/v1/runs/${run}/tokens`);
  expect(text).toContain('id: 1-0\nevent: token\ndata: {"id":"1-0"');
  expect(text).toContain('id: 2-0\nevent: end\n');
  const client = createFleetClient({ baseUrl: http.url });
  expect(await allOf(client.runTokens(run))).toEqual(tokensOf(run));
  expect(await allOf(client.runTokens(run, { after: '1-0' }))).toEqual(tokensOf(run).slice(1));
});

test('after the last piece of an ended run there is nothing to reconnect for; an unknown run is 404', async () => {
  await using http = await startHttp();
  const run = http.operations.addRun();
  http.operations.tokens.set(run, tokensOf(run));
  http.operations.emit(run, 'run.completed');
  const after = (id: string) =>
    http.call('GET', `/v1/workflows/runs/${run}/tokens`, { headers: { 'last-event-id': id } });
  expect((await after('2-0')).status).toBe(204);
  expect((await after('1-0')).text).toContain('id: 2-0\nevent: token');
  expect((await after('x')).status).toBe(400);
  expect((await http.call('GET', '/v1/runs/none/tokens')).status).toBe(404);
});
