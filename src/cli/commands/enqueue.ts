import { createHash } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { RunIdText } from '../../contracts/identifiers.ts';
import { PRIORITIES, type Priority } from '../../contracts/priority.ts';
import type { RunView } from '../../contracts/run.ts';
import type { StartRun } from '../../contracts/turn.ts';
import type { RunId } from '../../kernel/ids.ts';
import { usageError, type CommandContext } from '../context.ts';
import { EXIT, exitCodeOfRun } from '../exit-codes.ts';
import { awaitRun } from '../follow.ts';
import { readJsonInput, seconds } from '../input-values.ts';
import type { Register } from '../program.ts';

const DEFAULT_WAIT_S = 60;

interface EnqueueOptions {
  readonly input: string;
  readonly session?: string;
  readonly priority?: Priority;
  readonly id?: RunId;
  readonly idempotencyKey?: string;
  /** True for `--wait` without a number. */
  readonly wait?: number | true;
}

export const registerEnqueue: Register = (program, run) => {
  program
    .command('enqueue')
    .description('start a run of a workflow and print its run_id')
    .argument('<workflow>')
    .option('--input <json>', 'JSON, @file, or - for standard input', '{}')
    .option('--session <id>', 'session the run belongs to')
    .addOption(new Option('--priority <class>', 'before or after others').choices(PRIORITIES))
    .option('--id <run_id>', 'choose the run_id; an existing run is returned, not repeated', runId)
    .option('--idempotency-key <key>', 'start at most one run of this workflow per key')
    .option(
      '--wait [seconds]',
      `print the result; exit 1 if it failed, 5 on timeout (${DEFAULT_WAIT_S} s)`,
      seconds,
    )
    .action(run<[string], EnqueueOptions>(enqueue));
};

async function enqueue(
  context: CommandContext,
  [workflow]: [string],
  options: EnqueueOptions,
): Promise<number> {
  const { out } = context;
  const input = await readJsonInput(options.input, context.stdin);
  await using fleet = await context.fleet();
  if (options.id !== undefined && fleet.via === 'api') {
    throw usageError('--id works only directly at Redis; with --api-url use --idempotency-key');
  }
  const { idempotencyKey: key } = options;
  if (options.id !== undefined && key !== undefined)
    throw usageError('--id and --idempotency-key exclude each other');
  const isRemote = fleet.via === 'api';
  const chosenId = options.id ?? (key === undefined || isRemote ? undefined : runIdOfKey(workflow, key));
  const request: StartRun = {
    input,
    wait_ms: 0,
    ...(options.priority !== undefined && { priority: options.priority }),
    ...(options.session !== undefined && { session_id: options.session }),
    ...(key !== undefined && isRemote && { dedup_id: key }),
  };
  const submitted = await fleet.operations.startRun(workflow, request, LOCAL_OPERATOR, {
    signal: context.signal,
    ...(chosenId !== undefined && { runId: chosenId }),
  });
  const accepted = submitted.done
    ? {
        run_id: submitted.response.workflow_metadata.run_id,
        status: submitted.response.workflow_metadata.status,
      }
    : submitted.accepted;

  if (options.wait === undefined) {
    out.result(accepted, [accepted.run_id]);
    return EXIT.ok;
  }
  out.note(`run ${accepted.run_id}`);
  const timeoutMs = (options.wait === true ? DEFAULT_WAIT_S : options.wait) * 1000;
  const ended = await awaitRun(fleet.operations, accepted.run_id, { timeoutMs, signal: context.signal });
  out.result(ended, () => [resultText(ended)]);
  if (ended.error !== null) out.warn(`${ended.status}: ${ended.error.code}: ${ended.error.message}`);
  return exitCodeOfRun(ended.status);
}

function resultText(run: RunView): string {
  return run.output === null || run.output === undefined ? run.status : JSON.stringify(run.output, null, 2);
}

/**
 * At Redis itself a key works by choosing the run's id: the same workflow and key always mean the same run, for
 * as long as its record is kept. Has the form of a UUID version 7, but no time in it.
 */
export function runIdOfKey(workflow: string, key: string): RunId {
  const hex = createHash('sha256')
    .update(JSON.stringify([workflow, key]))
    .digest('hex');
  return `wf_${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}` as RunId;
}

function runId(text: string): RunId {
  const id = RunIdText.safeParse(text);
  if (!id.success) throw new InvalidArgumentError('expected wf_<uuidv7>.');
  return id.data;
}
