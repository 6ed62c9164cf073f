import { createHash, randomUUID } from 'node:crypto';
import { constants, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { refused } from './effect-buffer.ts';

/** Files below one folder. A path that leaves it, also through a link, is refused. */
export interface TempFiles {
  /** Null: there is none. Errors: effect_refused */
  read(file: string): Promise<Buffer | null>;
  /** As a whole or not at all, for whoever reads it. Errors: effect_refused */
  write(file: string, content: Buffer): Promise<void>;
  /** Errors: effect_refused */
  remove(file: string): Promise<void>;
}

const READ_NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW;

export const MAX_FILE_BYTES = 256 * 1024;

export function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Errors: effect_refused when no folder is configured, or it does not exist. */
export function tempFiles(root: string | null): TempFiles {
  /** The real path of a file, whose folder may have to be made. */
  async function place(file: string, makesFolder: boolean): Promise<string | null> {
    if (root === null) throw refused('files need a folder of their own: set workflow.temp_root');
    const real = await realpath(root).catch((error: unknown) => {
      throw refused(`the folder ${root} (workflow.temp_root) cannot be used: ${messageOf(error)}`);
    });
    let folder = real;
    for (const part of file.split('/').slice(0, -1)) {
      const next = join(folder, part);
      if (makesFolder) await mkdir(next).catch(unless('EEXIST'));
      const resolved = await realpath(next).catch(unless('ENOENT'));
      if (resolved === undefined) return null;
      if (!resolved.startsWith(real + sep)) throw refused(`"${file}" leaves the folder through a link`);
      folder = resolved;
    }
    return join(folder, file.split('/').at(-1)!);
  }

  return {
    async read(file) {
      const path = await place(file, false);
      if (path === null) return null;
      const handle = await open(path, READ_NO_LINK).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null;
        if (codeOf(error) === 'ELOOP') throw refused(`"${file}" is a link`);
        throw error;
      });
      if (handle === null) return null;
      try {
        const { size } = await handle.stat();
        if (size > MAX_FILE_BYTES) {
          throw refused(`"${file}" holds ${size} bytes; at most ${MAX_FILE_BYTES} can be put back`);
        }
        return await readFile(handle);
      } finally {
        await handle.close();
      }
    },
    async write(file, content) {
      const path = (await place(file, true))!;
      const beside = join(dirname(path), `.${randomUUID()}.part`);
      const handle = await open(beside, 'wx');
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      // Takes the place of a link instead of following it.
      await rename(beside, path).catch(async (error: unknown) => {
        await rm(beside, { force: true });
        throw codeOf(error) === 'EISDIR' ? refused(`"${file}" is a folder`) : error;
      });
    },
    async remove(file) {
      const path = await place(file, false);
      if (path !== null) await rm(path, { force: true });
    },
  };
}

function unless(code: string): (error: unknown) => undefined {
  return (error) => {
    if (codeOf(error) !== code) throw error;
    return undefined;
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
