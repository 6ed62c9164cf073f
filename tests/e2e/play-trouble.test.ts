import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { startDevProcess, type DevProcess } from '../support/dev-process.ts';
import { freePort } from '../support/free-port.ts';
import { openPlayPage } from '../support/play-page.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');
const found = await openBrowser();
const browser = 'browser' in found ? found.browser : undefined;
afterAll(() => browser?.close());

describe.skipIf(browser === undefined)('the page in trouble', () => {
  let fleet: DevProcess;
  beforeAll(async () => {
    fleet = await startDevProcess();
  });
  afterAll(() => fleet?.[Symbol.asyncDispose]());
  const open = () => openPlayPage(browser!, fleet.url);

  test('shows what players and stories write as text, never as markup', async () => {
    await using p = await open();
    const line = '<img src=x onerror="document.title=\'broken\'"><b>look</b> around';
    await p.page.route('**/v1/runs/*/result', async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as { output: Record<string, unknown> };
      answer.output['response_text'] = '<script>document.title="broken"</script> is what the wall says.';
      answer.output['next_actions'] = [{ text: '<i>read</i>', intent: 'examine' }];
      await route.fulfill({ response, json: answer });
    });
    await p.say(line);
    await p.told(1);
    expect(await p.lines()).toEqual([line]);
    expect(await p.newestText()).toContain('<script>document.title="broken"</script>');
    await p.page.getByRole('button', { name: '<i>read</i>' }).waitFor();
    expect(await p.page.locator('#story script, #story img, #story b, #choices i').count()).toBe(0);
    expect(await p.page.title()).not.toBe('broken');
    expect(p.faults).toEqual([]);
  });

  test('lets the browser refuse scripts, styles and connections that are not its own', async () => {
    await using p = await open();
    await p.page.getByRole('button', { name: 'Begin' }).waitFor();
    expect(p.faults).toEqual([]);
    await p.page.evaluate(`{
      const style = document.createElement('style');
      style.append('body { color: red }');
      document.head.append(style);
      fetch('http://127.0.0.1:9/').catch(() => undefined);
    }`);
    await expect
      .poll(() => p.faults.filter((fault) => fault.startsWith('policy:')))
      .toEqual([
        expect.stringContaining('policy: style-src'),
        expect.stringContaining('policy: connect-src'),
      ]);
  });

  test.for([
    { status: 429, words: /a lot at once/ },
    { status: 503, words: /busy or resting/ },
  ])('says in human words that it goes on by itself after $status', async ({ status, words }) => {
    await using p = await open();
    let refusals = 0;
    const mayPass = Promise.withResolvers<void>();
    const keys: (string | undefined)[] = [];
    await p.page.route('**/turns', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      keys.push(route.request().headers()['idempotency-key']);
      if (refusals > 0) {
        await mayPass.promise;
        return route.continue();
      }
      refusals += 1;
      return route.fulfill({
        status,
        headers: { 'retry-after': '1' },
        contentType: 'application/problem+json',
        body: JSON.stringify({ status, code: 'REFUSED', detail: 'shard 7 of redis is full' }),
      });
    });
    await p.say('look around');
    await p.page.getByRole('status').getByText(words).waitFor();
    expect(await p.page.getByText('shard 7').count()).toBe(0);
    mayPass.resolve();
    await p.told(1);
    await expect.poll(() => p.page.locator('#notice').isVisible()).toBe(false);
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
  });

  test('sends a line after a reload that could not be sent before it', async () => {
    await using p = await open();
    await p.page.route('**/turns', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    );
    await p.say('look around');
    await p.page
      .getByRole('status')
      .getByText(/cannot be reached/)
      .waitFor();
    await p.page.unroute('**/turns');
    await p.page.reload();
    await p.told(1);
    expect(await p.lines()).toEqual(['look around']);
  });

  test('tells the kind word of a turn that failed for good, and says so where there is none', async () => {
    await using p = await open();
    await p.page.route('**/v1/runs/*/result', (route) =>
      route.fulfill({ status: 409, json: { status: 409, code: 'RUN_NOT_COMPLETED' } }),
    );
    await p.page.route(/\/v1\/runs\/[^/?]+$/, async (route) => {
      const response = await route.fetch();
      const run = (await response.json()) as { output: object };
      const output = { ...run.output, response_text: 'For a moment all is quiet, and nothing has changed.' };
      await route.fulfill({ response, json: { ...run, status: 'failed', output } });
    });
    await p.say('look around');
    await p.told(1);
    expect(await p.newestText()).toBe('For a moment all is quiet, and nothing has changed.');
    await p.page.unroute(/\/v1\/runs\/[^/?]+$/);
    await p.page.route(/\/v1\/runs\/[^/?]+$/, (route) => route.fulfill({ json: { output: null } }));
    await p.say('look around');
    await p.page.locator('.trouble').getByRole('button', { name: 'Try again' }).waitFor();
  });

  test('gives a line back that the fleet refuses for good', async () => {
    await using p = await open();
    await p.page.route('**/turns', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({ status: 422, json: { status: 422, code: 'UNPROCESSABLE' } })
        : route.continue(),
    );
    await p.say('a line that nobody takes');
    await p.page
      .locator('.trouble')
      .getByText(/could not read this line/)
      .waitFor();
    expect(await p.page.getByLabel('What do you do?').inputValue()).toBe('a line that nobody takes');
    await p.page.unroute('**/turns');
    await p.page.locator('.trouble').getByRole('button', { name: 'Try again' }).click();
    await p.told(1);
    expect(await p.lines()).toEqual(['a line that nobody takes']);
  });
});

