import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentIdText } from '../../../src/coordination/models/agent-id.ts';
import { DeliveryFailure, historyOf } from '../../../src/coordination/messages/failure.ts';
import { stampedDelay } from '../../../src/coordination/messages/mailboxes.ts';
import { MessagingSettings, reconfigured, retryStamp } from '../../../src/coordination/messages/settings.ts';
import { jobIdOf, readToken, toToken } from '../../../src/coordination/messages/token.ts';
import { Turnstile } from '../../../src/coordination/messages/turnstile.ts';
import { UncertainSends } from '../../../src/coordination/messages/uncertain.ts';
import { AgentMessage, type MessageResult } from '../../../src/coordination/models/message.ts';
import { deadLetterQueue, mailboxQueue } from '../../../src/coordination/keys.ts';
import { deferred } from '../../../src/kernel/deferred.ts';

describe('the delay after a nack', () => {
  const after = (nack: number, change: object = {}, data: object = {}): number =>
    stampedDelay(nack, 'ao', undefined, {
      data: { retry: { ...retryStamp(MessagingSettings.parse(change)) }, ...data },
    });

  test('is 1, 2, 4 s … and 30 s at most by default', () => {
    expect([1, 2, 3, 4, 5, 6, 100].map((nack) => after(nack))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
  });

  test('goes on where it was when a message was moved with attempts behind it', () => {
    expect(after(1, {}, { delivery_attempts: 2 })).toBe(4000);
  });

  test('is drawn from the upper share that jitter leaves', () => {
    for (let round = 0; round < 100; round += 1) {
      const delay = after(1, { backoffJitter: 0.5 });
      expect(delay).toBeGreaterThanOrEqual(500);
      expect(delay).toBeLessThanOrEqual(1000);
    }
  });

  test('of what carries no policy is that of the defaults', () => {
    for (const data of [undefined, null, 'x', {}, { retry: { attempts: 'x' } }])
      expect(stampedDelay(2, 'ao', undefined, { data })).toBe(2000);
  });
});

test('a change of settings is whole or not at all, and cannot touch what must not change', () => {
  const settings = MessagingSettings.parse({});
  expect(reconfigured(settings, { retryAttempts: 0 })).toEqual({ ...settings, retryAttempts: 0 });
  for (const changes of [{ queueSize: 0 }, { backoffMaxMs: 1 }, { maxStalls: 1 }, { odd: 1 }])
    expect(() => reconfigured(settings, changes)).toThrow(/invalid input/);
});

describe('a token', () => {
  const ids = fc.stringMatching(/^[\x21-\x7e]{6,128}$/);

  test('reads back in the mailbox it belongs to, and in no other', () => {
    fc.assert(
      fc.property(ids, fc.uuid(), (id, lock) => {
        const receipt = { queue: 'msg.a.b', jobId: jobIdOf(id), lock };
        expect(readToken(toToken(receipt), 'msg.a.b')).toEqual(receipt);
        expect(readToken(toToken(receipt), 'msg.a.c')).toBeUndefined();
      }),
    );
  });

  test('of any other text is none', () => {
    fc.assert(fc.property(fc.string(), (text) => readToken(text, 'msg.a.b') === undefined));
    expect(readToken(7 as never, 'msg.a.b')).toBeUndefined();
  });

  test('job ids are such that BullMQ takes them, and differ where messages do', () => {
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        expect(jobIdOf(one)).not.toMatch(/[:|\n]|^\d+$/);
        expect(jobIdOf(one) === jobIdOf(other)).toBe(one === other);
      }),
    );
  });
});

test('mailboxes of different agents differ, and have names that BullMQ takes', () => {
  const agents = fc.record({
    type: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/),
    instance: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/)),
  });
  fc.assert(
    fc.property(agents, agents, (one, other) => {
      expect(mailboxQueue(one) === mailboxQueue(other)).toBe(agentIdText(one) === agentIdText(other));
      expect(`${mailboxQueue(one)}${deadLetterQueue(one)}`).not.toContain(':');
    }),
  );
});

test('a failure travels as text and reads back as history; what others wrote is kept as it is', () => {
  const failure = new DeliveryFailure('timeout', 'slow'.repeat(1000));
  expect(failure.message).toHaveLength(1024);
  expect(new DeliveryFailure('permanent', 'x').name).toBe('UnrecoverableError');
  const at = '2026-01-01T00:00:00.000Z';
  expect(historyOf([failure.stack ?? '', 'Error: odd\n at x'], at)).toEqual([
    { at: expect.stringMatching(/Z$/), failure: 'timeout', error: failure.message },
    { at, failure: 'transient', error: 'Error: odd\n at x' },
  ]);
  expect(
    historyOf(
      Array.from({ length: 12 }, (_, n) => `e${n}`),
      at,
    ).map(({ error }) => error)[0],
  ).toBe('e2');
});

describe('a turnstile', () => {
  test('lets so many through at once, the others in order, and all of them when it is opened', async () => {
    const turnstile = new Turnstile(2);
    const gates = Array.from({ length: 6 }, () => deferred());
    const entered: number[] = [];
    const passes = gates.map((gate, n) =>
      turnstile.pass(async () => {
        entered.push(n);
        await gate.promise;
      }),
    );
    await Promise.resolve();
    expect(entered).toEqual([0, 1]);
    gates[1]!.resolve();
    await passes[1];
    await Promise.resolve();
    expect(entered).toEqual([0, 1, 2]);
    turnstile.open();
    await Promise.resolve();
    expect(entered).toEqual([0, 1, 2, 3, 4, 5]);
    for (const gate of gates) gate.resolve();
    await Promise.all(passes);
    await turnstile.pass(async () => void entered.push(6));
    expect(entered.at(-1)).toBe(6);
  });
});

describe('sends whose fate is unknown', () => {
  const sent = (id: string, instance: string | null = null) =>
    AgentMessage.parse({
      message_id: id,
      sender: { type: 'anna' },
      recipient: { type: 'bob', instance },
      message_type: 'event',
    });
  const result = (error_code: MessageResult['error_code']): MessageResult => ({
    message_id: 'any-0001',
    recipient: { type: 'bob', instance: 'chosen' },
    delivered: error_code === null,
    duplicate: false,
    error: error_code,
    error_code,
  });

  test('are remembered by id and recipient until their fate is known', () => {
    const sends = new UncertainSends();
    sends.note(sent('one-0001'), result('unknown_outcome'));
    expect(sends.mailboxOf(sent('one-0001'))).toEqual({ type: 'bob', instance: 'chosen' });
    expect(sends.mailboxOf(sent('one-0001', 'other'))).toBeUndefined();
    expect(sends.mailboxOf(sent('two-0002'))).toBeUndefined();
    sends.note(sent('one-0001'), result('redis_unavailable'));
    expect(sends.mailboxOf(sent('one-0001'))).toBeDefined();
    for (const known of [null, 'queue_full'] as const) {
      sends.note(sent('one-0001'), result('unknown_outcome'));
      sends.note(sent('one-0001'), result(known));
      expect(sends.mailboxOf(sent('one-0001'))).toBeUndefined();
    }
  });

  test('are the newest thousand', () => {
    const sends = new UncertainSends();
    for (let n = 0; n < 1001; n += 1) sends.note(sent(`number-${n}`), result('unknown_outcome'));
    expect(sends.mailboxOf(sent('number-0'))).toBeUndefined();
    expect(sends.mailboxOf(sent('number-1'))).toBeDefined();
  });
});
