import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CLOSED_STATES,
  INTERVENTION_STATES,
  type Intervention,
} from '../../../../src/contracts/intervention.ts';
import { CRISIS_LEVELS } from '../../../../src/contracts/safety.ts';
import { addCrisis, beginIntervention, rank } from '../../../../src/safety/interventions/evolve.ts';
import { isOverdue } from '../../../../src/safety/interventions/hold.ts';
import {
  assertWay,
  INTERVENTION_WAYS,
  isClosed,
  isTaken,
  needsPersonToClose,
} from '../../../../src/safety/interventions/states.ts';
import { crisisOf, NOW, SETTINGS } from '../../../support/interventions.ts';

const anyState = fc.constantFrom(...INTERVENTION_STATES);
const anyLevel = fc.constantFrom(...CRISIS_LEVELS);

function inState(state: Intervention['state'], level: (typeof CRISIS_LEVELS)[number]): Intervention {
  return { ...beginIntervention(crisisOf({ level })), state };
}

function isWay(now: Intervention, to: Intervention['state'], actor: string): boolean {
  try {
    assertWay(now, to, actor);
    return true;
  } catch {
    return false;
  }
}

describe('the states of an intervention', () => {
  test('are left by the ways of the table and by no other, and closed ones by none', () => {
    fc.assert(
      fc.property(anyState, anyState, anyLevel, (from, to, level) => {
        const expected = !isClosed(from) && (from === to || INTERVENTION_WAYS[from].includes(to));
        expect(isWay(inState(from, level), to, 'dr-kim')).toBe(expected);
      }),
    );
  });

  test('can all be reached, and from each a person can close it', () => {
    const reached = new Set<string>(['open']);
    for (const state of reached) {
      for (const next of INTERVENTION_WAYS[state as Intervention['state']]) reached.add(next);
    }
    expect([...reached].sort()).toEqual([...INTERVENTION_STATES].sort());
    for (const state of INTERVENTION_STATES) {
      if (isClosed(state)) expect(INTERVENTION_WAYS[state]).toEqual([]);
      else expect(INTERVENTION_WAYS[state]).toEqual(expect.arrayContaining([...CLOSED_STATES]));
    }
  });

  test('a machine closes nothing that is high or critical, and the rest only after its follow-up', () => {
    fc.assert(
      fc.property(
        anyState,
        anyLevel,
        fc.constantFrom('system', 'system:follow_up'),
        (from, level, machine) => {
          const expected = from === 'follow_up' && !needsPersonToClose(level);
          expect(isWay(inState(from, level), 'resolved', machine)).toBe(expected);
        },
      ),
    );
  });

  test('are drawn in docs/interventions.md as they are', () => {
    const doc = readFileSync(join(import.meta.dirname, '../../../../docs/interventions.md'), 'utf8');
    const [, drawing = ''] = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(doc) ?? [];
    const drawn = [...drawing.matchAll(/^\s*(\w+) --> (\w+)$/gm)].map(([, from, to]) => `${from} ${to}`);
    const ways = Object.entries(INTERVENTION_WAYS).flatMap(([from, all]) => all.map((to) => `${from} ${to}`));
    expect(drawn.toSorted()).toEqual(ways.toSorted());
  });
});

describe('further crises', () => {
  test('never lower the level, never lose an event, and tell people exactly when it rises or it was looked at again', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(anyLevel, fc.constantFrom(...INTERVENTION_STATES.filter((state) => !isClosed(state)))),
          {
            minLength: 1,
            maxLength: 30,
          },
        ),
        (steps) => {
          let now = beginIntervention(crisisOf({ level: 'low' }));
          let told = 1;
          for (const [index, [level, state]] of steps.entries()) {
            const before: Intervention = { ...now, state };
            const { next, tellsPeople } = addCrisis(before, crisisOf({ level, atMs: NOW + index }));
            const isHigher = CRISIS_LEVELS.indexOf(level) > rank(before.assessment);
            expect(tellsPeople).toBe(isHigher || state === 'follow_up');
            expect(rank(next.assessment)).toBe(
              Math.max(rank(before.assessment), CRISIS_LEVELS.indexOf(level)),
            );
            if (tellsPeople) {
              told += 1;
              // Nobody has what nobody knows of.
              expect(isTaken(next.state)).toBe(false);
            }
            expect(next.escalation_round).toBe(told);
            expect(next.event_count).toBe(before.event_count + 1);
            expect(next.version).toBe(before.version + 1);
            now = next;
          }
          expect(now.events).toHaveLength(steps.length + 1);
        },
      ),
    );
  });

  test('keep the newest hundred, in the order in which they happened', () => {
    let now = beginIntervention(crisisOf({ atMs: NOW + 500 }));
    for (let i = 0; i < 150; i++) now = addCrisis(now, crisisOf({ atMs: NOW + ((i * 7) % 150) })).next;
    const times = now.events.map(({ at }) => Date.parse(at));
    expect(times).toHaveLength(100);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(now.event_count).toBe(151);
  });

  test('a higher level begins the time anew in which somebody has to take it', () => {
    const first = beginIntervention(crisisOf({ level: 'high', atMs: NOW }));
    expect(isOverdue(first, SETTINGS, NOW + 3_600_000)).toBe(false);
    const { next } = addCrisis(first, crisisOf({ level: 'critical', atMs: NOW + 600_000 }));
    expect(isOverdue(next, SETTINGS, NOW + 600_000 + 299_999)).toBe(false);
    expect(isOverdue(next, SETTINGS, NOW + 600_000 + 300_000)).toBe(true);
    expect(isOverdue({ ...next, state: 'acknowledged' }, SETTINGS, NOW + 9_999_999)).toBe(false);
  });
});
