// `tta-agent-fleet/primitives/testing`: testing plans, in process and on a fleet of their own. See docs/testing.md.

export { fakeClock, type FakeClock } from '../primitives/testing/fake-clock.ts';
export { primitiveMatchers, type PrimitiveMatchers } from '../primitives/testing/matchers.ts';
export {
  mockPrimitive,
  type MockCall,
  type MockOptions,
  type MockPrimitive,
} from '../primitives/testing/mock-primitive.ts';
export {
  differences,
  disagreements,
  type RunCase,
  type RunOutcome,
  type Runner,
} from '../primitives/testing/run-outcome.ts';
export { seededRandom } from '../primitives/testing/seeded-random.ts';
export {
  inProcessRunner,
  testRun,
  type TestRun,
  type TestRunOptions,
} from '../primitives/testing/test-run.ts';

// On a fleet: loaded when it is asked for, so that tests in process stay quick.
export { conformance, durableHarness } from '../testing/open.ts';
export type { ConformanceCase, ConformanceOptions } from '../testing/conformance.ts';
export type {
  DurableHarness,
  DurableHarnessOptions,
  Ended,
  Frozen,
  HarnessRun,
  HarnessRunOptions,
  Victim,
} from '../testing/harness.ts';
export { KILL_POINTS, type KillPoint, type KillPointName, type ProcessRole } from '../testing/kill-points.ts';
