import type { StoredMemory } from '../contracts/memory.ts';
import { TherapeuticContext, type Difficulty } from '../contracts/session.ts';
import { decodeMemory } from './memory/remember.ts';
import type { z } from 'zod';

/** What a session remembers between turns, as agents and workflows read it. */
export interface SessionContext {
  readonly sessionId: string;
  readonly userId: string | undefined;
  readonly worldId: string;
  readonly turn: number;
  readonly ttlSeconds: number;
  readonly emotionalState: string | null;
  /** What "it", "him" and "her" mean in the next line. */
  readonly lastEntity: string | null;
  readonly therapeuticContext: z.output<typeof TherapeuticContext>;
  readonly difficulty: Difficulty;
  /** Of whoever created the session; agents do not read it. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly memory: StoredMemory;
  /** The worst of the turns since the last one in which nothing was missing; 0 when that was the last one. */
  readonly degradedLevel: number;
  /** Too many of its stories were withheld: nothing is made up until a person has released it. */
  readonly isNeutralOnly: boolean;
}

/** The session hash as stored. Fields that are absent have their beginnings. */
export function decodeSessionContext(hash: Readonly<Record<string, string>>): SessionContext {
  return {
    sessionId: hash['session_id'] ?? '',
    userId: hash['user_id'],
    worldId: hash['world_id'] ?? '',
    turn: Number(hash['turn'] ?? 0),
    ttlSeconds: Number(hash['ttl_seconds']),
    emotionalState: hash['emotional_state'] ?? null,
    lastEntity: hash['last_entity'] ?? null,
    therapeuticContext: TherapeuticContext.parse(JSON.parse(hash['therapeutic_context'] ?? '{}')),
    // Parsed when it was written.
    difficulty: (hash['difficulty'] ?? 'normal') as Difficulty,
    // Most steps never look at these.
    get metadata() {
      return JSON.parse(hash['metadata'] ?? '{}') as Record<string, unknown>;
    },
    get memory() {
      return decodeMemory(hash['memory']);
    },
    degradedLevel: Number(hash['degraded_level'] ?? 0),
    isNeutralOnly: hash['neutral_only'] === '1',
  };
}
