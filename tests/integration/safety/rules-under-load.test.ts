import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetyData } from '../../../config/safety-data.ts';
import { compileLexicon } from '../../../src/safety/lexicon/compile.ts';
import { compileRules } from '../../../src/safety/rules/compile-rules.ts';
import { startRules } from '../../support/live-rules.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

const SCRIPT = join(import.meta.dirname, '../../support/judging-process.ts');
const WITHIN_MS = 3000;

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

interface Told {
  readonly version?: string;
  readonly judged?: number;
  readonly failed?: number;
  readonly missed?: number;
}

function told(child: ChildProcess, wanted: (message: Told) => boolean): Promise<Told> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('the process ended'));
    child.once('exit', onExit);
    child.on('message', function listen(message: Told) {
      if (!wanted(message)) return;
      child.off('message', listen);
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

test('other rules hold in every busy process within three seconds, and no text goes unjudged', async () => {
  const prefix = testPrefix();
  const children = [0, 1, 2].map(() => fork(SCRIPT, [redis.url, prefix]));
  try {
    await Promise.all(children.map((child) => told(child, ({ version }) => version !== undefined)));
    const lexicons = new Map([['en', compileLexicon(readSafetyData('en'))]]);
    await using operator = await startRules({ redisUrl: redis.url, prefix, lexicons });
    for (const term of ['first moon', 'second moon', 'third moon']) {
      const document = { rules: [{ id: 'own', level: 'blocked', terms: [term] }] };
      const { version } = compileRules(document, { source: 'x' });
      const held = Promise.all(
        children.map((child) => told(child, (message) => message.version === version)),
      );
      const storedAt = performance.now();
      await operator.rules.put(document, { by: 'ops' });
      await held;
      expect(performance.now() - storedAt).toBeLessThan(WITHIN_MS);
    }
    const counts = Promise.all(children.map((child) => told(child, ({ judged }) => judged !== undefined)));
    for (const child of children) child.send('stop');
    for (const { judged, failed, missed } of await counts) {
      expect(judged).toBeGreaterThan(200);
      expect({ failed, missed }).toEqual({ failed: 0, missed: 0 });
    }
  } finally {
    for (const child of children) if (child.exitCode === null && child.connected) child.kill();
  }
}, 60_000);
