import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { startDevProcess, type DevProcess } from '../support/dev-process.ts';
import { openPlayPage } from '../support/play-page.ts';

const AUDIT = readFileSync(join(import.meta.dirname, '../support/page-audit.js'), 'utf8');
const found = await openBrowser();
const browser = 'browser' in found ? found.browser : undefined;

interface Audit {
  readonly findings: string[];
  readonly texts: number;
  /** Pixels that the page is wider than its window. */
  readonly overflow: number;
}

/** What is wrong with the page as it stands. Errors: the audit saw no text at all. */
async function audit(page: Page): Promise<string[]> {
  const { findings, texts, overflow } = await page.evaluate<Audit>(AUDIT);
  expect(texts).toBeGreaterThan(3);
  return overflow > 0 ? [...findings, `the page is ${overflow} pixels too wide`] : findings;
}

describe.skipIf(browser === undefined)('the page is for everybody', () => {
  let fleet: DevProcess;
  beforeAll(async () => {
    fleet = await startDevProcess();
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.[Symbol.asyncDispose]();
  });

  test.for([
    { colorScheme: 'light', width: 1280, height: 800 },
    { colorScheme: 'dark', width: 1280, height: 800 },
    { colorScheme: 'light', width: 360, height: 740 },
    { colorScheme: 'dark', width: 360, height: 740 },
  ] as const)(
    'names, reach, sizes, contrast and width are right: $colorScheme, $width pixels',
    async ({ colorScheme, width, height }) => {
      await using p = await openPlayPage(browser!, fleet.url, { colorScheme, viewport: { width, height } });
      await p.page.getByRole('button', { name: 'Begin' }).waitFor();
      expect(await audit(p.page)).toEqual([]);
      await p.say('look around');
      await p.say(`a very long word: ${'unbreakable'.repeat(30)}`);
      await p.told(2);
      expect(await audit(p.page)).toEqual([]);
      // Every place of the starter world that is near has a mood of its own, and the page takes its colour.
      for (const [index, line] of ['go south', 'go east'].entries()) {
        await p.say(line);
        await p.told(3 + index);
        expect(await audit(p.page)).toEqual([]);
      }
      const here = p.page.getByRole('button', { name: 'Here' });
      if ((await here.getAttribute('aria-expanded')) === 'false') await here.click();
      await p.page.getByRole('complementary').waitFor();
      expect(await audit(p.page)).toEqual([]);
      await p.page.context().setOffline(true);
      await p.say('go west');
      await p.page.getByRole('status').waitFor();
      expect(await audit(p.page)).toEqual([]);
      expect(p.faults).toEqual([]);
    },
  );

  test('the audit finds what it is for', async () => {
    await using p = await openPlayPage(browser!, fleet.url);
    await p.page.getByRole('button', { name: 'Begin' }).waitFor();
    await p.page.evaluate(`{
      document.getElementById('begin').style.color = 'oklch(0.5 0.075 165)';
      document.getElementById('send').replaceChildren();
      document.getElementById('story').removeAttribute('aria-label');
      document.getElementById('show-path').tabIndex = -1;
      document.getElementById('main').style.width = '3000px';
      document.getElementById('main').style.maxWidth = 'none';
    }`);
    expect((await audit(p.page)).join('\n')).toMatch(
      /show-path: cannot be reached[^]*send: has no name[^]*story: is a region[^]*begin: "Begin" has a contrast[^]*too wide/,
    );
  });

  test('a screen reader hears each sentence of the story once, and neither the own line nor the path', async () => {
    await using p = await openPlayPage(browser!, fleet.url);
    await p.page.getByRole('button', { name: 'Begin' }).waitFor();
    const log = p.page.getByRole('log', { name: 'Story' });
    await expect.poll(() => log.getAttribute('aria-live')).toBe('polite');
    await p.page.evaluate(`{
      globalThis.heard = [];
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) for (const node of addedNodes) {
          if (node.nodeType === 1 && node.closest('[aria-live]')?.ariaLive === 'polite' && node.matches('span.sentence'))
            heard.push(node.textContent.trim());
        }
      }).observe(document.getElementById('story'), { childList: true, subtree: true });
    }`);
    await p.say('look around');
    await p.told(1);
    const heard = await p.page.evaluate<string[]>('heard');
    expect(heard.join(' ').replace(/\s+/g, ' ')).toBe((await p.newestText()).replace(/\s+/g, ' '));
    expect(new Set(heard).size).toBe(heard.length);
    for (const part of ['.said', '.path', '.trouble', '.waiting']) {
      expect(await p.page.locator(part).first().getAttribute('aria-live')).toBe('off');
    }
  });

  test('moves nothing for those who ask for calm, and lets sentences fade in for others', async () => {
    const animations = async (reducedMotion: 'reduce' | 'no-preference') => {
      await using p = await openPlayPage(browser!, fleet.url, { reducedMotion });
      await p.say('look around');
      await p.told(1);
      return await p.page.evaluate('getComputedStyle(document.querySelector(".sentence")).animationName');
    };
    expect(await animations('reduce')).toBe('none');
    expect(await animations('no-preference')).toBe('ink');
  });

  test('what is focused is seen, and the skip link leads to the line', async () => {
    await using p = await openPlayPage(browser!, fleet.url);
    await p.page.getByRole('button', { name: 'Begin' }).waitFor();
    const seen: string[] = [];
    for (let presses = 0; presses < 5; presses += 1) {
      await p.page.keyboard.press('Tab');
      seen.push(
        await p.page.evaluate<string>(`(() => {
          const { activeElement: at } = document;
          const marked = at.id === 'line' ? at.closest('form') : at;
          const { outlineStyle, boxShadow } = getComputedStyle(marked);
          const isMarked = outlineStyle !== 'none' || boxShadow !== 'none';
          const { top, bottom } = at.getBoundingClientRect();
          return (at.id || at.className) + (isMarked && top >= 0 && bottom <= innerHeight ? '' : ' unseen');
        })()`),
      );
    }
    expect(seen).toEqual(['skip', 'show-path', 'begin', 'line', 'send']);
  });
});