describe('the files of the page', () => {
  test('are asked for by name, looked at anew each time, and come with a strict policy', async () => {
    await using fleet = await startDevProcess();
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${fleet.url}${path}`, { headers, redirect: 'manual' });
    const page = await get('/play');
    expect(page.headers.get('content-security-policy')).toMatch(
      /default-src 'none';script-src 'self';style-src 'self'/,
    );
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    const html = await page.text();
    expect(html).not.toMatch(/ style=|<style|<script(?![^>]* src=)|\son\w+=|(?:src|href)="https?:/);
    const script = await get('/play/main.js');
    expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
    const etag = script.headers.get('etag')!;
    expect((await get('/play/main.js', { 'if-none-match': etag })).status).toBe(304);
    for (const path of ['/play/nothing.js', '/play/..%2fREADME.md', '/play/%2e%2e%2f%2e%2e%2fpackage.json']) {
      expect((await get(path)).status, path).toBe(404);
    }
    const slash = await get('/play/');
    expect([slash.status, slash.headers.get('location')]).toEqual([308, '../play']);
  });
});

describe.skipIf(browser === undefined)('the page of a fleet that goes away', () => {
  test('keeps what was written meanwhile, and sends it when the fleet is back', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'ao-play-'));
    const place = { cwd, port: await freePort() };
    let fleet: DevProcess | undefined;
    try {
      fleet = await startDevProcess(place);
      await using p = await openPlayPage(browser!, fleet.url);
      await p.say('look around');
      await p.told(1);
      const first = await p.newestText();
      // The prefix of the keys belongs to the process; whoever comes back must have the same.
      const { prefix } = fleet;
      await fleet[Symbol.asyncDispose]();
      await p.say('go south');
      await p.page
        .getByRole('status')
        .getByText(/cannot be reached/)
        .waitFor();
      await p.page.getByLabel('What do you do?').fill('and a draft');
      expect(await p.lines()).toEqual(['look around', 'go south']);

      fleet = await startDevProcess({ ...place, prefix });
      await p.told(2);
      expect(await p.lines()).toEqual(['look around', 'go south']);
      expect(await p.newestText()).toMatch(/village/i);
      expect(await p.page.locator('.told').first().innerText()).toContain(first);
      expect(await p.page.getByLabel('What do you do?').inputValue()).toBe('and a draft');
      await expect.poll(() => p.page.locator('#notice').isVisible()).toBe(false);
      expect(p.faults).toEqual([]);
    } finally {
      await fleet?.[Symbol.asyncDispose]();
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});

describe.skipIf(browser === undefined)('the page of a fleet with keys', () => {
  test('asks for a key, says when it is wrong, and keeps the right one for this tab only', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'ao-play-'));
    try {
      const made = await promisify(execFile)(process.execPath, [
        CLI,
        'keys',
        'generate',
        '--json',
        '--id=player',
        '--roles=user',
      ]);
      const { key, sha256, id, roles } = JSON.parse(made.stdout) as Record<string, unknown>;
      const config = join(cwd, 'fleet.json');
      writeFileSync(config, JSON.stringify({ auth: { api_keys: [{ id, sha256, roles, user_id: 'ann' }] } }));
      await using fleet = await startDevProcess({
        cwd,
        command: [process.execPath, CLI, 'dev', '--json', '--config', config],
      });
      await using p = await openPlayPage(browser!, fleet.url);
      const dialog = p.page.getByRole('dialog', { name: 'This fleet asks for a key' });
      await dialog.getByLabel('API key').fill('ao_player_wrong');
      await p.page.keyboard.press('Enter');
      await dialog.getByText(/was not accepted/).waitFor();
      await dialog.getByLabel('API key').fill(String(key));
      await p.page.keyboard.press('Enter');
      await p.page.getByRole('button', { name: 'Begin' }).click();
      await p.told(1);
      await p.page.reload();
      await p.page.locator('.told p').first().waitFor();
      expect(await p.page.evaluate('sessionStorage.getItem("tta.key")')).toBe(key);
      expect(await p.page.evaluate('JSON.stringify(localStorage)')).not.toContain(key);
      expect(p.page.url()).not.toContain(String(key));
      expect(p.faults).toEqual([]);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});
