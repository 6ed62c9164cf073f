import { describe, expect, test } from 'vitest';
import { FleetEvent } from '../../../src/contracts/fleet-event.ts';
import { AGENT_EVENT_KINDS } from '../../../src/coordination/models/agent-event.ts';
import { agentStatusOf } from '../../../src/realtime/agent-status.ts';

const AT = '2026-01-01T00:00:00.000Z';
const ID = '00000000-0000-4000-8000-000000000001';

describe('an event of coordination', () => {
  test.each(AGENT_EVENT_KINDS)('%s is one of the contract', (kind) => {
    const told = agentStatusOf({
      id: '1-0',
      kind,
      agent_id: 'bob:b1',
      registration_id: ID,
      at: AT,
      details: { a: 1 },
    });
    const event = FleetEvent.parse({ event_id: '7-0', ...told });
    expect(event).toMatchObject({
      agent_id: 'bob:b1',
      agent_type: 'bob',
      instance: 'b1',
      kind,
      timestamp: AT,
    });
    expect(event).toMatchObject({ metadata: { a: 1, registration_id: ID } });
  });

  test('says how the agent is where that is known, and null where it is not', () => {
    const statusAfter = (kind: (typeof AGENT_EVENT_KINDS)[number]) => {
      const told = agentStatusOf({
        id: '1-0',
        kind,
        agent_id: 'bob:default',
        registration_id: null,
        at: AT,
        details: {},
      });
      return told.event_type === 'agent_status' ? [told.status, told.instance, told.metadata] : undefined;
    };
    expect(statusAfter('registered')).toEqual(['online', 'default', {}]);
    expect(statusAfter('lost')).toEqual(['offline', 'default', {}]);
    expect(statusAfter('restart_failed')).toEqual(['error', 'default', {}]);
    expect(statusAfter('drained')).toEqual(['stopping', 'default', {}]);
    expect(statusAfter('capabilities_changed')).toEqual([null, 'default', {}]);
  });
});
