import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FleetError } from '../../kernel/errors.ts';
import { Bm25Index } from '../../models/bm25.ts';
import type { RetrieverPort, TextDocument } from '../../models/retriever-port.ts';

const FOLDER = 'examples/data';

/** The documents below `examples/data`, in a clone and in the installed package alike. */
export function exampleFolder(): string {
  // Sources and built files lie at different depths.
  for (let folder = new URL('./', import.meta.url), last = ''; folder.href !== last;) {
    const found = new URL(`${FOLDER}/`, folder);
    if (existsSync(found)) return fileURLToPath(found);
    last = folder.href;
    folder = new URL('../', folder);
  }
  throw new FleetError({
    code: 'examples_missing',
    kind: 'not_found',
    message: `the documents of the examples are not here: expected a folder ${FOLDER} beside the product`,
  });
}

/**
 * Every `*.md` of a folder: its name, its first heading, and the text below that in one line.
 * Files that have no text are left out.
 */
export async function readDocuments(folder: string): Promise<TextDocument[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).toSorted();
  const documents = await Promise.all(
    names.map(async (name) => toDocument(basename(name, '.md'), await readFile(join(folder, name), 'utf8'))),
  );
  return documents.filter(({ text }) => text !== '');
}

function toDocument(id: string, source: string): TextDocument {
  const [, title = id, text = ''] = /^# (.+)\n([\s\S]*)$/.exec(source) ?? [null, id, source];
  return { id, title: title.trim(), text: text.replace(/\s+/g, ' ').trim() };
}

/** A search over a folder that is read when somebody first asks. */
export function folderRetriever(folder: () => string): RetrieverPort {
  let index: Promise<Bm25Index> | undefined;
  const open = async (): Promise<Bm25Index> => new Bm25Index(await readDocuments(folder()));
  return {
    async search(query, options) {
      index ??= open().catch((error: unknown) => {
        index = undefined; // it may be there next time
        throw error;
      });
      return (await index).search(query, options);
    },
  };
}
