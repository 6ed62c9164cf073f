import type { CoordinatedAgent, HealthReport } from '../agents/agent.ts';

const LONGEST_REASON = 500;

export type Verdict =
  | { readonly isHealthy: true; readonly isInitializing: boolean }
  | { readonly isHealthy: false; readonly reason: string };

const HEALTHY: Verdict = { isHealthy: true, isInitializing: false };

/** What an agent says of itself. One that throws, or is not heard within `limitMs`, is not healthy; it never throws. */
export async function askHealth(agent: CoordinatedAgent, limitMs: number): Promise<Verdict> {
  if (agent.healthCheck === undefined) return HEALTHY;
  const overdue = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<Verdict>();
  const timer = setTimeout(() => {
    resolve(unhealthy(`the health check took longer than ${limitMs} ms`));
    overdue.abort();
  }, limitMs);
  try {
    const asked = (async () => agent.healthCheck!(overdue.signal))();
    return await Promise.race([asked.then(verdictOn, failed), late]);
  } finally {
    clearTimeout(timer);
  }
}

export function unhealthy(reason: string): Verdict {
  return { isHealthy: false, reason: reason.slice(0, LONGEST_REASON) };
}

function verdictOn(report: HealthReport): Verdict {
  if (report.status === 'healthy') return HEALTHY;
  if (report.status === 'initializing') return { isHealthy: true, isInitializing: true };
  return unhealthy(report.reason ?? `it says that it is ${report.status}`);
}

function failed(error: unknown): Verdict {
  return unhealthy(`the health check failed: ${error instanceof Error ? error.message : String(error)}`);
}
