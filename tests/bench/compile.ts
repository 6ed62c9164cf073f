import { compileAnew, definitionOf, LARGE_PLANS, MOST_NODES } from '../support/large-plans.ts';
import { spread, type Spread } from './statistics.ts';

export interface CompileFigures {
  readonly nodes: number;
  /** From a plan nobody has seen to its first jobs: checks, hash, first look, flows; by shape. */
  readonly ms: Readonly<Record<string, Spread>>;
}

/** The largest plans there may be; the first round of each shape warms up and is not counted. */
export function measureCompile(rounds: number): CompileFigures {
  const measured = Object.entries(LARGE_PLANS).map(([shape, make]) => {
    const durations = Array.from({ length: rounds + 1 }, () => {
      const definition = definitionOf(make(MOST_NODES));
      const started = performance.now();
      compileAnew(definition);
      return performance.now() - started;
    });
    return [shape, spread(durations.slice(1))] as const;
  });
  return { nodes: MOST_NODES, ms: Object.fromEntries(measured) };
}
