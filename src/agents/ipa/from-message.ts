import { IpaInput } from '../../contracts/intent.ts';
import { contextOf, firstOf, readWork, type FromMessage } from '../message-work.ts';

/** To understand: `text` (or `input`), in the view and after the entity that `context` names. */
export const ipaFromMessage: FromMessage<IpaInput> = (message) => {
  const context = contextOf(message.payload);
  return readWork(
    message,
    IpaInput,
    {
      text: firstOf(message.payload, 'text', 'input'),
      view: { from: 'payload.context.view', value: context['view'] },
      last_entity: { from: 'payload.context.last_entity', value: context['last_entity'] },
    },
    ['text'],
  );
};
