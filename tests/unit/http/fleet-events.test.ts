import { describe, expect, test } from 'vitest';
import { readEventStream } from '../../../src/client/event-stream.ts';
import type { FleetEvent } from '../../../src/contracts/fleet-event.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { startHttp } from './support/start-http.ts';

const STREAM = { accept: 'text/event-stream' };

function lost(n: number, type = 'input_processor'): FleetEvent {
  return {
    event_id: `${n}-0`,
    event_type: 'agent_status',
    timestamp: '2026-01-01T00:00:00.000Z',
    source: 'coordination',
    agent_id: `${type}:a`,
    agent_type: type,
    instance: 'a',
    kind: 'lost',
    status: 'offline',
    metadata: {},
  };
}

const idsOf = (body: unknown) => (body as { items: FleetEvent[] }).items.map(({ event_id: id }) => id);

describe('GET /v1/events', () => {
  test('tells the newest, or page by page those after one', async () => {
    await using http = await startHttp();
    http.operations.fleetLog.push(...[1, 2, 3, 4, 5].map((n) => lost(n)));
    expect(idsOf((await http.call('GET', '/v1/events?limit=2')).body)).toEqual(['4-0', '5-0']);
    const first = await http.call('GET', '/v1/events?limit=2&after=0');
    expect(idsOf(first.body)).toEqual(['1-0', '2-0']);
    const cursor = encodeURIComponent(String(first.body['next_cursor']));
    const second = await http.call('GET', `/v1/events?limit=3&cursor=${cursor}`);
    expect([idsOf(second.body), second.body['next_cursor']]).toEqual([['3-0', '4-0', '5-0'], null]);
    const foreign = await http.call('GET', `/v1/events?agent_types=bob&cursor=${cursor}`);
    expect([foreign.status, foreign.body.code]).toEqual([400, 'INVALID_CURSOR']);
  });

  test('takes the short names of agents', async () => {
    await using http = await startHttp();
    http.operations.fleetLog.push(lost(1), lost(2, 'bob'));
    expect(idsOf((await http.call('GET', '/v1/events?agent_types=ipa')).body)).toEqual(['1-0']);
    expect(idsOf((await http.call('GET', '/v1/events?agent_ids=ipa:a,bob:x')).body)).toEqual(['1-0']);
  });

  test.each(['/v1/events', '/v1/events/stream'])('%s names every wrong parameter', async (path) => {
    await using http = await startHttp();
    const wrong = await http.call('GET', `${path}?event_types=agent_status,bad&agent_ids=bob&color=red`, {
      headers: path.endsWith('stream') ? STREAM : {},
    });
    expect(wrong.status).toBe(400);
    const errors = wrong.body['errors'] as { path: string }[];
    expect(errors.map((each) => each.path).toSorted()).toEqual(['/agent_ids', '/color', '/event_types']);
  });
});

describe('GET /v1/events/stream', () => {
  test('[R7.5] goes on after the last event that was seen; a gap is no place to go on from', async () => {
    await using http = await startHttp();
    http.operations.fleetLog.push(lost(1), lost(2));
    http.operations.fleetGaps.push({
      event_type: 'gap',
      from_id: '1-0',
      oldest_available_id: '2-0',
      reason: 'retention',
    });
    const gone = new AbortController();
    const response = await fetch(`${http.url}/v1/events/stream`, {
      headers: { ...STREAM, 'last-event-id': '1-0' },
      signal: gone.signal,
    });
    const frames = readEventStream(response.body!);
    expect((await frames.next()).value).toMatchObject({ id: undefined, event: 'gap' });
    expect((await frames.next()).value).toMatchObject({ id: '2-0', event: 'agent_status' });
    gone.abort();
  });

  test('is refused, and no broken stream, while the log is away', async () => {
    await using http = await startHttp();
    http.operations.failure = new FleetError({
      code: 'backend_unavailable',
      kind: 'unavailable',
      message: 'away',
    });
    expect((await http.call('GET', '/v1/events/stream', { headers: STREAM })).status).toBe(503);
  });

  test('a malformed Last-Event-ID is 400', async () => {
    await using http = await startHttp();
    const headers = { ...STREAM, 'last-event-id': 'abc' };
    expect((await http.call('GET', '/v1/events/stream', { headers })).status).toBe(400);
  });
});
