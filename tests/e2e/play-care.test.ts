import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readSupportData } from '../../config/safety-support.ts';
import type { ApiRole } from '../../src/runtime/api-role.ts';
import { createSupporter } from '../../src/safety/support/supporter.ts';
import { startWorkerRole, type WorkerRole } from '../../src/runtime/worker-role.ts';
import { openBrowser } from '../support/browser.ts';
import { ALL_QUEUES } from '../support/harness.ts';
import { MemorySafety } from '../support/memory-safety.ts';
import { openPlayPage } from '../support/play-page.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';
import { startScreenedApi } from '../support/screened-api.ts';

const CRISIS = 'I want to kill myself';
const found = await openBrowser();
const browser = 'browser' in found ? found.browser : undefined;

describe.skipIf(browser === undefined)('the page of somebody in a crisis', () => {
  let redis: TestRedis;
  let safety: MemorySafety;
  let api: ApiRole;
  let workers: WorkerRole;
  beforeAll(async () => {
    redis = await acquireRedis();
    safety = new MemorySafety();
    api = await startScreenedApi(redis.url, safety);
    const { config, log, metrics } = api.core;
    const role = { config, log, metrics, safety, redisUrl: redis.url, queues: ALL_QUEUES };
    workers = await startWorkerRole({ ...role, instance: 'care' });
  });
  afterAll(async () => {
    await browser?.close();
    await workers?.stop();
    await api?.close();
    await redis?.dispose();
  });
  const open = (options = {}) => openPlayPage(browser!, api.url, options);

  test('shows where somebody listens first, as links for telephone, message and page', async () => {
    await using p = await open();
    await p.say('look around');
    await p.told(1);
    await p.say(CRISIS);
    const care = p.page.getByRole('region', { name: 'Help that is there now' });
    await care.waitFor();
    expect(
      await care.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href'))),
    ).toEqual(['tel:988', 'sms:741741?&body=HOME', 'https://988lifeline.org/', 'tel:911']);
    const text = await care.innerText();
    expect(text.indexOf('Call 988')).toBeLessThan(text.indexOf('Thank you for telling me'));
    expect(text).toContain('A person who looks after this place is being told');
    // The story pauses: nothing is offered, and the way to help stays in sight.
    expect(await p.page.getByRole('navigation', { name: 'What you could do' }).isVisible()).toBe(false);
    expect(await p.page.locator('#safety').innerText()).toBe('Help now: Call 988 · In danger: Call 911');
    for (const link of await care.getByRole('link').all()) {
      expect((await link.boundingBox())!.height).toBeGreaterThanOrEqual(28);
    }
    expect(await p.page.getByLabel('What do you do?').isEnabled()).toBe(true);
    expect(p.faults).toEqual([]);

    // Its colours are those of the page, not of an alarm.
    const alarm = await p.page.evaluate(
      "getComputedStyle(document.documentElement).getPropertyValue('--alarm')",
    );
    const colours = await p.page.evaluate(
      "[...document.querySelectorAll('.care, .care *')].map((one) => getComputedStyle(one).color)",
    );
    expect(colours).not.toContain(alarm);
  });

  test('is reached with the keyboard, in the order in which it is read', async () => {
    await using p = await open();
    await p.say(CRISIS);
    await p.page.getByRole('region', { name: 'Help that is there now' }).waitFor();
    await p.page.evaluate("document.getElementById('new-story').focus()");
    const reached: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      await p.page.keyboard.press('Tab');
      reached.push(await p.page.evaluate("document.activeElement.getAttribute('href')"));
    }
    expect(reached).toEqual(['tel:988', 'sms:741741?&body=HOME', 'https://988lifeline.org/', 'tel:911']);
  });

  test('keeps it without a connection and after a reload, and none of what was said', async () => {
    await using p = await open();
    await p.say('look around');
    await p.told(1);
    await p.say(CRISIS);
    const care = p.page.getByRole('region', { name: 'Help that is there now' });
    await care.waitFor();
    expect(JSON.stringify(await p.page.evaluate('({ ...localStorage })'))).not.toMatch(/kill/);
    await p.page.context().setOffline(true);
    expect(await care.isVisible()).toBe(true);
    await p.page.context().setOffline(false);
    await p.page.reload();
    await care.waitFor();
    expect(await p.lines()).toEqual(['look around']);
    // The fleet answers nothing any more.
    await p.page.route('**/v1/**', (route) => route.abort());
    await p.page.reload();
    await care.waitFor();
    await p.page.unroute('**/v1/**');
    await p.page.reload();
    await care.waitFor();

    // Whoever wishes to goes on; the next page begins without it.
    await p.say('go south');
    await expect.poll(() => p.newestText()).toMatch(/village/i);
    await expect.poll(() => p.page.locator('#safety').innerText()).toMatch(/If you are in danger/);
    await p.page.reload();
    await expect.poll(() => p.lines()).toEqual(['look around', 'go south']);
    expect(await care.count()).toBe(0);
  });

  test('says that the story rests while the session is held, and a fair word where only the line may not go on', async () => {
    await using p = await open();
    for (let i = 1; i <= 4; i++) {
      await p.say(i < 4 ? CRISIS : 'look around');
      await expect.poll(() => p.page.locator('.care').count()).toBe(i);
    }
    expect(await p.page.locator('.care h2').last().innerText()).toMatch(/rests until a person has looked in/);
    safety.held.clear();
  });

  test('is in the language of the answer, the words around it too, and keeps it after a reload', async () => {
    const { resources, templates } = readSupportData();
    const spanish = createSupporter(templates, resources, { defaultLocale: 'es', defaultRegion: 'MX' });
    vi.spyOn(safety.supporter, 'answer').mockImplementation((about) => spanish.answer(about));
    await using p = await open({ viewport: { width: 390, height: 780 } });
    await p.say(CRISIS);
    const care = p.page.getByRole('region', { name: 'Ayuda que está ahí ahora' });
    for (const attempt of ['at once', 'after a reload']) {
      await care.waitFor();
      expect(await care.getAttribute('lang'), attempt).toBe('es');
      const text = await care.innerText();
      expect(text, attempt).toContain('Tú vas primero.');
      expect(text, attempt).toContain('Llama al 800 911 2000');
      expect(text, attempt).toContain('avisando a una persona');
      expect(text, attempt).not.toMatch(/Call|danger|listens/);
      expect(await p.page.locator('#safety').innerText(), attempt).toMatch(
        /^Ayuda ahora: .* · En peligro: Llama al 911$/,
      );
      const shots = process.env['SCREENSHOTS'];
      if (shots !== undefined) await p.page.screenshot({ path: `${shots}/care-es.png` });
      if (attempt === 'at once') await p.page.reload();
    }
    expect(p.faults).toEqual([]);
    vi.restoreAllMocks();
  });

  test.for([
    [1280, 'light'],
    [390, 'light'],
    [390, 'dark'],
    [360, 'light'],
    [360, 'dark'],
    [1280, 'dark'],
  ] as const)('fits into %i pixels, %s', async ([width, colorScheme]) => {
    await using p = await open({ viewport: { width, height: 780 }, colorScheme });
    await p.say('look around');
    await p.told(1);
    await p.say(CRISIS);
    await p.page.getByRole('region', { name: 'Help that is there now' }).waitFor();
    expect(await p.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    const first = (await p.page.locator('.care-ways a').first().boundingBox())!;
    expect(first.y).toBeGreaterThanOrEqual(0);
    expect(first.y + first.height).toBeLessThan(780);
    const end = async (): Promise<number> => {
      const box = (await p.page.locator('#safety').boundingBox())!;
      return box.y + box.height;
    };
    await expect.poll(end).toBeLessThanOrEqual(780);
    const shots = process.env['SCREENSHOTS'];
    if (shots !== undefined) await p.page.screenshot({ path: `${shots}/care-${width}-${colorScheme}.png` });
  });
});
