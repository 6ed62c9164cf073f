import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * What a development fleet keeps on disk, below the state folder `.ao`:
 *   dev-<port>/redis       data of its embedded Redis, kept from start to start
 *   dev-<port>/fleet.json  where it listens while it runs, so that other commands find it without any option
 *   dev-<pid>, demo-<pid>  the same for fleets without a fixed port; removed when they end
 */
const DevFleetFile = z.strictObject({
  pid: z.int().positive(),
  redisUrl: z.string(),
  apiUrl: z.string().nullable(),
});
export type DevFleetFile = z.infer<typeof DevFleetFile>;

export interface DevFolder {
  readonly path: string;
  readonly isTemporary: boolean;
}

/** Where `ao dev` with this API port keeps its data; port 0 (any free one) gets a folder of its own. */
export function devFolder(stateDir: string, port: number): DevFolder {
  const isTemporary = port === 0;
  return { path: join(stateDir, isTemporary ? `dev-${process.pid}` : `dev-${port}`), isTemporary };
}

export function demoFolder(stateDir: string): DevFolder {
  return { path: join(stateDir, `demo-${process.pid}`), isTemporary: true };
}

/** Tells other commands where this fleet is. */
export async function rememberDevFleet(folder: DevFolder, file: DevFleetFile): Promise<void> {
  await mkdir(folder.path, { recursive: true });
  await writeFile(join(folder.path, 'fleet.json'), `${JSON.stringify(file, null, 2)}\n`, {
    // The address may carry credentials.
    mode: 0o600,
  });
}

/** Ends what `rememberDevFleet` said; a temporary folder goes with everything in it. */
export async function forgetDevFleet(folder: DevFolder): Promise<void> {
  const target = folder.isTemporary ? folder.path : join(folder.path, 'fleet.json');
  await rm(target, { recursive: true, force: true });
}

/** The development fleet that runs with this API port, or null. */
export async function findDevFleet(stateDir: string, port: number): Promise<DevFleetFile | null> {
  const path = join(devFolder(stateDir, port).path, 'fleet.json');
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const file = DevFleetFile.safeParse(parseJson(text));
  return file.success && isAlive(file.data.pid) ? file.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Signal 0 only asks. A process of another user answers EPERM, and lives. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
