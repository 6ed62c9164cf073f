import { DEFAULT_INSTANCE, type AgentIdInput } from './models/agent-id.ts';

/**
 * Every Redis key of coordination besides BullMQ's own. The prefix is BullMQ's too; on Redis Cluster it carries a
 * hash tag (`{ao}`). The words after the prefix are never names of queues.
 */
export interface CoordinationKeys {
  readonly prefix: string;
  /** Hash: digest of what was taken over from the layout of the original -> where it went. */
  migrated(from: string): string;
  /** Set: text forms of all mailboxes that were ever used. */
  mailboxes(): string;
  /** String: who moves a failed message to the dead letters at this moment. */
  deadLetterClaim(queue: string, jobId: string): string;
  /** Sorted set: dead letter that is being sent again -> Redis time in ms after which whoever does so has died. */
  replays(queue: string): string;
  /** String: which message of a mailbox is the answer to a request. */
  reply(queue: string, messageId: string): string;
  /** Channel: ids of requests that were answered. */
  replyNotices(): string;
  /** String: who sweeps the mailboxes that nobody consumes. */
  sweepLease(): string;
  /** Stream: what happened to messages, never their payload. */
  messageAudit(): string;
  /** Hash: subscription id -> JSON. */
  subscriptions(type: string, instance: string): string;
  /** Hash: subscription id -> text form of its agent. */
  subscriptionIndex(): string;
  /** String: JSON record of a registered agent. */
  agent(type: string, instance: string): string;
  /** Sorted set: text form of an agent -> Redis time in ms of its last heartbeat. */
  agentIndex(): string;
  /** Sorted set: text form of an agent -> Redis time in ms after which it counts as lost. */
  agentDeadlines(): string;
  /** Sorted set: text form of an agent whose loss nobody has dealt with -> Redis time in ms since when. */
  lostAgents(): string;
  /** Hash: text form of an agent -> JSON of why it is degraded. */
  degradedAgents(): string;
  /** String: who looks for lost agents. */
  agentLease(): string;
  /** String: JSON of the state an agent saved. */
  agentState(type: string, instance: string): string;
  /** String: the registration that lost its name to an operator. */
  evictedAgent(type: string, instance: string): string;
  /** String: a saved state that could not be restored. */
  rejectedAgentState(type: string, instance: string): string;
  /** List: the last outcomes of an agent, newest first. */
  agentOutcomes(type: string, instance: string): string;
  /** Hash: instance of a type -> how its last outcomes were, in short. */
  agentRates(type: string): string;
  /** List: what operators asked of an agent and nobody has done yet, as JSON. */
  agentCommands(type: string, instance: string): string;
  /** Hash: text form of an agent whose messages go elsewhere -> JSON of why. */
  agentHandovers(): string;
  /** String: who repeats handovers. */
  handoverLease(): string;
  /** String: it was told that nobody serves a type. */
  unservedAgents(type: string): string;
  /** Stream: what happened to agents. */
  agentEvents(): string;
  /** String: JSON of the capabilities an agent advertises. */
  capabilities(type: string, instance: string): string;
  /** Hash: text form of an agent that advertises capabilities -> one line about it, see index-entry.ts. */
  capabilityIndex(): string;
  /** String: grows with every change of capabilities. */
  capabilityEpoch(): string;
}

/** No queue is called by one of these words. */
export const COORDINATION_SEGMENTS = [
  'migrated',
  'mailboxes',
  'claims',
  'replays',
  'reply',
  'sweep',
  'audit',
  'subs',
  'agents',
  'events',
  'capabilities',
] as const;

export function createCoordinationKeys(prefix: string): CoordinationKeys {
  const key = (...parts: string[]): string => [prefix, ...parts].join(':');
  return {
    prefix,
    migrated: (from) => key('migrated', from),
    mailboxes: () => key('mailboxes'),
    deadLetterClaim: (queue, jobId) => key('claims', queue, jobId),
    replays: (queue) => key('replays', queue),
    reply: (queue, messageId) => key('reply', queue, messageId),
    replyNotices: () => key('reply'),
    sweepLease: () => key('sweep', 'lease'),
    messageAudit: () => key('audit', 'messages'),
    subscriptions: (type, instance) => key('subs', type, instance),
    subscriptionIndex: () => key('subs', 'index'),
    agent: (type, instance) => key('agents', type, instance),
    agentIndex: () => key('agents', 'index'),
    agentDeadlines: () => key('agents', 'deadlines'),
    lostAgents: () => key('agents', 'lost'),
    degradedAgents: () => key('agents', 'degraded'),
    agentLease: () => key('agents', 'lease'),
    agentState: (type, instance) => key('agents', 'state', type, instance),
    evictedAgent: (type, instance) => key('agents', 'evicted', type, instance),
    rejectedAgentState: (type, instance) => key('agents', 'state', type, instance, 'rejected'),
    agentOutcomes: (type, instance) => key('agents', 'outcomes', type, instance),
    agentRates: (type) => key('agents', 'rates', type, 'all'),
    agentCommands: (type, instance) => key('agents', 'commands', type, instance),
    agentHandovers: () => key('agents', 'handovers'),
    handoverLease: () => key('agents', 'handover-lease'),
    unservedAgents: (type) => key('agents', 'unserved', type, 'told'),
    agentEvents: () => key('events', 'agents'),
    capabilities: (type, instance) => key('capabilities', type, instance),
    capabilityIndex: () => key('capabilities', 'index'),
    capabilityEpoch: () => key('capabilities', 'epoch'),
  };
}

/** Two key parameters of an agent. */
export function keyParts(agent: AgentIdInput): [type: string, instance: string] {
  return [agent.type, agent.instance ?? DEFAULT_INSTANCE];
}

/** The queue that is the mailbox of an agent. A dot can occur in neither part, so names read back. */
export function mailboxQueue(agent: AgentIdInput): string {
  return `msg.${keyParts(agent).join('.')}`;
}

/** The queue that holds the dead letters of an agent. */
export function deadLetterQueue(agent: AgentIdInput): string {
  return `dlq.${keyParts(agent).join('.')}`;
}
