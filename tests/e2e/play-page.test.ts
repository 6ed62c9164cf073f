import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { startDevProcess, type DevProcess } from '../support/dev-process.ts';
import { openPlayPage } from '../support/play-page.ts';

const found = await openBrowser();
const browser = 'browser' in found ? found.browser : undefined;

describe.skipIf(browser === undefined)('the page to play on', () => {
  let fleet: DevProcess;
  beforeAll(async () => {
    fleet = await startDevProcess();
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.[Symbol.asyncDispose]();
  });
  const open = (options = {}) => openPlayPage(browser!, fleet.url, options);

  test('greets whoever comes first, and begins with one press', async () => {
    await using p = await open();
    await p.page.getByRole('heading', { name: /A small world/ }).waitFor();
    expect(await p.page.getByText(/If you are in danger/).isVisible()).toBe(true);
    await p.page.getByRole('button', { name: 'Begin' }).click();
    await p.told(1);
    expect(await p.lines()).toEqual(['look around']);
    expect(await p.newestText()).toMatch(/.{60}/);
    expect(await p.page.getByRole('heading', { name: /A small world/ }).isVisible()).toBe(false);
    expect(await p.page.getByText(/If you are in danger/).isVisible()).toBe(true);
    expect(p.faults).toEqual([]);
  });

  test('is played with the keyboard alone, and gives earlier lines back on arrow up', async () => {
    await using p = await open();
    await p.page.getByRole('button', { name: 'Begin' }).waitFor();
    await p.page.keyboard.press('Tab');
    await p.page.keyboard.press('Enter');
    expect(await p.page.evaluate('document.activeElement.id')).toBe('line');
    for (const [index, line] of ['look around', 'go south', 'talk to the wise elder'].entries()) {
      await p.page.keyboard.type(line);
      await p.page.keyboard.press('Enter');
      await p.told(index + 1);
    }
    expect(await p.lines()).toEqual(['look around', 'go south', 'talk to the wise elder']);
    expect(await p.newestText()).toMatch(/elder/);
    await p.page.keyboard.press('ArrowUp');
    await p.page.keyboard.press('ArrowUp');
    expect(await p.page.getByLabel('What do you do?').inputValue()).toBe('go south');
    expect(await p.page.evaluate('document.activeElement.id')).toBe('line');
    expect(p.faults).toEqual([]);
  });

  test('offers choices as buttons and by number', async () => {
    await using p = await open();
    await p.say('look around');
    await p.told(1);
    const choices = p.page.getByRole('navigation', { name: 'What you could do' }).getByRole('button');
    const first = await choices.first().innerText();
    await choices.first().click();
    await p.told(2);
    const second = await choices.nth(1).innerText();
    await p.say('2');
    await p.told(3);
    expect(await p.lines()).toEqual(['look around', first, second]);
  });

  test('shows the way of a turn through the three agents, until it is told not to', async () => {
    await using p = await open();
    await p.say('go south');
    await p.told(1);
    const path = p.page.getByRole('list', { name: 'Path of this turn' });
    const steps = path.locator('[data-state="done"]');
    expect(await steps.allInnerTexts()).toEqual([
      expect.stringMatching(/^IPA\s+\d+ ms$/),
      expect.stringMatching(/^WBA\s+\d+ ms$/),
      expect.stringMatching(/^NGA\s+\d+ ms$/),
      expect.stringMatching(/^settled\s+[\d.]+ m?s$/),
    ]);
    const toggle = p.page.getByRole('button', { name: 'Path', exact: true });
    await toggle.click();
    expect(await path.isVisible()).toBe(false);
    expect(await toggle.getAttribute('aria-pressed')).toBe('false');
    await p.page.reload();
    await p.page.locator('article').waitFor();
    expect(await toggle.getAttribute('aria-pressed')).toBe('false');
  });

  test('shows where the player is, who and what is there, and what is carried', async () => {
    await using p = await open({ viewport: { width: 1280, height: 800 } });
    await p.say('go south');
    await p.told(1);
    const place = p.page.getByRole('complementary', { name: 'village center' });
    await place.getByRole('button', { name: /wise elder/ }).click();
    await p.told(2);
    expect(await p.lines()).toEqual(['go south', 'talk to the wise elder']);
    await place.getByRole('button', { name: /^north/ }).click();
    await p.told(3);
    expect(await p.page.getByRole('complementary', { name: 'forest clearing' }).isVisible()).toBe(true);
  });

  test('on a phone, the place lies over the story wherever one reads, and makes way for what is done there', async () => {
    await using p = await open({ viewport: { width: 360, height: 740 } });
    for (const [index, line] of ['go south', 'look around', 'rest'].entries()) {
      await p.say(line);
      await p.told(index + 1);
    }
    expect(await p.page.evaluate('scrollY')).toBeGreaterThan(300);
    await p.page.getByRole('button', { name: 'Here' }).click();
    const place = p.page.getByRole('complementary', { name: 'village center' });
    const box = (await place.boundingBox())!;
    expect(box.y).toBeGreaterThan(0);
    expect(box.y + box.height).toBeLessThan(740);
    await place.getByRole('button', { name: /wise elder/ }).click();
    await p.told(4);
    expect(await place.isVisible()).toBe(false);
  });

  test('has the same story after a reload, and another one on demand', async () => {
    await using p = await open();
    await p.say('look around');
    await p.say('go south');
    await p.told(2);
    const texts = await p.page.locator('.told').allInnerTexts();
    await p.page.getByLabel('What do you do?').fill('not sent yet');
    await p.page.reload();
    await expect.poll(() => p.page.locator('.told').allInnerTexts()).toEqual(texts);
    expect(await p.lines()).toEqual(['look around', 'go south']);
    expect(await p.page.getByLabel('What do you do?').inputValue()).toBe('not sent yet');
    await p.page.getByRole('navigation', { name: 'What you could do' }).waitFor();

    await p.page.getByRole('button', { name: 'New story' }).click();
    await p.page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
    expect(await p.lines()).toHaveLength(2);
    await p.page.getByRole('button', { name: 'New story' }).click();
    await p.page.getByRole('dialog').getByRole('button', { name: 'Begin anew' }).click();
    await p.page.getByRole('heading', { name: /A small world/ }).waitFor();
    expect(await p.lines()).toEqual([]);
    await p.page.reload();
    await p.page.getByRole('heading', { name: /A small world/ }).waitFor();
    expect(p.faults).toEqual([]);
  });

  test('takes further lines while a turn goes on, and tells them in their order', async () => {
    await using p = await open();
    const lines = ['look around', 'go south', 'wait', 'go north'];
    for (const line of lines) await p.say(line);
    await p.told(4);
    expect(await p.lines()).toEqual(lines);
    const texts = await p.page.locator('.told').allInnerTexts();
    expect(texts[1]).toMatch(/village/i);
    expect(texts[3]).toMatch(/forest|clearing/i);
  });

  test('tells a text while it is written, and repeats nothing when it is whole', async () => {
    await using p = await open();
    const isWhole = Promise.withResolvers<void>();
    const pieces = ['Once there ', 'was rain. It ', 'fell on the hills. And the'];
    await p.page.route('**/v1/runs/*/tokens', (route) =>
      route.fulfill({
        contentType: 'text/event-stream',
        body: pieces
          .map(
            (text, seq) =>
              `id: 1-${seq}\ndata: ${JSON.stringify({ step: 'nga', attempt: 1, seq, text })}\n\n`,
          )
          .concat('event: end\ndata: {}\n\n')
          .join(''),
      }),
    );
    await p.page.route('**/v1/runs/*/result', async (route) => {
      const response = await route.fetch();
      await isWhole.promise;
      const answer = (await response.json()) as { output: { response_text: string } };
      answer.output.response_text = 'Once there was rain. It fell on the hills. And the sun came.';
      await route.fulfill({ response, json: answer });
    });
    await p.say('look around');
    const sentences = p.page.locator('.told .sentence');
    await expect
      .poll(() => sentences.allInnerTexts())
      .toEqual([
        expect.stringContaining('Once there was rain.'),
        expect.stringContaining('It fell on the hills.'),
      ]);
    await p.page.evaluate('document.querySelector(".sentence").mark = true');
    isWhole.resolve();
    await p.told(1);
    await expect.poll(() => sentences.count()).toBe(3);
    expect(await p.newestText()).toBe('Once there was rain. It fell on the hills. And the sun came.');
    expect(await p.page.evaluate('document.querySelector(".sentence").mark')).toBe(true);
  });
});
