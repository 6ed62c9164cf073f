import { expect, test } from 'vitest';
import { createFleetClient } from '../../../src/client/client.ts';
import { ConsistencyReport } from '../../../src/contracts/consistency.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { startHttp } from './support/start-http.ts';

const PATH = '/v1/workflows/consistency-check';
const KEYS = { look: { roles: ['read'] }, work: { roles: ['operate'] } } as const;

test('POST /v1/workflows/consistency-check hands on what is asked for', async () => {
  await using http = await startHttp();
  const runId = http.operations.addRun();
  const json = { run_id: runId, repair: true };
  const answer = await http.call('POST', PATH, { json });
  expect(answer.status).toBe(200);
  expect(ConsistencyReport.parse(answer.body)).toMatchObject({ checked: 1, complete: true });
  // Nothing is repaired unless it is asked for.
  await http.call('POST', PATH, { json: {} });
  const asked = http.operations.calls.filter(({ name }) => name === 'checkRuns');
  expect(asked.map(({ args }) => args[0])).toEqual([json, { repair: false }]);
});

test.each([
  [{ run_id: '' }, '/run_id'],
  [{ repair: 'yes' }, '/repair'],
  [{ repairs: true }, '/repairs'],
])('a check with %j is refused with the place of the fault', async (json, pointer) => {
  await using http = await startHttp();
  const answer = await http.call('POST', PATH, { json });
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(pointer.slice(1));
  expect(http.operations.calls).toEqual([]);
});

test('only who may operate gets in, and an unknown run is not found', async () => {
  await using http = await startHttp({ keys: KEYS });
  expect((await http.call('POST', PATH, { json: {}, as: 'look' })).status).toBe(403);
  const answer = await http.call('POST', PATH, { json: { run_id: newRunId() }, as: 'work' });
  expect([answer.status, answer.body.code]).toEqual([404, 'RUN_NOT_FOUND']);
});

test('the client asks for it', async () => {
  await using http = await startHttp();
  const client = createFleetClient({ baseUrl: http.url });
  expect(await client.checkRuns()).toMatchObject({ checked: 1, findings: [] });
  expect(await client.checkRuns({ repair: true })).toMatchObject({ errors: [] });
  const asked = http.operations.calls.filter(({ name }) => name === 'checkRuns');
  expect(asked.map(({ args }) => args[0])).toEqual([{ repair: false }, { repair: true }]);
});
