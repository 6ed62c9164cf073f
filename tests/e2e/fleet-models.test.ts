import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SYSTEM } from '../support/asking-agents.ts';
import { startHarness } from '../support/harness.ts';
import { startLanguageServer } from '../support/language-server.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
const folder = mkdtempSync(join(tmpdir(), 'ao-models-'));
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await redis.dispose();
});

/** The other queues are worked on in the test's own process. */
const REST = ['ipa', 'wba', 'flow', 'maintenance'] as const;
const LINE = 'The lantern hums a tune that only you can hear.';
const API_KEY = 'sk-never-shown';

test('worker processes ask the provider of their environment, and go on by themselves when it fails', async () => {
  let isDown = false;
  await using server = await startLanguageServer({
    answer: () => (isDown ? { status: 503, body: `${API_KEY} is not served` } : { say: { line: LINE } }),
  });
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, `${API_KEY}\n`);
  await using h = await startHarness({ redisUrl: redis.url, workers: REST });
  await using processes = fleetProcesses(
    h,
    { 'log.level': 'debug' },
    { LLM_BASE_URL: server.url, LLM_MODEL: 'first', AO_LLM__API_KEY_FILE: keyFile },
  );
  const workers = [
    await processes.startAsking('worker', 'nga'),
    await processes.startAsking('worker', 'nga'),
  ];
  const played = await Promise.all(
    Array.from({ length: 6 }, async () => h.play(await h.newSession(), 'go north')),
  );
  for (const { response_text: text } of played) expect(text).toContain(LINE);
  expect(server.calls.map(({ headers }) => headers.authorization)).toEqual(
    Array.from({ length: 6 }, () => `Bearer ${API_KEY}`),
  );
  // Without a price, tokens are counted and nothing is said to be free.
  expect((await h.operations.costs({})).total.requests).toBe(0);

  isDown = true;
  const answer = await h.play(await h.newSession(), 'go north');
  expect(answer.response_text.length).toBeGreaterThan(49);
  expect(answer.response_text).not.toContain(LINE);

  for (const worker of workers) worker.signal('SIGTERM');
  for (const worker of workers) expect(await worker.ended).toEqual({ code: 0, signal: null });
  const shown = workers.map((worker) => worker.stderr()).join('');
  expect(shown).toContain('a request to a language model failed');
  for (const secret of [API_KEY, SYSTEM, LINE, 'go north']) expect(shown).not.toContain(secret);
});

test('a worker process without a provider works by its own rules', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: REST });
  await using processes = fleetProcesses(h);
  const worker = await processes.startAsking('worker', 'nga');
  const answer = await h.play(await h.newSession(), 'go north');
  expect(answer.workflow_metadata).toMatchObject({ status: 'completed', degraded: false });
  expect(answer.workflow_metadata.steps.at(-1)).toMatchObject({ name: 'nga', source: 'local' });
  expect(await h.operations.listDeadLetters({ limit: 1 })).toEqual([]);
  worker.signal('SIGTERM');
  expect(await worker.ended).toEqual({ code: 0, signal: null });
});

test('a worker process with an address but no model does not start, and says which setting is missing', async () => {
  await using h = await startHarness({ redisUrl: redis.url, workers: [] });
  await using processes = fleetProcesses(h, {}, { LLM_BASE_URL: 'http://127.0.0.1:9/v1' });
  await expect(processes.start('worker', 'nga')).rejects.toThrow('llm.model');
});
