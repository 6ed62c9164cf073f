import { expect, test } from 'vitest';
import { ShortShares } from '../../../src/models/short-shares.ts';

function setup(cuts: number) {
  const clock = { now: 1_000 };
  const shares = new ShortShares(() => clock.now);
  for (let cut = 0; cut < cuts; cut++) shares.cutOff(280);
  return { clock, shares };
}

test('two requests that were cut off prove nothing, three do', () => {
  expect(setup(2).shares.mayAnswerIn(280)).toBe(true);
  const { shares } = setup(3);
  expect(shares.mayAnswerIn(280)).toBe(false);
  expect(shares.mayAnswerIn(300)).toBe(false);
  expect(shares.mayAnswerIn(400)).toBe(true);
});

test('after a minute it is tried again, once at a time while it fails', () => {
  const { clock, shares } = setup(3);
  clock.now += 60_000;
  expect(shares.mayAnswerIn(280)).toBe(true);
  shares.cutOff(280);
  expect(shares.mayAnswerIn(280)).toBe(false);
});

test('an answer within such a time ends it; one that took longer says nothing', () => {
  const { shares } = setup(3);
  shares.answered(700);
  expect(shares.mayAnswerIn(280)).toBe(false);
  shares.answered(200);
  expect(shares.mayAnswerIn(280)).toBe(true);
  shares.cutOff(280);
  expect(shares.mayAnswerIn(280)).toBe(true);
});
