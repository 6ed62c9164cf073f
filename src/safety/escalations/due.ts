/**
 * What must be done, and when. An entry is written by the same script as the record that asks for it and leaves when it
 * is done, so that whatever dies in between, the round of the safety workers finds it.
 *
 * `tell|<intervention>|<round>`   people must be told of an intervention (written with the crisis itself)
 * `page|<escalation>|<step>`      the pages of a step must be put on their queue
 * `ack|<escalation>|<step>`       nobody may have acknowledged until then
 * `mirror|<escalation>|<version>` the intervention does not know yet what became of its escalation
 * `follow_up|<intervention>|<round>` somebody wants to look again
 */
export const DUE_KINDS = ['tell', 'page', 'ack', 'mirror', 'follow_up'] as const;
export type DueKind = (typeof DUE_KINDS)[number];

export interface DueEntry {
  readonly kind: DueKind;
  readonly id: string;
  readonly n: number;
}

export function dueMember(kind: DueKind, id: string, n: number): string {
  return `${kind}|${id}|${n}`;
}

/** Null for what others have written there. */
export function readDueMember(member: string): DueEntry | null {
  const [kind = '', id, n, ...rest] = member.split('|');
  if (id === undefined || n === undefined || rest.length > 0 || !/^\d+$/.test(n)) return null;
  const known = DUE_KINDS.find((one) => one === kind);
  return known === undefined ? null : { kind: known, id, n: Number(n) };
}
