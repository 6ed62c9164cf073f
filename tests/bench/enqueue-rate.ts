import { sleep } from '../../src/kernel/abort.ts';
import { startRoleProcess } from './role-process.ts';
import { quantile } from './statistics.ts';

export interface ScheduleFigures {
  readonly requests: number;
  readonly perSecond: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface EnqueueFigures extends ScheduleFigures {
  /** The same schedule of requests for which the API has nothing to do: what the machine and the way there cost. */
  readonly control: ScheduleFigures;
}

interface Target {
  readonly url: string;
  readonly body?: string;
  readonly expectedStatus: number;
}

/** Runs accepted by an API process on a fixed schedule, each with `wait_ms: 0`. */
export async function measureEnqueueRate(
  env: Readonly<Record<string, string>>,
  perSecond: number,
  seconds: number,
): Promise<EnqueueFigures> {
  await using api = await startRoleProcess(['api'], env);
  // As many jobs as a turn has, without a session whose turns would wait for each other.
  const threeSteps = {
    name: 'three_steps',
    agent_sequence: [{ agent: 'ipa' }, { agent: 'nga' }, { agent: 'nga' }],
  };
  const put = await fetch(`${String(api.ready['url'])}/v1/workflows/definitions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(threeSteps),
  });
  if (!put.ok) throw new Error(`the workflow was refused: ${await put.text()}`);
  const enqueue: Target = {
    url: `${String(api.ready['url'])}/v1/workflows/${threeSteps.name}/runs`,
    body: JSON.stringify({ input: { text: 'look around' }, wait_ms: 0 }),
    expectedStatus: 202,
  };
  const nothing: Target = { url: `${String(api.ready['url'])}/livez`, expectedStatus: 200 };
  await onSchedule(enqueue, perSecond, Math.min(2, seconds)); // warms the server and its connections
  const control = await onSchedule(nothing, perSecond, seconds / 3);
  return { ...(await onSchedule(enqueue, perSecond, seconds)), control };
}

/**
 * Requests on a fixed schedule, whether or not earlier ones were answered. The latency of each counts from
 * the moment it was due, so a stall of the server is not hidden by requests that were not sent because of it.
 */
async function onSchedule(target: Target, perSecond: number, seconds: number): Promise<ScheduleFigures> {
  const requests = Math.round(perSecond * seconds);
  const latencies: number[] = [];
  let errors = 0;
  const send = async (dueAt: number): Promise<void> => {
    try {
      if (!(await isAnswered(target))) errors++;
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

async function isAnswered({ url, body, expectedStatus }: Target): Promise<boolean> {
  const request = body === undefined ? {} : { method: 'POST', body, headers: JSON_BODY };
  const response = await fetch(url, request);
  await response.arrayBuffer();
  return response.status === expectedStatus;
}

const JSON_BODY = { 'content-type': 'application/json' };
