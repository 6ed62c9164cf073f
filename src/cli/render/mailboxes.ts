import type { MailboxView } from '../../coordination/messages/operations.ts';
import type { MessageResult } from '../../coordination/models/message.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

/** All mailboxes as a table. */
export function mailboxTable(
  mailboxes: readonly MailboxView[],
  out: { width: number; paint: Paint },
): string[] {
  const rows = mailboxes.map((mailbox) => [
    mailbox.paused ? `${mailbox.agent_id} (paused)` : mailbox.agent_id,
    mailbox.by_priority['9'],
    mailbox.by_priority['5'],
    mailbox.by_priority['1'],
    mailbox.counts.delayed,
    mailbox.counts.reserved,
    mailbox.dlq,
    ageOf(mailbox, null),
  ]);
  const numbers = ['high', 'normal', 'low', 'delayed', 'reserved', 'dlq', 'oldest'];
  return renderTable(
    [
      { header: 'mailbox', isFlexible: true },
      ...numbers.map((header) => ({ header, align: 'right' as const })),
    ],
    rows,
    {
      width: out.width,
      style: (line, row) => {
        if (row < 0) return out.paint.bold(line);
        return mailboxes[row]!.dlq > 0 ? out.paint.red(line) : line;
      },
    },
  );
}

export function mailboxLines(mailbox: MailboxView): string[] {
  const { counts, by_priority: waiting } = mailbox;
  const line = (label: string, value: string | number): string => `${label.padEnd(18)}${value}`;
  return [
    line('mailbox', mailbox.agent_id),
    line('paused', mailbox.paused ? 'yes' : 'no'),
    line('waiting', `${counts.waiting} (high ${waiting['9']}, normal ${waiting['5']}, low ${waiting['1']})`),
    line('delayed', counts.delayed),
    line('reserved', counts.reserved),
    line('dead letters', mailbox.dlq),
    line('oldest waiting', ageOf(mailbox, '-')),
  ];
}

export function sentLines({ message_id: id, recipient, duplicate }: MessageResult): string[] {
  const mailbox = `${recipient.type}:${recipient.instance ?? 'default'}`;
  return [duplicate ? `${id} is in ${mailbox} already` : `${id} is in ${mailbox}`];
}

function ageOf<T>({ oldest_waiting_s: age }: MailboxView, otherwise: T): string | T {
  return age === null ? otherwise : `${age.toFixed(1)} s`;
}
