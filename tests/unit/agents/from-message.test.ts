import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { workOf } from '../../../src/agents/message-adapters.ts';
import { IpaInput } from '../../../src/contracts/intent.ts';
import { NgaInput } from '../../../src/contracts/narrative.ts';
import { WbaInput } from '../../../src/contracts/world.ts';
import { PermanentFailure } from '../../../src/coordination/errors.ts';
import { AgentMessage } from '../../../src/coordination/models/message.ts';
import { createStarterWorld } from '../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../src/sessions/world/view.ts';

const AT = '2026-01-01T00:00:00.000Z';
const TYPES = ['input_processor', 'world_builder', 'narrative_generator'] as const;

function messageTo(type: string, payload: object): AgentMessage {
  return AgentMessage.parse({
    message_id: 'message-1',
    sender: { type: 'caller', instance: 'c1' },
    recipient: { type },
    message_type: 'request',
    payload,
    timestamp: AT,
  });
}

function refusalOf(type: string, payload: object): string {
  try {
    workOf(messageTo(type, payload));
  } catch (error) {
    expect(error).toBeInstanceOf(PermanentFailure);
    return (error as Error).message;
  }
  return expect.unreachable('it was accepted');
}

test('[C7] a message is read as the agent reads it that works on it, whoever it was for', () => {
  const forEcho = messageTo('echo', { text: 'go north', required_capabilities: ['text_analysis'] });
  expect(workOf(forEcho, 'input_processor').input).toEqual({ text: 'go north' });
  expect(workOf(forEcho).input).toEqual(forEcho.payload);
});

describe('a message to the input processor', () => {
  const view = viewOf(createStarterWorld('w1', AT));

  test('is its text, in the view it names', () => {
    const payload = { text: ' go north ', session_id: 's1', context: { view, mood: 'calm' } };
    const work = workOf(messageTo('input_processor', payload));
    expect(work).toEqual({
      input: { text: 'go north', view },
      session_id: 's1',
      context: { view, mood: 'calm' },
      metadata: { message_id: 'message-1', timestamp: AT, sender: 'caller:c1' },
    });
    expect(IpaInput.parse(work.input)).toEqual(work.input);
  });

  test('may call it input', () => {
    expect(workOf(messageTo('input_processor', { input: 'look' }))).toMatchObject({
      input: { text: 'look' },
      session_id: null,
      context: {},
    });
  });

  test.for([
    [{}, 'payload.text: is required'],
    [{ text: null, input: null }, 'payload.text: is required'],
    [{ text: '  ' }, 'payload.text: text is empty'],
    [{ input: 7 }, 'payload.input: '],
    [{ text: 'x', context: { view: { secret: 'hunter2' } } }, 'payload.context.view'],
    [{ text: 'x', context: [] }, 'payload.context: expected an object'],
    [{ text: 'x', session_id: 7 }, 'payload.session_id: expected a text'],
  ] as const)('%j is refused for good: %s', ([payload, why]) => {
    const message = refusalOf('input_processor', payload);
    expect(message).toContain(why);
    expect(message).not.toContain('hunter2');
  });
});

describe('a message to the world builder', () => {
  test('fetches a world unless it says otherwise', () => {
    const work = workOf(messageTo('world_builder', { world_id: 'w1' }));
    expect(work.input).toEqual({ world_id: 'w1', action: 'fetch', operations: [] });
    expect(WbaInput.parse(work.input)).toEqual(work.input);
  });

  test('means the world of its session when it names none, and writes its updates', () => {
    const updates = [{ op: 'take', object: 'lamp' }];
    expect(workOf(messageTo('world_builder', { session_id: 's1', updates }))).toMatchObject({
      input: { world_id: 's1', action: 'update', operations: updates },
      session_id: 's1',
    });
  });

  test('is refused with everything that is wrong at once', () => {
    const message = refusalOf('world_builder', { action: 'destroy', updates: [{ op: 'explode' }] });
    for (const field of ['payload.world_id: is required', 'payload.action: ', 'payload.updates.0'])
      expect(message).toContain(field);
  });
});

describe('a message to the narrative generator', () => {
  test('is told from its prompt and what its context holds', () => {
    const payload = { prompt: 'the sea', session_id: 's1', context: { turn: 3, summary: 'You came.' } };
    const work = workOf(messageTo('narrative_generator', payload));
    expect(work.input).toMatchObject({
      player_text: 'the sea',
      turn: 3,
      summary: 'You came.',
      session_id: 's1',
    });
    expect(NgaInput.parse(work.input)).toEqual(work.input);
  });

  test('answers what the player said', () => {
    const payload = { text: 'the sea', player_input: 'swim' };
    expect(workOf(messageTo('narrative_generator', payload)).input).toMatchObject({ player_text: 'swim' });
  });

  test.for([
    [{ player_input: 'swim' }, 'payload.prompt: is required'],
    [{ prompt: ' ' }, 'payload.prompt: expected a text'],
    [{ text: 'x', context: { turn: -1 } }, 'payload.context.turn'],
  ] as const)('%j is refused for good: %s', ([payload, why]) => {
    expect(refusalOf('narrative_generator', payload)).toContain(why);
  });
});

test('an agent of another type gets the payload as it is', () => {
  const payload = { anything: [1, { at: 'all' }] };
  expect(workOf(messageTo('my-custom_Type1', payload)).input).toEqual(payload);
});

test('no payload makes an adapter fail in another way than for good', () => {
  const names = fc.constantFrom(
    'text',
    'input',
    'world_id',
    'session_id',
    'updates',
    'action',
    'context',
    'prompt',
  );
  const payloads = fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), payloads, (type, payload) => {
      try {
        workOf(messageTo(type, payload));
      } catch (error) {
        expect(error).toBeInstanceOf(PermanentFailure);
      }
    }),
  );
});
