import type { ChannelName, Tier } from '../../contracts/escalation.ts';
import type { CrisisLevel } from '../../contracts/safety.ts';

/** What a person is told; nothing of it comes from the player's words. */
export interface Page {
  /** The same for every attempt: whoever has seen it drops the next one. */
  readonly key: string;
  readonly tier: Tier;
  readonly level: CrisisLevel;
  readonly subject: string;
  /** For people. */
  readonly lines: readonly string[];
  /** For machines: the same in fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly link: string | null;
}

export interface Sent {
  readonly messageId?: string;
}

/** A way to people. `send` resolves only when the other side has taken the page, and throws in every other case. */
export interface Channel {
  readonly name: ChannelName;
  /** For one attempt. */
  readonly timeoutMs: number;
  /** Enough to recognise who is told, not enough to write to. */
  recipient(tier: Tier): string;
  /** Errors: channel_refused (unavailable) and whatever the connection throws */
  send(page: Page, signal: AbortSignal): Promise<Sent>;
}
