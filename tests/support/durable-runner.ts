import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../src/contracts/caller.ts';
import type { RunView } from '../../src/contracts/run.ts';
import type { AnyPrimitive } from '../../src/primitives/compose/primitive.ts';
import type { WorkflowDefinition } from '../../src/workflows/definition.ts';
import { createCatalog, type Catalog } from '../../src/workflows/catalog/catalog.ts';
import type { Harness } from './harness.ts';

/** A catalog of plans by name, as a fleet would know them. */
export function planCatalog(plans: Readonly<Record<string, AnyPrimitive>>, timeoutMs = 30_000): Catalog {
  return createCatalog(
    Object.entries(plans).map(([name, { plan }]): WorkflowDefinition => ({
      name,
      version: 1,
      input: z.unknown(),
      timeoutMs,
      needsIntent: false,
      plan,
    })),
  );
}

/** Starts a run and tells its id. */
export async function startPlan(
  h: Pick<Harness, 'operations'>,
  name: string,
  input: unknown,
  request: { timeout_s?: number } = {},
): Promise<string> {
  const started = await h.operations.startRun(name, { input, wait_ms: 0, ...request }, LOCAL_OPERATOR);
  if (started.done) throw new Error('a run that nobody waited for cannot be done');
  return started.accepted.run_id;
}

/** Runs a plan on the fleet to its end. */
export async function runPlan(h: Harness, name: string, input: unknown): Promise<RunView> {
  return h.ended(await startPlan(h, name, input));
}
