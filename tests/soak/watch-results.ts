import { Redis } from 'ioredis';

/** Counts what is written to the results of runs, as the server tells it: a result that is written twice counts twice. */
export interface ResultsWatch {
  /** Writes by run id. */
  readonly writes: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export async function watchResults(url: string, prefix: string): Promise<ResultsWatch> {
  const commands = new Redis(url);
  const subscriber = new Redis(url);
  const before = (await commands.config('GET', 'notify-keyspace-events'))[1] ?? '';
  await commands.config('SET', 'notify-keyspace-events', `${before}Kh`);
  const writes = new Map<string, number>();
  subscriber.on('pmessage', (_pattern: string, channel: string, event: string) => {
    if (event !== 'hset') return;
    const runId = channel.slice(channel.indexOf(':wf:') + 4, channel.lastIndexOf(':results'));
    writes.set(runId, (writes.get(runId) ?? 0) + 1);
  });
  await subscriber.psubscribe(`__keyspace@*__:${prefix}:wf:*:results`);
  return {
    writes,
    async stop() {
      await commands.config('SET', 'notify-keyspace-events', before);
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}
