import { expect, it } from 'vitest';
import { TurnPath } from '../../../../src/cli/play/turn-path.ts';
import { paintFor } from '../../../../src/cli/render/paint.ts';
import type { RunEvent } from '../../../../src/contracts/run.ts';
import { event } from '../fakes.ts';

const paint = paintFor({}, false);

function lineAfter(...events: RunEvent[]): string {
  const path = new TurnPath();
  for (const one of events) path.add(one);
  return path.line(paint);
}

it('the way of a turn tells waiting, working, done and settled', () => {
  expect(lineAfter()).toBe('IPA waiting → WBA waiting → NGA waiting');
  const ipa = [
    event(0, 'run.accepted'),
    event(1, 'step.started', { step: 'ipa', data: { attempt: 1 } }),
    event(2, 'step.completed', { step: 'ipa', data: { attempt: 1, duration_ms: 12 } }),
  ];
  expect(lineAfter(...ipa, event(3, 'step.started', { step: 'wba' }))).toBe(
    'IPA 12 ms → WBA working → NGA waiting',
  );
  expect(lineAfter(...ipa, event(4, 'run.completed'))).toBe('IPA 12 ms → settled 400 ms');
});

it('the way of a turn tells retries, failures and steps left out', () => {
  const line = lineAfter(
    event(0, 'step.started', { step: 'ipa', data: { attempt: 1 } }),
    event(1, 'step.retrying', { step: 'ipa', data: { attempt: 1 } }),
    event(2, 'step.skipped', { step: 'wba' }),
    event(3, 'step.failed', { step: 'nga', data: { attempt: 3 } }),
    event(4, 'step.started', { step: 'safety' }),
  );
  expect(line).toBe('IPA trying again (try 2) → WBA left out → NGA failed (try 3) → SAFETY working');
  expect(lineAfter(event(0, 'run.accepted'), event(2, 'run.failed'))).toBe('failed 200 ms');
});
