import type { StepView } from '../contracts/run.ts';
import type { StaticLeaf } from '../primitives/plan/leaves.ts';
import type { RunFacts, StoredEvent } from '../primitives/durable/read-run.ts';

/**
 * What a run's event stream says of each of its steps: those known beforehand in the order of the plan, then
 * those that only showed when it ran.
 *
 * @param ended  results of a run that ends or has ended: nothing waits there any more. A step of which nothing is told
 *   was never reached, or it has a result and what was told of it is no longer kept.
 */
export function foldSteps(
  steps: readonly StaticLeaf[],
  events: readonly StoredEvent[],
  ended?: Pick<RunFacts, 'results'>,
): StepView[] {
  const views = new Map<string, StepView>(steps.map((step) => [step.path, waiting(step.path, step.queue)]));
  for (const event of events) {
    if (event.step === '') continue;
    const view = views.get(event.step) ?? waiting(event.step, event.agent);
    views.set(event.step, applyEvent(view, event));
  }
  const all = [...views.values()];
  return ended === undefined ? all : all.map((view) => settled(view, ended));
}

function settled(view: StepView, { results }: Pick<RunFacts, 'results'>): StepView {
  if (view.status !== 'waiting') return view;
  return { ...view, status: Object.hasOwn(results, view.name) ? 'completed' : 'skipped' };
}

function waiting(name: string, agent: string): StepView {
  return { name, agent, status: 'waiting', attempts: 0, queued_ms: null, duration_ms: null };
}

function applyEvent(view: StepView, event: StoredEvent): StepView {
  const data = event.data ?? {};
  switch (event.type) {
    case 'step.started':
      return {
        ...view,
        status: 'running',
        // A step that waited for a circuit or lost its worker starts again without a new attempt.
        attempts: view.status === 'running' ? view.attempts : view.attempts + 1,
        queued_ms: view.queued_ms ?? numberOf(data['queued_ms']),
      };
    case 'step.retrying':
      return { ...view, status: 'retrying', error_code: String(data['error_code']) };
    case 'step.completed':
      return {
        ...withoutError(view),
        status: 'completed',
        duration_ms: numberOf(data['duration_ms']),
        ...(typeof data['source'] === 'string' ? { source: data['source'] } : {}),
      };
    case 'step.failed':
      return {
        ...view,
        status: 'failed',
        duration_ms: numberOf(data['duration_ms']),
        error_code: String(data['error_code']),
      };
    case 'step.skipped':
      return { ...view, status: 'skipped' };
    default:
      return view;
  }
}

function withoutError(view: StepView): StepView {
  const { error_code: _gone, ...rest } = view;
  return rest;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
