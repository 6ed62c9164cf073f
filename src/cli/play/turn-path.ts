import type { RunEvent } from '../../contracts/run.ts';
import type { Paint } from '../render/paint.ts';
import { millisText } from '../render/quantities.ts';

interface PathStep {
  readonly name: string;
  readonly state: 'waiting' | 'working' | 'retrying' | 'done' | 'failed' | 'skipped';
  readonly attempt: number;
  readonly ms?: number;
}

/** Most turns take this way; what others take joins as it is heard of. */
const USUAL: readonly PathStep[] = ['ipa', 'wba', 'nga'].map((name) => ({
  name,
  state: 'waiting',
  attempt: 1,
}));

/** The way of one turn through the agents, built from its events. */
export class TurnPath {
  #steps: readonly PathStep[] = USUAL;
  #startedAt: number | undefined;
  #end: { readonly type: string; readonly ms: number } | undefined;

  add(event: RunEvent): void {
    const at = Date.parse(event.at);
    this.#startedAt ??= at;
    if (event.step === undefined) {
      if (/^run\.(completed|failed|cancelled|timed_out)$/.test(event.type)) {
        this.#end = { type: event.type.slice('run.'.length), ms: at - this.#startedAt };
      }
      return;
    }
    const name = event.step;
    const known = this.#steps.find((step) => step.name === name);
    const changed = stepAfter(known ?? { name, state: 'waiting', attempt: 1 }, event);
    this.#steps =
      known === undefined
        ? [...this.#steps, changed]
        : this.#steps.map((step) => (step === known ? changed : step));
  }

  /** One line: `IPA 12 ms → WBA working → NGA waiting`. */
  line(paint: Paint): string {
    // Once it is over, a step that never began was not needed.
    const steps = this.#steps.filter(({ state }) => this.#end === undefined || state !== 'waiting');
    const parts = steps.map((step) => `${step.name.toUpperCase()} ${stateText(step, paint)}`);
    if (this.#end !== undefined) {
      const { type, ms } = this.#end;
      parts.push(`${type === 'completed' ? 'settled' : paint.red(type)} ${millisText(ms)}`);
    }
    return parts.join(paint.dim(' → '));
  }
}

function stepAfter(step: PathStep, event: RunEvent): PathStep {
  const attempt = numberOf(event.data?.['attempt']) ?? step.attempt;
  const ms = numberOf(event.data?.['duration_ms']);
  switch (event.type) {
    case 'step.started':
      return { ...step, state: 'working', attempt };
    case 'step.retrying':
      return { ...step, state: 'retrying', attempt: attempt + 1 };
    case 'step.completed':
      return { ...step, state: 'done', attempt, ...(ms !== undefined && { ms }) };
    case 'step.failed':
      return { ...step, state: 'failed', attempt };
    case 'step.skipped':
      return { ...step, state: 'skipped' };
    default:
      return step;
  }
}

function stateText({ state, attempt, ms }: PathStep, paint: Paint): string {
  const tries = attempt > 1 ? ` (try ${attempt})` : '';
  switch (state) {
    case 'done':
      return paint.green(`${ms === undefined ? 'done' : millisText(ms)}${tries}`);
    case 'failed':
      return paint.red(`failed${tries}`);
    case 'retrying':
      return paint.yellow(`trying again${tries}`);
    case 'skipped':
      return paint.yellow('left out');
    default:
      return paint.dim(`${state}${tries}`);
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
