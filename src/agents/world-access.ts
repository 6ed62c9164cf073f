import { sleep } from '../kernel/abort.ts';
import { FleetError } from '../kernel/errors.ts';
import type { World } from '../contracts/world.ts';
import {
  commitStep,
  type CommitOutcome,
  type JobLock,
  type ResultOwner,
} from '../primitives/durable/commit-step.ts';
import type { StepEffectsToRecord } from '../primitives/durable/effect-records.ts';
import type { RedisStore } from '../redis/store.ts';
import { patchOps, recordPatch } from '../sessions/world/patch-record.ts';
import { readWorldAt } from '../sessions/world-history.ts';
import { decodeWorld, encodeWorld, readStoredWorld, type StoredWorld } from '../sessions/world-codec.ts';
import type { WorldAccess } from './agent.ts';

const RACES = 5;
const PAUSE_MIN_MS = 10;
const PAUSE_MAX_MS = 50;

export interface WorldAccessOptions {
  readonly store: RedisStore;
  readonly owner: ResultOwner;
  /** null: nobody else can hold the work, or doing it twice gives the recorded result. */
  readonly lock: JobLock | null;
  readonly signal: AbortSignal;
  /** The world as it was read when the step began, to spare a round trip. */
  readonly prefetched: { readonly worldId: string; readonly world: StoredWorld | null } | null;
  /** Makes the world of a session that has none yet; null outside a session, where it must exist. */
  readonly createWorld: ((worldId: string) => World) | null;
  readonly ttlSeconds: number | null;
  /** What the step's completion event tells, for the output about to be recorded. */
  readonly eventData: (output: unknown) => Record<string, unknown>;
  /** Turns an output into what is stored, refusing what must not be. */
  readonly checkOutput: (output: unknown) => unknown;
  /** Whether patches are also put in the outbox for a copy of the worlds elsewhere. */
  readonly hasOutbox: boolean;
  /** What is recorded beside the write. */
  readonly effects?: StepEffectsToRecord | undefined;
  readonly now: () => number;
}

/** The worlds of one job, and what became of the job's result through them. */
export interface TrackedWorldAccess extends WorldAccess {
  /** How the result was recorded together with a write, or null when nothing was written. */
  recorded(): CommitOutcome | null;
}

/**
 * Read, decide, write as one: the write happens only if nobody wrote in between, in the same script that
 * records the step's result. A lost race is repeated on the fresh world.
 */
export function createWorldAccess(options: WorldAccessOptions): TrackedWorldAccess {
  let outcome: CommitOutcome | null = null;
  let prefetched = options.prefetched;
  return {
    recorded: () => outcome,
    async transact(worldId, apply, { ofVersion } = {}) {
      for (let race = 0; race < RACES; race++) {
        options.signal.throwIfAborted();
        const stored =
          prefetched?.worldId === worldId ? prefetched.world : await readStoredWorld(options.store, worldId);
        const world = stored === null ? newWorld(options, worldId) : decodeWorld(stored);
        const seen = ofVersion === undefined ? world : await earlier(options, world, ofVersion);
        const { next, output, applied = [] } = apply(seen);
        // Who only looked may look again without another round trip: a write compares the version anyway.
        prefetched = next === null ? { worldId, world: stored } : null;
        if (next === null) return output;
        const checked = options.checkOutput(output);
        const attempt = await commitStep(options.store, {
          owner: options.owner,
          lock: options.lock,
          output: checked,
          eventData: options.eventData(checked),
          world: {
            worldId,
            expectedVersion: stored?.version ?? null,
            nextVersion: next.version,
            data: encodeWorld(next),
            ttlSeconds: options.ttlSeconds,
            // Both are at hand here, so knowing how to take the change back costs no round trip.
            ...recordPatch(world, next, patchOps(applied), {
              hasOutbox: options.hasOutbox,
              isFirst: stored === null,
            }),
          },
          ...(options.effects === undefined ? {} : { effects: options.effects }),
          nowMs: options.now(),
        });
        if (attempt.verdict === 'fenced') throw lockLost();
        if (attempt.verdict !== 'conflict') {
          outcome = attempt;
          // An earlier delivery of this very step wrote before: its output is the step's output.
          return attempt.verdict === 'recorded' ? (attempt.output as typeof output) : output;
        }
        await sleep(PAUSE_MIN_MS + Math.random() * (PAUSE_MAX_MS - PAUSE_MIN_MS), options.signal);
      }
      throw new FleetError({
        code: 'world_contention',
        kind: 'conflict',
        message: `world "${worldId}" was changed by others ${RACES} times in a row`,
      });
    },
  };
}

/** The world as it was, numbered as it is: what is made of it replaces whatever came in between. */
async function earlier(options: WorldAccessOptions, world: World, version: number): Promise<World> {
  return { ...(await readWorldAt(options.store, world, version)), version: world.version };
}

/** BullMQ refuses what the worker says of the job from now on; the job is somebody else's. */
export function lockLost(): FleetError {
  return new FleetError({
    code: 'lock_lost',
    kind: 'conflict',
    message: 'another worker holds this job by now; nothing was written',
  });
}

function newWorld(options: WorldAccessOptions, worldId: string): World {
  if (options.createWorld !== null) return options.createWorld(worldId);
  throw new FleetError({
    code: 'world_not_found',
    kind: 'not_found',
    message: `there is no world "${worldId}"; worlds begin with a session`,
  });
}
