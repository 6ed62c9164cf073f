import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';

/** Whether this process could listen there. Port 0 always can. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  if (port === 0) return true;
  const server = createServer();
  const { promise, resolve: answer } = Promise.withResolvers<boolean>();
  server.once('error', () => answer(false));
  server.listen({ host, port, exclusive: true }, () => answer(true));
  const isFree = await promise;
  if (isFree) await new Promise((closed) => server.close(closed));
  return isFree;
}

const ANSWER_LIMIT_MS = 1_000;

/** Whether a process of a fleet listens there. */
export async function answersAlive(host: string, port: number): Promise<boolean> {
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const authority = reached.includes(':') ? `[${reached}]` : reached;
  try {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const answer: unknown = await (await fetch(`http://${authority}:${port}/livez`, { signal })).json();
    return typeof answer === 'object' && answer !== null && 'status' in answer && answer.status === 'alive';
  } catch {
    return false; // whoever it is, it speaks otherwise
  }
}

/** Whether the folder may be written, or created when it does not exist yet. Writes nothing. */
export async function isWritable(path: string): Promise<boolean> {
  let folder = resolve(path);
  for (;;) {
    if (await may(folder, constants.F_OK)) return may(folder, constants.W_OK | constants.X_OK);
    const parent = dirname(folder);
    if (parent === folder) return false;
    folder = parent;
  }
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
