export const COMPONENT_STATUSES = ['pending', 'discovering', 'registered', 'failed', 'disabled'] as const;
export type ComponentStatusName = (typeof COMPONENT_STATUSES)[number];

export interface DiscoveryFailure {
  readonly code: string;
  /** Names the field when an input was wrong; never a value. */
  readonly message: string;
}

/** Where the advertisement of one component stands. */
export interface ComponentState {
  readonly status: ComponentStatusName;
  /** Of this round; a round ends with registered or failed. */
  readonly attempts: number;
  /** Stays until an attempt succeeds. */
  readonly lastError: DiscoveryFailure | null;
}

export type ComponentEvent =
  | { readonly kind: 'attempt_began' }
  | { readonly kind: 'attempt_succeeded' }
  /** `isFinal`: trying again cannot help. */
  | { readonly kind: 'attempt_failed'; readonly failure: DiscoveryFailure; readonly isFinal: boolean }
  | { readonly kind: 'asked_again' };

export const PENDING: ComponentState = { status: 'pending', attempts: 0, lastError: null };
export const DISABLED: ComponentState = { status: 'disabled', attempts: 0, lastError: null };

/**
 * pending → discovering → registered | failed, and back to pending while attempts are left; disabled stays so. What
 * cannot happen in a status changes nothing.
 */
export function nextState(
  state: ComponentState,
  event: ComponentEvent,
  retryAttempts: number,
): ComponentState {
  switch (event.kind) {
    case 'attempt_began':
      if (state.status !== 'pending') return state;
      return { ...state, status: 'discovering', attempts: state.attempts + 1 };
    case 'attempt_succeeded':
      return state.status === 'discovering' ? { ...state, status: 'registered', lastError: null } : state;
    case 'attempt_failed': {
      if (state.status !== 'discovering') return state;
      const isOver = event.isFinal || state.attempts > retryAttempts;
      return { ...state, status: isOver ? 'failed' : 'pending', lastError: event.failure };
    }
    case 'asked_again':
      if (state.status !== 'registered' && state.status !== 'failed') return state;
      return { ...state, status: 'pending', attempts: 0 };
  }
}
