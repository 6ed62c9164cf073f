import { describe, expect, it } from 'vitest';
import type { FleetEvent, FleetEventFilter } from '../../../src/contracts/fleet-event.ts';
import type { MessageAuditEntry, MessageAuditFilter } from '../../../src/coordination/messages/operations.ts';
import { ao } from './fakes.ts';

const AT = '2026-01-01T00:00:00.000Z';
const LOST: FleetEvent = {
  event_id: '1-0',
  event_type: 'agent_status',
  timestamp: AT,
  source: 'coordination',
  agent_id: 'input_processor:a',
  agent_type: 'input_processor',
  instance: 'a',
  kind: 'lost',
  status: 'offline',
  metadata: { host: 'h1\u001b[2J', registration_id: 'r' },
};
const OPEN: FleetEvent = {
  event_id: '2-0',
  event_type: 'circuit_breaker',
  timestamp: AT,
  source: 'circuits',
  breaker: 'agent.ipa',
  state: 'open',
  previous_state: 'closed',
  reason: 'circuit_transition',
};

function listing(items: FleetEvent[]) {
  const asked: [FleetEventFilter, unknown][] = [];
  const listFleetEvents = async (filter: FleetEventFilter, page: unknown) => (
    asked.push([filter, page]),
    { items, next: null }
  );
  return { asked, operations: { listFleetEvents } };
}

describe('ao events', () => {
  it('shows what happened to whom, harmless for a terminal', async () => {
    const { operations } = listing([LOST, OPEN]);
    const { code, stdout } = await ao(['events'], { operations });
    expect(code).toBe(0);
    const [first, second] = stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  '));
    expect(first).toBe(`${AT}  input_processor:a  lost  host=h1`);
    expect(second).toBe(`${AT}  agent.ipa  closed > open`);
  });

  it('with --json is one document', async () => {
    expect((await ao(['events', 'list', '--json'], listing([OPEN]))).json()).toEqual([OPEN]);
  });

  it('asks for what was chosen; short names become long ones, and who asks for agents means their events', async () => {
    const { operations, asked } = listing([]);
    const argv = [
      'events',
      'list',
      '--agent',
      'ipa:a',
      '--agent-type',
      'wba',
      '--since',
      '0',
      '--limit',
      '3',
    ];
    expect((await ao(argv, { operations })).stdout).toBe('no events\n');
    expect(asked).toEqual([
      [
        { agentTypes: ['world_builder'], agentIds: ['input_processor:a'], strict: true },
        { after: '0', limit: 3 },
      ],
    ]);
  });

  it.each([
    [['--type', 'nothing'], 'agent_status or circuit_breaker'],
    [['--since', 'yesterday'], 'id of an event'],
    [['--agent', 'a:b:c'], '<type>:<instance>'],
  ])('%j is a mistake', async (options, told) => {
    const { code, stderr } = await ao(['events', 'list', ...options]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
  });

  it('tail prints each as it comes, and says what was missed', async () => {
    const fleetEvents = async function* () {
      yield {
        event_type: 'gap',
        from_id: '0-1',
        oldest_available_id: '1-0',
        reason: 'retention',
      } as const;
      yield LOST;
      yield OPEN;
    };
    const { stdout, stderr } = await ao(['events', 'tail', '--json'], { operations: { fleetEvents } });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([LOST, OPEN]);
    expect(stderr).toContain('events after 0-1 are not kept any more');
  });
});

describe('ao audit messages', () => {
  const entry: MessageAuditEntry = {
    id: '1-0',
    at: AT,
    event: 'dead_lettered',
    message_id: 'message-1',
    enqueue_id: 'e',
    sender: 'anna:default',
    recipient: 'bob:b1',
    priority: 5,
    type: 'request',
    attempts: 4,
    payload_bytes: 12,
    payload_sha256: 'x',
    error: 'nobody home',
  };

  it('asks for one message or one agent, and shows what became of it', async () => {
    const asked: MessageAuditFilter[] = [];
    const messageAudit = async (filter: MessageAuditFilter) => (asked.push(filter), [entry]);
    const argv = ['audit', 'messages', '--message', 'message-1', '--agent', 'bob:b1', '--limit', '7'];
    const { code, stdout } = await ao(argv, { operations: { messageAudit } });
    expect(code).toBe(0);
    expect(asked).toEqual([{ limit: 7, messageId: 'message-1', agent: { type: 'bob', instance: 'b1' } }]);
    for (const part of ['dead_lettered', 'message-1', 'anna:default', 'bob:b1', 'nobody home'])
      expect(stdout).toContain(part);
  });

  it('with --json prints what the API would say', async () => {
    const operations = { messageAudit: async () => [entry] };
    expect((await ao(['audit', 'messages', '--json'], { operations })).json()).toEqual([entry]);
  });

  it('says when there is nothing', async () => {
    const { stdout } = await ao(['audit', 'messages'], { operations: { messageAudit: async () => [] } });
    expect(stdout).toBe('no entries\n');
  });
});
