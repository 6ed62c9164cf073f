import type { OrchestrationResponse } from '../../contracts/turn.ts';
import type { Output } from '../output.ts';
import { printable, wrap } from '../render/text.ts';

/** Care in the place of a story: where somebody listens first, then the words. Nothing for any other answer. */
export function careLines(
  {
    crisis_response: crisis,
    human_oversight_notified: told,
    response_text: text,
    workflow_metadata,
  }: OrchestrationResponse,
  out: Output,
): string[] {
  if (crisis === undefined) return [];
  const { bold, dim } = out.paint;
  const title =
    crisis.held === true
      ? 'The story rests until a person has looked in on you.'
      : 'You come first. The story can wait.';
  const places = crisis.support_resources.flatMap(({ name, phone, sms, url, hours }) => [
    `  ${bold(printable(name))} ${dim(`(${printable(hours)})`)}`,
    ...(phone === undefined ? [] : [`    call ${bold(printable(phone))}`]),
    ...(sms === undefined ? [] : [`    text ${bold(printable(sms))}`]),
    ...(url === undefined ? [] : [`    ${printable(url)}`]),
  ]);
  const emergency = crisis.emergency_contacts.map((contact) => bold(printable(contact))).join(' or ');
  // A run has told its words already.
  const words = workflow_metadata.run_id === null ? ['', ...wrap(text, out.textWidth)] : [];
  return [
    bold(title),
    '',
    ...places,
    '',
    `  In danger right now: ${emergency}`,
    ...words,
    ...(told === 'queued' || told === 'delivered'
      ? ['', ...wrap(OVERSIGHT[told], out.textWidth).map(dim)]
      : []),
  ];
}

const OVERSIGHT = {
  queued:
    'A person who looks after this place is being told that you may need somebody. Your words are not passed on.',
  delivered:
    'A person who looks after this place knows that you may need somebody. Your words were not passed on.',
} as const;
