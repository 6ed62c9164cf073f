import type { MessageAuditEntry } from '../../coordination/messages/operations.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

const BAD: ReadonlySet<string> = new Set(['dead_lettered', 'refused', 'nacked']);

/** What happened to messages as a table. */
export function messageAuditTable(
  entries: readonly MessageAuditEntry[],
  out: { width: number; paint: Paint },
): string[] {
  const rows = entries.map((entry) => [
    entry.at,
    entry.event,
    entry.message_id,
    entry.sender,
    entry.recipient,
    entry.attempts,
    entry.payload_bytes,
    entry.error ?? '',
  ]);
  return renderTable(
    [
      { header: 'at' },
      { header: 'event' },
      { header: 'message', isFlexible: true },
      { header: 'from', isFlexible: true },
      { header: 'mailbox', isFlexible: true },
      { header: 'attempts', align: 'right' },
      { header: 'bytes', align: 'right' },
      { header: 'error', isFlexible: true },
    ],
    rows,
    {
      width: out.width,
      style: (line, row) => {
        if (row < 0) return out.paint.bold(line);
        return BAD.has(entries[row]!.event) ? out.paint.red(line) : line;
      },
    },
  );
}
