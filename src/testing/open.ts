import type { Primitive } from '../primitives/compose/primitive.ts';
import type { ConformanceCase, ConformanceOptions } from './conformance.ts';
import type { DurableHarness, DurableHarnessOptions } from './harness.ts';

// The same functions as behind them, without everything that a fleet is made of before somebody asks for one.

/** See {@link DurableHarness}; errors as in durable-harness.ts. */
export async function durableHarness(options: DurableHarnessOptions): Promise<DurableHarness> {
  const parts = await import('./durable-harness.ts');
  return parts.durableHarness(options);
}

/** Every case in process and on a fleet; what they do not agree about, by the name of the case. */
export async function conformance<I, O>(
  primitive: Primitive<I, O>,
  cases: readonly ConformanceCase<I>[],
  options: ConformanceOptions = {},
): Promise<Readonly<Record<string, readonly string[]>>> {
  const parts = await import('./conformance.ts');
  return parts.conformance(primitive, cases, options);
}
