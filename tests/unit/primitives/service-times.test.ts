import { expect, test } from 'vitest';
import { ServiceTimes } from '../../../src/primitives/durable/service-times.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { RedisStore } from '../../../src/redis/store.ts';

test('a process that ends does not wait for a Redis that is silent', async () => {
  const sent: unknown[][] = [];
  const evalsha = (...args: unknown[]): Promise<never> => {
    sent.push(args);
    return new Promise(() => undefined);
  };
  // Of a connection only this is used.
  const redis = { evalsha } as unknown as RedisStore['redis'];
  const times = new ServiceTimes({
    store: { redis, keys: createKeys('ao') },
    now: () => 120_000,
    onLost: () => undefined,
  });
  times.works('ipa', 'one', 4);
  times.add('ipa', 100, { isError: true });
  times.add('ipa', 100, { isError: false });
  await times.stop();
  const [[, keyCount, key, ...args] = []] = sent;
  expect([keyCount, key]).toEqual([1, 'ao:perf:ipa:2']);
  expect(args).toEqual([7200, 'w:one', 4, 4, 'n', 2, 'ms', 200, 'b94', 2, 'err', 1]);
  await times.stop();
  expect(sent).toHaveLength(1);
});
