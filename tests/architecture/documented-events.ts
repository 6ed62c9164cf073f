import { readDoc, tables } from './markdown.ts';

export interface DocumentedEvent {
  /** Fields of `data`. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** The first table of docs/events.md, by type. */
export function documentedEvents(): Map<string, DocumentedEvent> {
  return new Map(
    rowsBelow('type,when,data').map(([type = '', , data = '']) => {
      const fields = namesIn(data);
      return [
        type,
        {
          required: fields.filter((name) => !name.endsWith('?')),
          optional: fields.filter((name) => name.endsWith('?')).map((name) => name.slice(0, -1)),
        },
      ];
    }),
  );
}

/** The fields that the second table explains. */
export function documentedEventFields(): string[] {
  return rowsBelow('field,meaning').flatMap(([name = '']) => namesIn(name));
}

function rowsBelow(head: string): string[][] {
  return tables(readDoc('docs/events.md'))
    .filter((table) => table.head.join() === head)
    .flatMap(({ rows }) => rows);
}

/** A cell that is one code span has lost its backticks. */
function namesIn(cell: string): string[] {
  return cell.match(/\w+\??/g) ?? [];
}
