import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';

const PackageFile = z.object({ name: z.string(), version: z.string() });

export const registerVersion: Register = (program, run) => {
  program.command('version').description('versions of ao and Node').action(run<[], object>(version));
};

async function version(context: CommandContext): Promise<number> {
  const { name, version: own } = await readPackage();
  const document = { name, version: own, node: process.versions.node };
  context.out.result(document, [`${name} ${own} (Node ${process.versions.node})`]);
  return EXIT.ok;
}

/** The nearest package.json above this file: sources and built files lie at different depths. */
async function readPackage(): Promise<z.infer<typeof PackageFile>> {
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    const text = await readFile(new URL('package.json', folder), 'utf8').catch(() => null);
    if (text !== null) return PackageFile.parse(JSON.parse(text));
    if (folder.pathname === '/') throw new Error('no package.json above the command line');
  }
}
