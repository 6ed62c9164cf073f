import { sleep } from '../../src/kernel/abort.ts';
import { startRoleProcess } from './role-process.ts';
import { quantile } from './statistics.ts';

export interface EnqueueFigures {
  readonly requests: number;
  readonly perSecond: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * Requests on a fixed schedule, whether or not earlier ones were answered. The latency of each counts from
 * the moment it was due, so a stall of the server is not hidden by requests that were not sent because of it.
 */
export async function measureEnqueueRate(
  env: Readonly<Record<string, string>>,
  perSecond: number,
  seconds: number,
): Promise<EnqueueFigures> {
  await using api = await startRoleProcess(['api'], env);
  const url = `${String(api.ready['url'])}/v1/workflows/collaborative/runs`;
  const body = JSON.stringify({ input: { text: 'look around' }, wait_ms: 0 });
  await onSchedule(url, body, perSecond, Math.min(2, seconds)); // warms the server and its connections
  return await onSchedule(url, body, perSecond, seconds); // before the API ends
}

async function onSchedule(
  url: string,
  body: string,
  perSecond: number,
  seconds: number,
): Promise<EnqueueFigures> {
  const requests = Math.round(perSecond * seconds);
  const latencies: number[] = [];
  let errors = 0;
  const send = async (dueAt: number): Promise<void> => {
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', body, headers });
      await response.arrayBuffer();
      if (response.status !== 202) errors++;
    } catch {
      errors++;
    }
    latencies.push(performance.now() - dueAt);
  };
  const startAt = performance.now();
  const sent: Promise<void>[] = [];
  for (let index = 0; index < requests; index++) {
    const dueAt = startAt + (index * 1000) / perSecond;
    const early = dueAt - performance.now();
    if (early > 0) await sleep(early);
    sent.push(send(dueAt));
  }
  await Promise.all(sent);
  return {
    requests,
    perSecond,
    errors,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: Math.max(...latencies),
  };
}
