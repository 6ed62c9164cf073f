import { toBackendError } from '../../redis/script.ts';
import type { EffectEntry } from '../../primitives/durable/effect-records.ts';
import type { WorkflowContext } from '../context.ts';
import type { Traces } from './find-traces.ts';

const BATCH = 500;

/** Remove what runs have left: their keys, what they keep by name, and their places in the lists of the fleet. */
export async function removeRecords(
  ctx: WorkflowContext,
  runIds: readonly string[],
  traces: Pick<Traces, 'keys' | 'jobs'>,
): Promise<void> {
  const { redis, keys } = ctx.store;
  const records = traces.keys.filter((key) => key.startsWith(keys.run('')));
  const ids = [...new Set([...runIds, ...records.map((key) => key.slice(keys.run('').length))])];
  const letters = [...traces.jobs].flatMap(([queue, jobs]) => [...jobs].map((id) => `${queue}~${id}`));
  try {
    for (const id of ids) await removeOwnKeys(ctx, id);
    for (const some of batches(ids)) {
      for (const index of [keys.runIndex(), keys.deadlines(), keys.unexplained()])
        await redis.zrem(index, ...some);
    }
    for (const some of batches(letters)) await redis.hdel(keys.deadLetterReplays(), ...some);
    for (const some of batches(traces.keys)) await redis.unlink(...some);
  } catch (error) {
    throw toBackendError(error, 'removing what runs have left');
  }
}

/** What a graph outside has not been told of a world yet, it is never told. */
export async function removePatches(
  { redis, keys }: WorkflowContext['store'],
  worldId: string,
): Promise<void> {
  try {
    let after = '-';
    for (;;) {
      const entries = await redis.xrange(keys.worldOutbox(), after, '+', 'COUNT', BATCH);
      const ours = entries.filter(([, flat]) => {
        const fieldOf = (name: string) => flat[flat.findIndex((text, i) => i % 2 === 0 && text === name) + 1];
        return fieldOf('world_id') === worldId && fieldOf('kind') !== 'forget';
      });
      if (ours.length > 0) await redis.xdel(keys.worldOutbox(), ...ours.map(([id]) => id));
      const last = entries.at(-1);
      if (last === undefined || entries.length < BATCH) return;
      after = `(${last[0]}`;
    }
  } catch (error) {
    throw toBackendError(error, 'removing what a graph was to be told');
  }
}

/** What a step keeps by name belongs to all runs, so it goes only where it still says what this run made it say. */
async function removeOwnKeys({ store }: WorkflowContext, runId: string): Promise<void> {
  const ledger = await store.redis.hgetall(store.keys.runEffects(runId));
  for (const [field, text] of Object.entries(ledger)) {
    if (!field.startsWith('e:')) continue;
    // Written by our own scripts only.
    const entry = JSON.parse(text) as EffectEntry;
    if (entry.kind !== 'redis_key' || entry.value === null) continue;
    const key = store.keys.own(entry.name);
    if ((await store.redis.get(key)) === entry.value) await store.redis.del(key);
  }
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += BATCH) yield items.slice(i, i + BATCH);
}
