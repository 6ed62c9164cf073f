import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoordinationValidationError } from '../../../src/coordination/errors.ts';
import {
  AgentId,
  agentIdText,
  canonicalAgentId,
  isSameAgent,
  parseAgentIdText,
} from '../../../src/coordination/models/agent-id.ts';
import { AgentState } from '../../../src/coordination/models/agent-state.ts';
import { SessionContext } from '../../../src/coordination/models/context.ts';
import {
  AgentMessage,
  MessageResult,
  MessageSubscription,
} from '../../../src/coordination/models/message.ts';
import { DeadLetter, QueueMessage, ReceivedMessage } from '../../../src/coordination/models/queue-message.ts';
import { parseInput } from '../../../src/coordination/validate.ts';

const MINIMAL = {
  message_id: 'm-0001',
  sender: { type: 'asker' },
  recipient: { type: 'my-custom_Type1', instance: 'a' },
  message_type: 'request',
};

function issuesOf(value: unknown): readonly { path: string; message: string }[] {
  try {
    parseInput(AgentMessage, value);
  } catch (error) {
    if (error instanceof CoordinationValidationError) return error.issues;
    throw error;
  }
  return [];
}

describe('a message', () => {
  test('parses with nothing but its five fields, and gets all defaults', () => {
    expect(AgentMessage.parse(MINIMAL)).toEqual({
      ...MINIMAL,
      sender: { type: 'asker', instance: null },
      payload: {},
      priority: 5,
      routing: { topic: null, tags: [] },
      timestamp: null,
    });
  });

  test.for([
    ['an id of five characters', { message_id: 'm-001' }, 'message_id'],
    ['an id with a blank', { message_id: 'm 00001' }, 'message_id'],
    ['a priority of 7', { priority: 7 }, 'priority'],
    ['a priority in words', { priority: 'HIGH' }, 'priority'],
    ['a type with a dot', { recipient: { type: 'a.b' } }, 'recipient.type'],
    ['an instance with a colon', { recipient: { type: 'a', instance: 'b:c' } }, 'recipient.instance'],
    ['33 tags', { routing: { tags: Array(33).fill('x') } }, 'routing.tags'],
    ['a topic without letters', { routing: { topic: '' } }, 'routing.topic'],
    ['a time without its zone', { timestamp: '2026-01-01T00:00:00' }, 'timestamp'],
    ['a list for a payload', { payload: [] }, 'payload'],
    ['a date in the payload', { payload: { a: { at: new Date() } } }, 'payload.a.at'],
    ['undefined in the payload', { payload: { a: undefined } }, 'payload.a'],
    ['a hole in a list', { payload: { a: Array(1) } }, 'payload.a.0'],
    ['NaN', { payload: { a: Number.NaN } }, 'payload.a'],
    ['a big integer', { payload: { a: 1n } }, 'payload.a'],
    ['a function', { payload: { a: () => 1 } }, 'payload.a'],
    ['bytes', { payload: { a: Buffer.from('x') } }, 'payload.a'],
    ['a map', { payload: { a: new Map() } }, 'payload.a'],
  ] as const)('%s is refused by its path', ([, change, path]) => {
    expect(issuesOf({ ...MINIMAL, ...change }).map((issue) => issue.path)).toEqual([path]);
  });

  test('an unknown field is refused by name', () => {
    expect(issuesOf({ ...MINIMAL, urgency: 1 })[0]?.message).toContain('urgency');
  });

  test('a payload that contains itself is refused, and one that names a thing twice is not', () => {
    const payload: Record<string, unknown> = { a: 1 };
    payload['self'] = { payload };
    expect(issuesOf({ ...MINIMAL, payload })[0]?.path).toMatch(/^payload\.self\.payload/);
    const shared = { b: 1 };
    expect(issuesOf({ ...MINIMAL, payload: { one: shared, two: shared } })).toEqual([]);
  });

  test('a payload may be 32 deep and no deeper', () => {
    const nested = (depth: number): object => (depth === 1 ? {} : { a: nested(depth - 1) });
    expect(issuesOf({ ...MINIMAL, payload: nested(32) })).toEqual([]);
    expect(issuesOf({ ...MINIMAL, payload: nested(33) })).toHaveLength(1);
  });

  test('one call reports everything, and no value of the payload', () => {
    const issues = issuesOf({
      ...MINIMAL,
      priority: 7,
      message_id: 'x',
      payload: { said: [Symbol('secret')] },
    });
    expect(issues.map(({ path }) => path).toSorted()).toEqual(['message_id', 'payload.said.0', 'priority']);
    expect(JSON.stringify(issues)).not.toContain('secret');
  });
});

