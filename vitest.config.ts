import { defineConfig } from 'vitest/config';

// Measures pauses of its own thread, which the garbage of other files would lengthen.
const ALONE = ['tests/unit/safety/rules-in-slices.test.ts'];

// Two cores are enough: the groups run one after the other, two files at a time, and those of whole processes three
// at a time: what they wait for most is time that a lock or a lease needs, so a neighbour costs them little. Files
// that share a process load the product once, which halves what they cost.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          exclude: ALONE,
          testTimeout: 30_000,
          maxWorkers: 2,
          isolate: false,
        },
      },
      { test: { name: 'alone', include: ALONE, maxWorkers: 1 } },
      { test: { name: 'architecture', include: ['tests/architecture/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts', 'tests/conformance/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          sequence: { groupOrder: 2 },
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
