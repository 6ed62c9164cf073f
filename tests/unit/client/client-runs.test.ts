import { expect, test } from 'vitest';
import { createFleetClient } from '../../../src/client/client.ts';
import { startHttp } from '../http/support/start-http.ts';

test('the client lists, annotates, resumes and reruns runs', async () => {
  await using http = await startHttp();
  const client = createFleetClient({ baseUrl: http.url });
  const runId = http.operations.addRun();
  http.operations.addRun();
  const page = await client.listRuns({ limit: 1, status: 'running' });
  expect(page.items).toHaveLength(1);
  const rest = await client.listRuns({ limit: 1, status: 'running', cursor: page.next_cursor! });
  expect(rest.items.map(({ run_id }) => run_id)).toEqual([runId]);
  expect((await client.updateRunMetadata(runId, { a: 1 })).metadata).toEqual({ a: 1 });
  await expect(client.resumeRun(runId)).rejects.toMatchObject({ status: 409, code: 'RUN_NOT_RESUMABLE' });
  expect((await client.rerunRun(runId)).run_id).not.toBe(runId);
});

test('the client keeps schedules', async () => {
  await using http = await startHttp();
  const client = createFleetClient({ baseUrl: http.url });
  const put = await client.putSchedule('nightly', { workflow: 'turn', input: {}, cron: '0 3 * * *' });
  expect(await client.getSchedule('nightly')).toEqual(put);
  expect((await client.listSchedules()).items).toEqual([put]);
  await client.deleteSchedule('nightly');
  await expect(client.getSchedule('nightly')).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
});

test('a dedup_id works through the client, whose calls have keys of their own', async () => {
  await using http = await startHttp();
  const client = createFleetClient({ baseUrl: http.url });
  const start = () => client.startRun('turn', { input: 1, dedup_id: 'order-7' });
  const [first, second] = [await start(), await start()];
  expect(first.done || second.done).toBe(false);
  expect('accepted' in first && 'accepted' in second && first.accepted.run_id).toBe(
    'accepted' in second && second.accepted.run_id,
  );
});
