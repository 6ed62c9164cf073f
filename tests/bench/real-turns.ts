import { startRoleProcess } from './role-process.ts';
import { inParallel, quantile } from './statistics.ts';

export interface TurnFigures {
  readonly sessions: number;
  readonly turns: number;
  readonly turnsPerSecond: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** One after the other. */
export type TurnsPlan = readonly { readonly sessions: number; readonly turnsPerSession: number }[];

const LINES = ['look around', 'go south', 'look around', 'go north', 'I feel calm today', 'wait'];
const WAIT_MS = 30_000;

/**
 * Turns of players who each wait for their answer before they say the next line: the product's own agents
 * with the local provider, the API in one process and all workers in another.
 */
export async function measureTurns(
  env: Readonly<Record<string, string>>,
  concurrency: number,
  plan: TurnsPlan,
): Promise<TurnFigures[]> {
  await using roles = new AsyncDisposableStack();
  const api = roles.use(await startRoleProcess(['api'], env));
  roles.use(await startRoleProcess(['worker', 'all', '--concurrency', String(concurrency)], env));
  const url = String(api.ready['url']);
  await play(url, 'warm', 10, 5);
  const figures: TurnFigures[] = [];
  for (const [index, { sessions, turnsPerSession }] of plan.entries()) {
    figures.push(await play(url, `bench${index}`, sessions, turnsPerSession));
  }
  return figures;
}

async function play(
  url: string,
  name: string,
  sessions: number,
  turnsPerSession: number,
): Promise<TurnFigures> {
  const latencies: number[] = [];
  let errors = 0;
  const started = performance.now();
  await inParallel(sessions, sessions, async (player) => {
    for (let turn = 0; turn < turnsPerSession; turn++) {
      const sentAt = performance.now();
      const isTold = await tell(`${url}/v1/sessions/${name}-${player}/turns`, LINES[turn % LINES.length]!);
      latencies.push(performance.now() - sentAt);
      if (!isTold) errors++;
    }
  });
  const seconds = (performance.now() - started) / 1000;
  return {
    sessions,
    turns: latencies.length,
    turnsPerSecond: latencies.length / seconds,
    errors,
    p50Ms: quantile(latencies, 0.5),
    p95Ms: quantile(latencies, 0.95),
  };
}

async function tell(url: string, text: string): Promise<boolean> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, create_session: true, wait_ms: WAIT_MS }),
  });
  await response.arrayBuffer();
  return response.status === 200;
}
