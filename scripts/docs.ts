import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED_DOCS } from './docs/generated.ts';

// Writes the documents that are made from code: `npm run docs`. A test says when one of them is stale.

const ROOT = join(import.meta.dirname, '..');
for (const [path, render] of Object.entries(GENERATED_DOCS)) {
  const text = await render();
  if (text === readOrEmpty(join(ROOT, path))) continue;
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`docs: wrote ${path}\n`);
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
