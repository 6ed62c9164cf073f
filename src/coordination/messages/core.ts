import type { AgentId, AgentIdInput } from '../models/agent-id.ts';
import type { CoordinationCore } from '../core.ts';
import type { MessageAudit } from './audit.ts';
import type { Held } from './held.ts';
import type { Mailboxes } from './mailboxes.ts';
import type { MessagingSettings } from './settings.ts';
import type { UncertainSends } from './uncertain.ts';

/** What all verbs on messages share within one coordinator. */
export interface MessagingCore extends CoordinationCore {
  readonly mailboxes: Mailboxes;
  readonly held: Held;
  readonly audit: MessageAudit;
  readonly uncertain: UncertainSends;
  /** As they are now; `configure` replaces them. */
  readonly settings: () => MessagingSettings;
  readonly hooks: CoordinatorHooks;
}

/** What other parts of coordination may add to sending and settling. */
export interface CoordinatorHooks {
  /**
   * The mailbox a message really goes to. Default, and when it throws: the recipient's. Asked once for each send, for
   * each recipient of a broadcast and each request; not for answers and not for what is published.
   */
  readonly resolveRecipient?: (recipient: AgentId) => Promise<AgentId>;
  /** Told of each message that an agent handled, or failed to; of the agent, wherever the message lay. */
  readonly onSettled?: (agent: AgentIdInput, outcome: 'success' | 'failure') => void;
}
