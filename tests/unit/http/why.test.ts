import { expect, test } from 'vitest';
import { RunExplanation } from '../../../src/contracts/why.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { startHttp } from './support/start-http.ts';

test.each(['/v1/workflows/runs', '/v1/runs'])('GET %s/{run_id}/why explains the run', async (path) => {
  await using http = await startHttp();
  const runId = http.operations.addRun();
  const answer = await http.call('GET', `${path}/${runId}/why`);
  expect(answer.status).toBe(200);
  expect(RunExplanation.parse(answer.body)).toMatchObject({
    run_id: runId,
    reasons: [{ kind: 'queue_paused', subject: 'ipa' }],
  });
});

test('an unknown run is not found', async () => {
  await using http = await startHttp();
  const answer = await http.call('GET', `/v1/runs/${newRunId()}/why`);
  expect([answer.status, answer.body.code]).toEqual([404, 'RUN_NOT_FOUND']);
});
