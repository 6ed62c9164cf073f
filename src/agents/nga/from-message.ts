import { z } from 'zod';
import { NgaInput } from '../../contracts/narrative.ts';
import { contextOf, firstOf, readWork, type FromMessage } from '../message-work.ts';

/** What a story is asked for; `prompt` is told of where the player said nothing. */
const Asked = NgaInput.omit({ player_text: true, neutral_only: true })
  .extend({
    prompt: z.string().trim().min(1, 'expected a text that is not empty'),
    player_input: z.string().optional(),
    intent: NgaInput.shape.intent.default(null),
    world: NgaInput.shape.world.default(null),
    view: NgaInput.shape.view.default(null),
    recent_turns: NgaInput.shape.recent_turns.default([]),
    turn: NgaInput.shape.turn.default(0),
  })
  .transform(({ prompt, player_input, ...rest }): NgaInput => ({
    ...rest,
    player_text: player_input ?? prompt,
  }));

const OF_CONTEXT = [
  'intent',
  'world',
  'view',
  'recent_turns',
  'summary',
  'emotional_state',
  'therapeutic_context',
  'turn',
  'style',
] as const;

/** To tell: `prompt` (or `text`), after what the player said (`player_input`), from what `context` holds. */
export const ngaFromMessage: FromMessage<NgaInput> = (message) => {
  const { payload } = message;
  const context = contextOf(payload);
  const known = OF_CONTEXT.map((name) => [name, { from: `payload.context.${name}`, value: context[name] }]);
  return readWork(
    message,
    Asked,
    {
      prompt: firstOf(payload, 'prompt', 'text'),
      player_input: { from: 'payload.player_input', value: payload['player_input'] },
      session_id: { from: 'payload.session_id', value: payload['session_id'] },
      ...Object.fromEntries(known),
    },
    ['prompt'],
  );
};
