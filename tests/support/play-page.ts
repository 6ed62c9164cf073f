import { expect } from 'vitest';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** Slow machines tell a turn in seconds; nobody waits longer than this for anything on the page. */
export const PATIENCE_MS = 20_000;

export interface PlayPage extends AsyncDisposable {
  readonly page: Page;
  /** What a page without fault never has: errors thrown, errors logged, and breaches of its policy. */
  readonly faults: readonly string[];
  /** Writes a line and sends it with Enter. */
  say(line: string): Promise<void>;
  /** Waits until so many turns are told. */
  told(count: number): Promise<void>;
  /** The player's lines that are shown, in order. */
  lines(): Promise<string[]>;
  /** The text of the newest turn, without the line and the path. */
  newestText(): Promise<string>;
}

/** Every response with status 400 and above is logged by the browser itself; those a test causes are no faults. */
const LOGGED_BY_BROWSER = /^Failed to load resource/;

/** The page in a browser profile of its own, without motion unless the test wants it. */
export async function openPlayPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<PlayPage> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !LOGGED_BY_BROWSER.test(message.text())) faults.push(message.text());
  });
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));",
  );
  await page.goto(`${url}/play`);
  const said = page.locator('.said');
  return {
    page,
    faults,
    async say(line) {
      await page.getByLabel('What do you do?').fill(line);
      await page.keyboard.press('Enter');
    },
    async told(count) {
      await expect
        .poll(() => page.locator('article[aria-busy="false"] .told p:first-child').count(), {
          timeout: PATIENCE_MS,
        })
        .toBe(count);
    },
    lines: async () => (await said.allTextContents()).map((text) => text.replace(/^You: /, '')),
    newestText: async () => (await page.locator('.told').last().innerText()).trim(),
    [Symbol.asyncDispose]: () => context.close(),
  };
}
