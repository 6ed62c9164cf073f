import { FleetError } from '../kernel/errors.ts';
import type { BreakerState, Refusal } from './breaker-rules.ts';

/** The call was not made, because the circuit of what it calls is open. Waiting costs a job no attempt. */
export class CircuitOpenError extends FleetError {
  constructor(
    name: string,
    state: BreakerState,
    reason: Refusal,
    retryAfterMs: number,
    correlationId?: string,
  ) {
    super({
      code: 'circuit_open',
      kind: 'unavailable',
      message: `circuit "${name}" is ${state}: ${reason}, try again in ${retryAfterMs} ms`,
      details: {
        name,
        state,
        reason,
        ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
      },
      retryAfterMs,
    });
    this.name = 'CircuitOpenError';
  }
}
