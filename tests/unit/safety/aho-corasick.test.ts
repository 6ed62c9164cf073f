import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AhoCorasick } from '../../../src/safety/match/aho-corasick.ts';
import { SparseAhoCorasick } from '../../../src/safety/match/sparse-aho-corasick.ts';

interface Found {
  readonly literal: number;
  readonly end: number;
}

function unitsOf(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}

const BUILDERS = {
  dense: (literals: readonly string[]) => new AhoCorasick(literals),
  sparse: (literals: readonly string[]) => {
    const steps = SparseAhoCorasick.inSteps(literals);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  },
};

const KINDS = ['dense', 'sparse'] as const;

function scanned(kind: keyof typeof BUILDERS, literals: readonly string[], text: string): Found[] {
  const found: Found[] = [];
  const automaton = BUILDERS[kind](literals);
  automaton.scan(unitsOf(text), 0, text.length, (literal, end) => found.push({ literal, end }));
  return sorted(found);
}

/** Looks for every literal at every place. */
function searched(literals: readonly string[], text: string): Found[] {
  return sorted(
    literals.flatMap((literal, index) =>
      Array.from({ length: text.length }, (_, at) => at)
        .filter((at) => literal !== '' && text.startsWith(literal, at))
        .map((at) => ({ literal: index, end: at + literal.length })),
    ),
  );
}

function sorted(found: readonly Found[]): Found[] {
  return found.toSorted((a, b) => a.end - b.end || a.literal - b.literal);
}

test.for(KINDS)('%s: literals inside of and across each other are all found', (kind) => {
  expect(scanned(kind, ['he', 'she', 'his', 'hers', 'he'], 'ushers')).toEqual([
    { literal: 0, end: 4 },
    { literal: 1, end: 4 },
    { literal: 4, end: 4 },
    { literal: 3, end: 6 },
  ]);
});

test.for(KINDS)('%s: the automaton finds what a naive search finds', (kind) => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(letters, { maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é', 'x'), maxLength: 60 }),
      (literals, text) => {
        expect(scanned(kind, literals, text)).toEqual(searched(literals, text));
      },
    ),
  );
});
