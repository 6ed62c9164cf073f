import { afterEach, expect, it, vi } from 'vitest';
import { warmUp } from '../../../src/models/warm-up.ts';

afterEach(() => void vi.restoreAllMocks());

it('goes the way of a question, and needs no network for it', async () => {
  const asked = vi.spyOn(globalThis, 'fetch');
  await warmUp();
  expect(asked.mock.calls.map(([address]) => address)).toEqual(['data:,']);
});
