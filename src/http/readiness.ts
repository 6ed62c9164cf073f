import type { FleetOperations } from '../contracts/operations.ts';
import type { Readiness } from '../contracts/operator.ts';
import { bounded } from './bounded.ts';

const CACHED_MS = 1000;

/** Readiness asked at most once a second however many probes come; silence and failure mean `down`. */
export function createReadinessProbe(
  operations: Pick<FleetOperations, 'readiness'>,
): () => Promise<Readiness> {
  let latest: { readonly at: number; readonly answer: Promise<Readiness> } | undefined;
  return () => {
    if (latest === undefined || performance.now() - latest.at > CACHED_MS) {
      latest = { at: performance.now(), answer: ask(operations) };
    }
    return latest.answer;
  };
}

async function ask(operations: Pick<FleetOperations, 'readiness'>): Promise<Readiness> {
  try {
    return await bounded(operations.readiness());
  } catch {
    const check = { name: 'readiness', ok: false, essential: true, detail: 'the checks did not answer' };
    return { status: 'down', checks: [check] };
  }
}
