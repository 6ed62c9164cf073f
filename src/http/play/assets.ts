import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FleetError } from '../../kernel/errors.ts';

const FOLDER = 'public/play';
export const INDEX = 'index.html';
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface Asset {
  readonly body: Buffer;
  readonly contentType: string;
  /** Strong, of the content. */
  readonly etag: string;
}

/**
 * The files of the page by their names. They are read once and asked for by name, so no path of a request ever
 * reaches the disk.
 *
 * Errors: play_page_missing (internal) when the installation lacks them
 */
export function readPlayAssets(folder: string = ownFolder()): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const body = readFileSync(join(folder, name));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    assets.set(name, { body, contentType, etag });
  }
  if (!assets.has(INDEX)) throw missing(`${folder} holds no ${INDEX}`);
  return assets;
}

/** Sources and built files lie at different depths below it. */
function ownFolder(): string {
  for (let folder = new URL('./', import.meta.url), last = ''; folder.href !== last;) {
    const found = new URL(FOLDER, folder);
    if (existsSync(found)) return fileURLToPath(found);
    last = folder.href;
    folder = new URL('../', folder);
  }
  throw missing(`this installation has no folder ${FOLDER}`);
}

function missing(message: string): FleetError {
  return new FleetError({ code: 'play_page_missing', kind: 'internal', message });
}
