import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/**
 * Names of the files in which crises wait: `<base>.<host>.<process>.<tag>.jsonl`, one per process, so that several
 * processes share a folder without knowing of each other. Whoever finds one of a process that is gone takes it over by
 * giving it a name of its own; renaming succeeds for one of them.
 */

/** A process that lives touches its file more often than this. */
const STALE_MS = 60_000;
const HOST = hostname().replace(/[^A-Za-z0-9-]/g, '-') || 'host';
/** Tags of this process: a process that is born again often has the number of the one before. */
const OWN_TAGS = new Set<string>();

export function ownName(base: string): string {
  const tag = randomBytes(6).toString('hex');
  OWN_TAGS.add(tag);
  return `${base}.${HOST}.${process.pid}.${tag}.jsonl`;
}

/** Take over what processes that are gone have left, oldest first. @returns the files under their new names */
export async function adoptFiles(base: string): Promise<string[]> {
  const folder = dirname(base);
  const start = `${basename(base)}.`;
  const adopted: string[] = [];
  for (const name of (await readdir(folder).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1))) {
    if (!name.startsWith(start) || !name.endsWith('.jsonl')) continue;
    const [host = '', pid = '', tag = ''] = name.slice(start.length).split('.');
    const path = join(folder, name);
    if (OWN_TAGS.has(tag) || !(await isAbandoned(path, host, Number(pid)))) continue;
    const mine = ownName(base);
    try {
      await rename(path, mine);
      adopted.push(mine);
    } catch {
      // Somebody else was faster.
    }
  }
  return adopted;
}

/** Add lines and return when they are on the disk. Never follows a line that was torn off. */
export async function appendLines(path: string, lines: readonly string[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o600);
  try {
    await file.writeFile(`\n${lines.join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}

/** A new name in a folder is safe only when the folder is on the disk, too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  try {
    await handle?.sync();
  } catch {
    // Some file systems cannot.
  } finally {
    await handle?.close();
  }
}

async function isAbandoned(path: string, host: string, pid: number): Promise<boolean> {
  if (host === HOST && (pid === process.pid || !isAlive(pid))) return true;
  const touched = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
  return Date.now() - touched > STALE_MS;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
