import { describe, expect, test } from 'vitest';
import { pageId, pageOf } from '../../../src/contracts/safety-job.ts';
import { maskedAddress, recipientsOf } from '../../../src/safety/channels/email.ts';
import { AckTokens } from '../../../src/safety/escalations/ack-token.ts';
import { retryDelays, type EscalationSettings } from '../../../src/safety/escalations/context.ts';
import { dueMember, readDueMember } from '../../../src/safety/escalations/due.ts';
import { mirrored } from '../../../src/safety/escalations/mirror.ts';
import {
  acknowledge,
  addNotification,
  beginEscalation,
  callNext,
  hasReachedNobody,
  isPersonTold,
  stepOf,
  subjectOf,
  tierOf,
} from '../../../src/safety/escalations/transitions.ts';
import { crisisOf } from '../../support/crises.ts';

const AT = 1_700_000_000_000;
const about = { nowMs: AT, ackMs: 300_000, skipped: ['sms'] as const };
const crisis = crisisOf('critical');
const id = `${crisis.intervention_id}-1`;
const begun = beginEscalation(id, subjectOf(crisis, ['webhook', 'dashboard', 'sms'], null), about);
const told = (channel: 'webhook' | 'dashboard', outcome: 'delivered' | 'failed', step = 0) =>
  ({
    channel,
    tier: tierOf(step),
    step,
    recipient_masked: 'x',
    attempt: 1,
    outcome,
    at: new Date(AT).toISOString(),
    response_time_ms: 1,
  }) as const;

describe('an escalation', () => {
  test('goes from tier to tier, then repeats the last one, and each call has a number of its own', () => {
    const calls = [begun];
    for (let i = 0; i < 4; i++) calls.push(callNext(calls.at(-1)!, about));
    expect(calls.map(({ tier, repeats }) => [tier, repeats])).toEqual([
      ['on_call', 0],
      ['supervisor', 0],
      ['director', 0],
      ['director', 1],
      ['director', 2],
    ]);
    expect(calls.map(stepOf)).toEqual([0, 1, 2, 3, 4]);
    expect(calls.at(-1)!.notifications.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(3);
  });

  test('has told a person only when something that leaves the fleet delivered', () => {
    expect(isPersonTold(addNotification(begun, told('dashboard', 'delivered')))).toBe(false);
    expect(isPersonTold(addNotification(begun, told('webhook', 'delivered')))).toBe(true);
  });

  test('has reached nobody when every attempt of every channel failed, whatever the console took', () => {
    const once = addNotification(
      addNotification(begun, told('dashboard', 'delivered')),
      told('webhook', 'failed'),
    );
    expect(hasReachedNobody(once, 0, ['webhook'], 2)).toBe(false);
    const twice = addNotification(once, told('webhook', 'failed'));
    expect(hasReachedNobody(twice, 0, ['webhook'], 2)).toBe(true);
    expect(hasReachedNobody(addNotification(twice, told('webhook', 'delivered')), 0, ['webhook'], 2)).toBe(
      false,
    );
    expect(hasReachedNobody(twice, 0, [], 2)).toBe(false);
  });
});

describe('its intervention', () => {
  test('learns of it once, and of nothing that another call has replaced', () => {
    const first = mirrored(crisis, begun)!;
    expect(first).toMatchObject({
      state: 'escalated',
      escalation_status: 'in_progress',
      human_notified: false,
    });
    expect(mirrored(first, begun)).toBeNull();
    const taken = acknowledge(begun, { humanId: 'anna', notes: null }, AT + 1_000);
    const second = mirrored(first, taken)!;
    expect(second).toMatchObject({ state: 'acknowledged', escalation_status: 'completed' });
    expect(mirrored(second, taken)).toBeNull();
    expect(mirrored({ ...first, escalation_id: `${crisis.intervention_id}-2` }, taken)).toBeNull();
    expect(mirrored({ ...first, state: 'resolved' }, taken)).toBeNull();
  });

  test('is not taken over by who answered before it grew worse', () => {
    const first = mirrored(crisis, begun)!;
    const taken = acknowledge(begun, { humanId: 'anna', notes: null }, AT + 1_000);
    const raised = { ...first, escalation_round: first.escalation_round + 1 };
    expect(mirrored(raised, taken)).toMatchObject({ state: 'escalated' });
  });
});

describe('tokens', () => {
  const tokens = new AckTokens('a secret of thirty-two characters');
  const token = tokens.issue(begun)!;

  test('fit their escalation and its present call, until its deadline', () => {
    expect(tokens.fits(token, begun, AT)).toBe(true);
    expect(tokens.fits(token, begun, AT + 300_000)).toBe(false);
    expect(tokens.fits(token, callNext(begun, about), AT)).toBe(false);
    expect(tokens.fits(token, { ...begun, escalation_id: 'other-1' }, AT)).toBe(false);
    expect(new AckTokens('another secret of some length...').fits(token, begun, AT)).toBe(false);
  });

  test.for(['', '.', '..', 'a.b.c', `${token}x`, `${token}.`, token.slice(0, -1), token.toUpperCase()])(
    '%j does not',
    (bad) => expect(tokens.fits(bad, begun, AT)).toBe(false),
  );

  test('are not issued for what nobody is waited for', () => {
    expect(tokens.issue(acknowledge(begun, { humanId: 'a', notes: null }, AT))).toBeNull();
  });
});

describe('names and pauses', () => {
  test('a page is found again by its id', () => {
    const page = { escalation_id: id, step: 12, channel: 'webhook' } as const;
    expect(pageOf(pageId(page))).toEqual(page);
    expect(pageOf('esc-x-t1-carrier')).toBeNull();
    expect(pageId(page)).not.toContain(':');
  });

  test('entries of others in what is due are left alone', () => {
    expect(readDueMember(dueMember('ack', id, 2))).toEqual({ kind: 'ack', id, n: 2 });
    for (const other of ['', 'ack', 'ack|x', 'ack|x|y', 'ack|x|1|2', 'sweep|x|1']) {
      expect(readDueMember(other)).toBeNull();
    }
  });

  test('a critical page is repeated after 5, 15 and 60 seconds, any other every two minutes', () => {
    const settings = { retries: 3, retryDelayMs: 120_000 } as EscalationSettings; // all that is read
    expect(retryDelays(settings, 'critical')).toEqual([5_000, 15_000, 60_000]);
    expect(retryDelays(settings, 'high')).toEqual([120_000, 120_000, 120_000]);
    expect(retryDelays({ ...settings, retryDelayMs: 10_000 }, 'critical')).toEqual([5_000, 10_000, 10_000]);
  });

  test('tiers without addresses of their own are stood in for, and addresses are masked', () => {
    const recipients = { on_call: ['a@x.org'], supervisor: [], director: ['d@x.org'] };
    expect(recipientsOf(recipients, 'supervisor')).toEqual(['a@x.org']);
    expect(recipientsOf(recipients, 'director')).toEqual(['d@x.org']);
    expect(maskedAddress('anna@x.org')).toBe('a…@x.org');
  });
});
