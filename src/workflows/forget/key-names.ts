/** `wf_` and a UUID: the part of an id that a run shares with its steps, branches and the runs it calls. */
const ROOT_LENGTH = 39;

export function rootOf(id: string): string {
  return id.slice(0, ROOT_LENGTH);
}

/** Whether an id, or a part of a key that begins with one, belongs to one of the runs. */
export function isOf(roots: ReadonlySet<string>, id: string): boolean {
  const after = id.charAt(ROOT_LENGTH);
  return (after === '' || after === '.' || after === ':') && roots.has(rootOf(id));
}

/** What BullMQ keeps in its own keys beside a job: `<prefix>:<queue>:<job id>[:…]`. */
export function jobOf(key: string, prefix: string): { queue: string; jobId: string; isJob: boolean } | null {
  if (!key.startsWith(`${prefix}:`)) return null;
  const [queue, jobId, ...rest] = key.slice(prefix.length + 1).split(':');
  if (queue === undefined || jobId === undefined || jobId === '') return null;
  return { queue, jobId, isJob: rest.length === 0 };
}

/** A pattern of SCAN that stands for the text itself. */
export function literalPattern(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}
