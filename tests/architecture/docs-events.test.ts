import { expect, test } from 'vitest';
import { RUN_EVENT_TYPES } from '../../src/contracts/run.ts';
import { documentedEvents, documentedEventFields } from './documented-events.ts';

// What a real run emits is compared in tests/integration/documented-run.test.ts.

test('every type of event is documented, in the order of the contract, and no other', () => {
  expect([...documentedEvents().keys()]).toEqual([...RUN_EVENT_TYPES]);
});

test('every field of data is explained, and no other', () => {
  const used = [...documentedEvents().values()].flatMap(({ required, optional }) => [
    ...required,
    ...optional,
  ]);
  expect(documentedEventFields().toSorted()).toEqual([...new Set(used)].sort());
});