describe('an agent id', () => {
  test('without instance, with null and with "default" names one agent', () => {
    const spellings = [{ type: 'a' }, { type: 'a', instance: null }, { type: 'a', instance: 'default' }];
    expect(new Set(spellings.map(agentIdText))).toEqual(new Set(['a:default']));
    for (const one of spellings) expect(isSameAgent(one, { type: 'a' })).toBe(true);
    for (const one of spellings) expect(canonicalAgentId(one)).toEqual({ type: 'a', instance: null });
  });

  test('reads back from its text', () => {
    expect(parseAgentIdText('a:b')).toEqual({ type: 'a', instance: 'b' });
    expect(parseAgentIdText('a:default')).toEqual({ type: 'a', instance: null });
    for (const text of ['', ':', 'a:', '1:b', 'a:b:c', 'a:b.c'])
      expect(parseAgentIdText(text)).toBeUndefined();
  });

  test('keeps what older programs wrote', () => {
    const old = { type: 'input_processor', instance: null };
    expect(AgentId.parse(old)).toEqual(old);
  });
});

describe('what is parsed, written and parsed again stays the same', () => {
  const agents = fc.record({
    type: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/),
    instance: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)),
  });
  const messages = fc.record(
    {
      message_id: fc.stringMatching(/^[\x21-\x7e]{6,128}$/),
      sender: agents,
      recipient: agents,
      message_type: fc.constantFrom('request', 'response', 'event'),
      payload: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.jsonValue({ maxDepth: 5, noUnicodeString: false }),
      ),
      priority: fc.constantFrom(1, 5, 9),
      routing: fc.record({ topic: fc.option(fc.string({ minLength: 1, maxLength: 128 })) }),
      timestamp: fc.constantFrom(null, '2026-01-01T10:00:00.000+02:00', '2026-01-01T08:00:00.000Z'),
    },
    { requiredKeys: ['message_id', 'sender', 'recipient', 'message_type'] },
  );
  const at = '2026-01-01T08:00:00.000Z';
  const retry = { attempts: 4, base_ms: 1000, factor: 2, max_ms: 30_000, jitter: 0 };
  const agent_id = { type: 'a', instance: null };

  test('a message, and whatever holds one', () => {
    fc.assert(
      fc.property(messages, fc.uuid(), (input, enqueue_id) => {
        // -0 is written as 0.
        const message = AgentMessage.parse(JSON.parse(JSON.stringify(input)));
        const queued = QueueMessage.parse({ message, priority: 9, enqueued_at: at, enqueue_id, retry });
        const dead = { ...queued, dead_lettered_at: at, failure: 'permanent', attempts: 1, history: [] };
        expect(AgentMessage.parse(JSON.parse(JSON.stringify(message)))).toEqual(message);
        expect(QueueMessage.parse(JSON.parse(JSON.stringify(queued)))).toEqual(queued);
        const letter = DeadLetter.parse({ ...dead, reason: 'permanent_failure' });
        expect(DeadLetter.parse(JSON.parse(JSON.stringify(letter)))).toEqual(letter);
        const received = { token: 't', queue_message: queued, visibility_deadline: at };
        expect(ReceivedMessage.parse(JSON.parse(JSON.stringify(received)))).toEqual(received);
      }),
      { numRuns: 200 },
    );
  });

  test.for([
    ['a result', MessageResult, { message_id: 'm-0001', recipient: agent_id, delivered: true }],
    [
      'a subscription',
      MessageSubscription,
      { subscription_id: 'sub_0123456789ab', agent_id, message_types: ['event'] },
    ],
    ['a state', AgentState, { agent_id: 'a:default' }],
    ['a context', SessionContext, { session_id: 's', created_at: at, context: {} }],
  ] as const)('%s', ([, schema, input]) => {
    const parsed: unknown = schema.parse(input);
    expect(schema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  test('a subscription names its types once and has at least one', () => {
    const valid = { subscription_id: 'sub_0123456789ab', agent_id };
    for (const message_types of [[], ['event', 'event'], ['rumour']])
      expect(MessageSubscription.safeParse({ ...valid, message_types }).success).toBe(false);
  });
});
