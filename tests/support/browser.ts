import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const ROOT = join(import.meta.dirname, '../..');
/** Where distributions and their users put it. */
const USUAL = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
/** Headless, also as root and in a container, and silent towards the network. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type FoundBrowser = { readonly browser: Browser } | { readonly missing: string };

/**
 * A Chromium with a profile of its own: the one that `CHROMIUM_PATH` names, else one of the usual places, else one
 * brought into `.cache/`. Without any, the reason in words; it is also printed, so that nobody skips in silence.
 */
export async function openBrowser(): Promise<FoundBrowser> {
  try {
    return { browser: await chromium.launch({ executablePath: await findChromium(), args: FLAGS }) };
  } catch (error) {
    const missing = `no browser to test with: ${error instanceof Error ? error.message : String(error)}`;
    console.warn(missing);
    return { missing };
  }
}

async function findChromium(): Promise<string> {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined) return named;
  const usual = USUAL.find((path) => existsSync(path));
  if (usual !== undefined) return usual;
  const { stdout } = await promisify(execFile)('sh', [join(ROOT, 'scripts/bring-chromium')], {
    timeout: 240_000,
    maxBuffer: 10_000_000,
  });
  return stdout.trim();
}
