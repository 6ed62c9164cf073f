import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const LastSession = z.strictObject({ session: z.string().min(1) });

/** The session that `ao play` was in last, at a fleet that stays. It may be gone there. */
export async function readLastSession(stateDir: string): Promise<string | undefined> {
  try {
    return LastSession.parse(JSON.parse(await readFile(fileOf(stateDir), 'utf8'))).session;
  } catch {
    // Never played here, or not readable: a new story is no loss.
    return undefined;
  }
}

export async function rememberSession(stateDir: string, session: string): Promise<void> {
  await mkdir(dirname(fileOf(stateDir)), { recursive: true });
  await writeFile(fileOf(stateDir), `${JSON.stringify({ session })}\n`);
}

function fileOf(stateDir: string): string {
  return join(stateDir, 'play.json');
}
