import { describe, expect, it } from 'vitest';
import { remoteOperations } from '../../../src/cli/remote-operations.ts';
import { createFleetClient } from '../../../src/client/client.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { deadLetter, RUN_ID } from './fakes.ts';

/** Operations over the real client, whose requests are answered by `answer`. */
function remote(answer: (url: URL, init: RequestInit) => { status: number; body: unknown }) {
  return remoteOperations(
    createFleetClient({
      baseUrl: 'http://fleet.test',
      maxRetries: 0,
      fetch: async (input, init) => {
        const { status, body } = answer(new URL(input instanceof Request ? input.url : input), init ?? {});
        return Response.json(body, { status });
      },
    }),
  );
}

function problem(status: number, code: string) {
  const body = {
    type: '/problems/x',
    title: 't',
    status,
    detail: 'refused',
    instance: 'r',
    code,
    retryable: false,
  };
  return { status, body };
}

describe('remoteOperations', () => {
  it.each([
    [400, 'invalid_input'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [409, 'conflict'],
    [422, 'invalid_input'],
    [429, 'overloaded'],
    [500, 'internal'],
    [503, 'unavailable'],
    [504, 'timeout'],
  ])('a refusal with %d is an error of the kind %s, with the code of the records', async (status, kind) => {
    const operations = remote(() => problem(status, 'RUN_NOT_FOUND'));
    await expect(operations.getRun(RUN_ID, LOCAL_OPERATOR)).rejects.toMatchObject({
      kind,
      code: 'run_not_found',
    });
  });

  it('a fleet that does not answer is unavailable', async () => {
    const operations = remote(() => {
      throw new TypeError('fetch failed');
    });
    await expect(operations.listQueues()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('pages of dead letters continue after the last entry, with the filters', async () => {
    const asked: string[] = [];
    const operations = remote((url) => {
      asked.push(url.search);
      const isFirst = !url.searchParams.has('cursor');
      return {
        status: 200,
        body: { items: [deadLetter(isFirst ? 1 : 2)], next_cursor: isFirst ? 'opaque' : null },
      };
    });
    const filter = { queue: 'nga', limit: 1 };
    const [first] = await operations.listDeadLetters(filter);
    const after = { at: Date.parse(first!.dead_at), id: first!.dlq_id };
    const [second] = await operations.listDeadLetters({ ...filter, after });
    expect([first!.dlq_id, second!.dlq_id]).toEqual(['nga~job-1', 'nga~job-2']);
    expect(asked[1]).toContain('cursor=opaque');
    expect(asked[1]).toContain('queue=nga');
    // The last page had no cursor: nothing more, and no request for the first page again.
    expect(await operations.listDeadLetters({ ...filter, after: { at: 0, id: second!.dlq_id } })).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  it('a dedup id travels in the body, beside an idempotency key of the call itself', async () => {
    let sent: unknown;
    let key: string | null = null;
    const operations = remote((_, init) => {
      sent = JSON.parse(init.body as string);
      key = new Headers(init.headers).get('idempotency-key');
      return {
        status: 202,
        body: { run_id: RUN_ID, status: 'pending', progress: 0, location: '/x', queued_behind: 0 },
      };
    });
    const submitted = await operations.startRun('w', { input: {}, dedup_id: 'k1' }, LOCAL_OPERATOR);
    expect(submitted).toMatchObject({ done: false, accepted: { run_id: RUN_ID } });
    expect(sent).toEqual({ input: {}, dedup_id: 'k1' });
    expect(key).not.toBe('k1');
  });
});
