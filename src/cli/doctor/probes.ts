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
