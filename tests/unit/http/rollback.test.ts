import { expect, test } from 'vitest';
import { RollbackResult } from '../../../src/contracts/rollback.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { createFleetClient } from '../../../src/client/client.ts';
import { startHttp } from './support/start-http.ts';

test.each(['/v1/workflows/runs', '/v1/runs'])(
  'POST %s/{run_id}/rollback undoes what a run did',
  async (path) => {
    await using http = await startHttp();
    const runId = http.operations.addRun();
    const active = await http.call('POST', `${path}/${runId}/rollback`, { json: {} });
    expect([active.status, active.body.code]).toEqual([409, 'RUN_ACTIVE']);
    http.operations.emit(runId, 'run.completed');
    const json = { savepoint: 'paid', reason: 'a mistake', cancel: true };
    const answer = await http.call('POST', `${path}/${runId}/rollback`, { json });
    expect(answer.status).toBe(200);
    expect(RollbackResult.parse(answer.body)).toMatchObject({ ok: true, savepoint: 'paid', executed: 1 });
    expect(http.operations.calls.findLast(({ name }) => name === 'rollbackRun')?.args[1]).toEqual(json);
    const history = await http.call('GET', `${path}/${runId}/rollback-history`);
    expect([history.status, history.body]).toEqual([200, { history: [] }]);
  },
);

test.each([
  [{ savepoint: '' }, '/savepoint'],
  [{ save_point: 'x' }, '/save_point'],
  [{ cancel: 'yes' }, '/cancel'],
  [{ reason: ' ' }, '/reason'],
])('a rollback with %j is refused with the place of the fault', async (json, pointer) => {
  await using http = await startHttp();
  const answer = await http.call('POST', `/v1/runs/${newRunId()}/rollback`, { json });
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(pointer.slice(1));
  expect(http.operations.calls).toEqual([]);
});

test('rollbacks are off unless diagnostics are on; their history is not', async () => {
  await using http = await startHttp({ config: { diagnostics: { enabled: false } } });
  const runId = http.operations.addRun();
  const answer = await http.call('POST', `/v1/runs/${runId}/rollback`, { json: {} });
  expect([answer.status, answer.body.code, answer.body['type']]).toEqual([
    403,
    'FEATURE_DISABLED',
    '/problems/feature-disabled',
  ]);
  expect(http.operations.calls).toEqual([]);
  expect((await http.call('GET', `/v1/runs/${runId}/rollback-history`)).status).toBe(200);
});

test('an unknown run is not found', async () => {
  await using http = await startHttp();
  const answer = await http.call('POST', `/v1/runs/${newRunId()}/rollback`, { json: {} });
  expect([answer.status, answer.body.code]).toEqual([404, 'RUN_NOT_FOUND']);
});

test('the client asks for both', async () => {
  await using http = await startHttp();
  const runId = http.operations.addRun();
  http.operations.emit(runId, 'run.completed');
  const client = createFleetClient({ baseUrl: http.url });
  expect(await client.rollbackRun(runId, { reason: 'x' })).toMatchObject({ executed: 1 });
  expect(await client.rollbackHistory(runId)).toEqual({ history: [] });
});
