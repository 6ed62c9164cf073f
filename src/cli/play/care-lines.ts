import type { OrchestrationResponse } from '../../contracts/turn.ts';
import type { Output } from '../output.ts';
import { printable, wrap } from '../render/text.ts';
import { careWords } from './care-words.ts';

/** `HOME to 741741`: a word, and where it is sent. */
const WORD_TO_NUMBER = /^(\S+) to (.+)$/u;

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
  const words = careWords(crisis.language);
  const said = (template: string, values: Readonly<Record<string, string>>): string =>
    template.replaceAll(/\{(\w+)\}/g, (_, name: string) => bold(printable(values[name] ?? '')));
  const messageOf = (sms: string): string => {
    const [, word, number] = WORD_TO_NUMBER.exec(sms) ?? [];
    return word === undefined || number === undefined
      ? said(words.text, { value: sms })
      : said(words.textWord, { word, number });
  };
  const places = crisis.support_resources.flatMap(({ name, phone, sms, url, hours }) => [
    `  ${bold(printable(name))} ${dim(`(${printable(words.hours[hours] ?? hours)})`)}`,
    ...(phone === undefined ? [] : [`    ${said(words.call, { value: phone })}`]),
    ...(sms === undefined ? [] : [`    ${messageOf(sms)}`]),
    ...(url === undefined ? [] : [`    ${printable(url)}`]),
  ]);
  const emergency = crisis.emergency_contacts
    .map((contact) => bold(printable(contact)))
    .join(` ${words.or} `);
  // A run has told its words already.
  const untold = workflow_metadata.run_id === null ? ['', ...wrap(text, out.textWidth)] : [];
  return [
    bold(crisis.held === true ? words.held : words.title),
    '',
    ...places,
    '',
    `  ${words.inDanger} ${emergency}`,
    ...untold,
    ...(told === 'queued' || told === 'delivered'
      ? ['', ...wrap(words.oversight[told], out.textWidth).map(dim)]
      : []),
  ];
}
