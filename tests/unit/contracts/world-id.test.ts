import { expect, test } from 'vitest';
import { CreateSession } from '../../../src/contracts/session.ts';
import { createKeys } from '../../../src/redis/keys.ts';

test('no world a caller names takes the key of the outbox', () => {
  const keys = createKeys('ao');
  const accepted = (world_id: string): boolean => CreateSession.safeParse({ world_id }).success;
  for (const key of [keys.worldOutbox(), keys.worldOutboxWriter()]) {
    expect(accepted(key.slice(keys.world('').length)), key).toBe(false);
  }
  for (const id of ['outbox_1', 'Outbox', 'my.world']) expect(accepted(id), id).toBe(true);
});
