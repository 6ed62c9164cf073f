import { describe, expect, it } from 'vitest';
import { narrate } from '../../../src/agents/nga/narrate.ts';
import { PRIORITIES, jobPriority, priorityClass } from '../../../src/contracts/priority.ts';
import { staticLeaves } from '../../../src/primitives/plan/leaves.ts';
import type { PlanNode } from '../../../src/primitives/plan/node.ts';
import { editChain } from '../../support/edit-plan.ts';
import { builtInWorkflows } from '../../../src/workflows/catalog/built-in.ts';
import { createCatalog, findDefinition } from '../../../src/workflows/catalog/catalog.ts';

const SETTINGS = { runTimeoutMs: 300_000, stepTimeoutMs: { ipa: 10_000, wba: 15_000, nga: 20_000 } };

describe('the catalog of workflows', () => {
  const definitions = builtInWorkflows(SETTINGS, narrate);
  const catalog = createCatalog(definitions);

  it('[R1.1] holds the four built-in workflows', () => {
    expect(catalog.names()).toEqual([
      'collaborative',
      'input_processing',
      'narrative_generation',
      'world_building',
    ]);
  });

  it('resolves the newest version, and finds a pinned older one', () => {
    const newer = { ...definitions[0]!, version: 2 };
    const both = createCatalog([newer, definitions[0]!]);
    expect(both.latest(newer.name).version).toBe(2);
    expect(both.find(newer.name, 1)?.version).toBe(1);
    expect(both.find(newer.name, 3)).toBeUndefined();
  });

  it('[R8.3] refuses a plan that no fleet could run, and says where', () => {
    const withPlan = (plan: PlanNode) => () => createCatalog([{ ...definitions[0]!, name: 'odd', plan }]);
    const lost = editChain(definitions[0]!.plan, { step: (step) => ({ ...step, queue: 'nobody' }) });
    expect(withPlan({ kind: 'sequence', stages: [lost] })).toThrow(
      /: no agent works on queue "nobody"; steps go to ipa, wba, nga$/,
    );
  });

  it('refuses an unknown name with the nearest known one', () => {
    expect(() => catalog.latest('colaborative')).toThrow(/did you mean "collaborative"/);
    expect(() => catalog.latest('__proto__')).toThrow(/there is no workflow "__proto__"\. Known: collab/);
    expect(() => findDefinition(catalog, 'collaborative', 9)).toThrow(
      'workflow "collaborative" has no version 9. Known: 1',
    );
  });

  it('stays below the step limits: no step may take longer than its run', () => {
    for (const definition of definitions) {
      editChain(definition.plan, {
        step: (step) => {
          expect(step.timeoutMs).toBeLessThanOrEqual(definition.timeoutMs);
          return step;
        },
      });
      expect(staticLeaves(definition.plan).length).toBeGreaterThan(0);
    }
  });
});

describe('priorities', () => {
  it('[R2.3] translate to BullMQ numbers and back, higher classes first, never 0', () => {
    const lowestOf = (name: (typeof PRIORITIES)[number]): number => jobPriority(name, 0);
    for (const name of PRIORITIES) {
      for (let stage = 0; stage < 20; stage++) {
        expect(jobPriority(name, stage)).toBeGreaterThan(0);
        expect(priorityClass(jobPriority(name, stage))).toBe(name);
      }
    }
    expect(PRIORITIES.map(lowestOf)).toEqual(PRIORITIES.map(lowestOf).toSorted((a, b) => a - b));
  });
});
