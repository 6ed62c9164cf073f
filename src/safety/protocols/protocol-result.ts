import type { Intervention } from '../../contracts/intervention.ts';

export interface ProtocolResult {
  readonly protocol_id: string;
  readonly crisis_type: string | null;
  readonly crisis_level: string;
  readonly steps_executed: readonly {
    readonly step_type: string;
    readonly success: boolean;
    readonly response_time_ms: number;
    readonly output?: string;
    readonly error?: string;
  }[];
  readonly success: boolean;
  readonly started_at: string | null;
  readonly response_time_ms: number;
}

/** What became of the present protocol of an intervention, read from its actions. Source: spec, safety 8 */
export function protocolResult(intervention: Intervention): ProtocolResult | null {
  const ofProtocol = intervention.actions.filter(
    ({ metadata }) => metadata?.['round'] === intervention.escalation_round && 'protocol_id' in metadata,
  );
  const id = ofProtocol[0]?.metadata?.['protocol_id'];
  if (typeof id !== 'string') return null;
  const { crisis_types: types, crisis_level: level } = intervention.assessment;
  return {
    protocol_id: id,
    crisis_type: types[0] ?? null,
    crisis_level: level,
    steps_executed: ofProtocol.map((action) => ({
      step_type: action.action_type,
      success: action.success,
      response_time_ms: action.response_time_ms,
      output: action.description,
      ...(action.error === undefined ? {} : { error: action.error }),
    })),
    // What nothing is set up for is no failure of the protocol.
    success: ofProtocol.every(({ success, action_type: type }) => success || type === 'contact_emergency'),
    started_at: ofProtocol[0]?.at ?? null,
    response_time_ms: ofProtocol.reduce((sum, action) => sum + action.response_time_ms, 0),
  };
}
