import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Town } from '../support/agents.ts';
import { house } from '../support/capabilities.ts';
import type { CapabilityTask } from '../support/capability-process.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const SCRIPT = join(import.meta.dirname, '../support/capability-process.ts');

async function start(task: CapabilityTask) {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('an agent that is killed is found until its TTL is over, and then no more, though the answer is remembered', async () => {
  await using town = new Town(server.url);
  const asker = house(town);
  const ttlMs = 2000;
  const child = await start({ url: server.url, prefix: town.prefix, instance: 'w1', ttlMs });
  try {
    const find = async () => {
      const answer = await asker.capabilities.discover({ capability_name: 'weave' });
      return {
        isFound: answer.matches.length > 0,
        isHit: answer.cache_hit,
        at: Date.parse(answer.discovery_timestamp),
      };
    };
    // Its heartbeats keep it: it is there for longer than one of them allows.
    const { at: startedAt } = await find();
    for (let at = startedAt; at < startedAt + ttlMs + 200; await sleep(50)) {
      const seen = await find();
      expect(seen).toMatchObject({ isFound: true, isHit: true });
      at = seen.at;
    }

    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const [seconds, micros] = await town.redis.time();
    const killedAt = Number(seconds) * 1000 + Number(micros) / 1000;
    // By the clock of Redis alone: no search that found it began when its time was over.
    for (let seen = await find(); seen.isFound; seen = await find()) {
      expect(seen.at).toBeLessThanOrEqual(killedAt + ttlMs);
      await sleep(20);
    }
    expect(await find()).toMatchObject({ isFound: false, isHit: true });
  } finally {
    child.kill('SIGKILL');
  }
});
