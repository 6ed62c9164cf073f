import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One call of a handler, in whatever process. */
export interface JournalLine {
  readonly path: string;
  readonly key: string;
  readonly attempt: number;
  readonly pid: number;
  readonly input: unknown;
}

const VARIABLE = 'TEST_CALL_JOURNAL';

/** Processes that are started from now on write there what they call; a line survives the death of its writer. */
export function openJournal(): void {
  process.env[VARIABLE] = join(mkdtempSync(join(tmpdir(), 'ao-journal-')), 'calls');
  appendFileSync(process.env[VARIABLE], '');
}

export function journal(line: JournalLine): void {
  appendFileSync(process.env[VARIABLE]!, `${JSON.stringify(line)}\n`);
}

/** The calls for one run, oldest first. */
export function callsOf(runId: string): JournalLine[] {
  return readFileSync(process.env[VARIABLE]!, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine)
    .filter(({ key }) => key.startsWith(`${runId}.`));
}
