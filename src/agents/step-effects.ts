import type { Job } from 'bullmq';
import type { StepJobData } from '../contracts/job.ts';
import type { CommitOutcome, JobLock } from '../primitives/durable/commit-step.ts';
import type { StepEffectsToRecord } from '../primitives/durable/effect-records.ts';
import { durableMemo } from '../primitives/durable/memo.ts';
import { noteFiles } from '../primitives/durable/note-files.ts';
import { EffectBuffer, refused } from '../primitives/effects/effect-buffer.ts';
import { digestOf, tempFiles } from '../primitives/effects/temp-files.ts';
import type { StepContext } from '../primitives/step-context.ts';
import type { StepNode } from '../primitives/plan/node.ts';
import type { ShellContext } from './shell.ts';
import { lockLost } from './world-access.ts';

/** The effects of one delivery of a step, from its handler to the script that records its result. */
export interface StepEffectsOfJob {
  /** For one call of the handler. */
  open(): Pick<StepContext, 'effects' | 'memo'>;
  /** After the call: files are written now, the rest goes with the result. Undefined: the step has none. */
  prepare(): Promise<StepEffectsToRecord | undefined>;
  /** After the result was recorded or refused. Errors: effect_refused, lock_lost */
  settle(outcome: CommitOutcome): Promise<void>;
}

interface WrittenFile {
  readonly file: string;
  readonly content: Buffer;
  readonly before: Buffer | null;
  readonly digest: string;
}

/** The savepoint a step makes, as part of what is recorded with its result. */
export function savepointOf(node: StepNode, path: string): StepEffectsToRecord | undefined {
  const { savepoint } = node;
  return savepoint === undefined
    ? undefined
    : { effects: [], savepoint: savepoint === true ? path : savepoint };
}

/** What a handler of this job may do, and what becomes of it. Nothing is sent for a step that does nothing. */
export function effectsOfJob(
  shell: ShellContext,
  job: Job,
  { step }: StepJobData,
  node: StepNode,
  lock: JobLock,
): StepEffectsOfJob {
  const { store, clock } = shell;
  const files = tempFiles(shell.tempRoot);
  const made = savepointOf(node, step.path);
  let buffer: EffectBuffer | undefined;
  let written: readonly WrittenFile[] = [];

  async function write(toWrite: readonly { file: string; content: Buffer }[]): Promise<void> {
    const noted = await Promise.all(
      toWrite.map(async ({ file, content }) => {
        return { file, content, before: await files.read(file), digest: digestOf(content) };
      }),
    );
    const outcome = await noteFiles(store, {
      runId: step.run_id,
      path: step.path,
      lock,
      files: noted,
      nowMs: clock.now(),
    });
    if (outcome.verdict === 'fenced') throw lockLost();
    // The run has ended or the step was given up: recording its result will say so.
    if (outcome.verdict !== 'noted') return;
    written = noted;
    for (const { file, content } of noted) await files.write(file, content);
  }

  return {
    open() {
      buffer = new EffectBuffer(
        node.cache === undefined
          ? undefined
          : 'a cached step is not always called: its effects would be missing',
      );
      const isRepeated = job.attemptsStarted > 1 || job.attemptsMade > 0 || step.generation > 0;
      const { memo } = durableMemo({
        store,
        runId: step.run_id,
        path: step.path,
        lock,
        isRepeated,
        keepSeconds: shell.recordRetentionSeconds,
        lockLost,
      });
      return { effects: buffer, memo };
    },
    async prepare() {
      const asked = buffer?.seal() ?? [];
      if (asked.length === 0) return made;
      // The last content of a file counts.
      const last = new Map(
        asked.flatMap((effect) => (effect.kind === 'file' ? [[effect.file, effect] as const] : [])),
      );
      if (last.size > 0) await write([...last.values()]);
      const effects = asked.filter((effect) => effect.kind !== 'file');
      return { effects, savepoint: made?.savepoint ?? null };
    },
    async settle(outcome) {
      if (outcome.verdict === 'refused') {
        throw refused(`key ${outcome.key} holds something that is no text: it was not overwritten`);
      }
      const counts = outcome.verdict === 'committed' || outcome.verdict === 'recorded';
      if (counts || outcome.verdict === 'fenced') return;
      for (const { file, before, digest } of written) {
        const current = await files.read(file);
        if (current === null || digestOf(current) !== digest) continue;
        if (before === null) await files.remove(file);
        else await files.write(file, before);
      }
    },
  };
}
