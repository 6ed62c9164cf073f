import { reportedUsage } from '../primitives/budget/metering.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import { savingsOf } from '../primitives/router/routing.ts';
import type { ShellContext } from './shell.ts';

/** What the routers around a step saved on the tokens it did use. */
export function countSavings(
  shell: ShellContext,
  path: string,
  { decisions }: StepFacts,
  output: unknown,
): void {
  const usage = reportedUsage(output);
  if (usage === undefined) return;
  for (const { router, route, usd } of savingsOf(path, decisions, usage)) {
    shell.metrics.router_savings_usd_total.inc({ router, route }, usd);
  }
}
