import { InvalidArgumentError, Option } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { RunIdText } from '../../contracts/identifiers.ts';
import { PRIORITIES, type Priority } from '../../contracts/priority.ts';
import type { RunView } from '../../contracts/run.ts';
import type { Submitted } from '../../contracts/operations.ts';
import type { StartRun } from '../../contracts/turn.ts';
import type { RunId } from '../../kernel/ids.ts';
import { usageError, type CommandContext } from '../context.ts';
import { EXIT, exitCodeOfRun } from '../exit-codes.ts';
import { awaitRun } from '../follow.ts';
import { readJsonInput, seconds } from '../input-values.ts';
import type { Register } from '../program.ts';
import { printable } from '../render/text.ts';

const DEFAULT_WAIT_S = 60;

interface EnqueueOptions {
  readonly input: string;
  readonly session?: string;
  readonly user?: string;
  readonly priority?: Priority;
  readonly id?: RunId;
  readonly dedupId?: string;
  readonly idempotencyKey?: string;
  readonly delay?: number;
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
    .option('--user <id>', 'user the run belongs to, when it has no session')
    .addOption(new Option('--priority <class>', 'before or after others').choices(PRIORITIES))
    .option('--id <run_id>', 'choose the run_id; an existing run is returned, not repeated', runId)
    .option('--dedup-id <id>', 'start at most one run of this workflow per id')
    .option('--idempotency-key <key>', 'the same as --dedup-id')
    .option('--delay <seconds>', 'let the run begin only after so long', seconds)
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
    throw usageError('--id works only directly at Redis; with --api-url use --dedup-id');
  }
  const dedupId = options.dedupId ?? options.idempotencyKey;
  if (options.id !== undefined && dedupId !== undefined) {
    throw usageError('--id and --dedup-id (or --idempotency-key) exclude each other');
  }
  const request: StartRun = {
    input,
    wait_ms: 0,
    ...(options.priority !== undefined && { priority: options.priority }),
    ...(options.session !== undefined && { session_id: options.session }),
    ...(options.user !== undefined && { user_id: options.user }),
    ...(dedupId !== undefined && { dedup_id: dedupId }),
    ...(options.delay !== undefined && { delay_ms: Math.round(options.delay * 1000) }),
  };
  const submitted = await fleet.operations.startRun(workflow, request, LOCAL_OPERATOR, {
    signal: context.signal,
    ...(options.id !== undefined && { runId: options.id }),
  });
  const accepted = acceptedOf(submitted);
  if (accepted === null) {
    // The line itself was answered, and no run was started.
    if (submitted.done) out.result(submitted.response, [printable(submitted.response.response_text)]);
    return EXIT.ok;
  }

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

function acceptedOf(submitted: Submitted): { run_id: string; status: string } | null {
  if (!submitted.done) return submitted.accepted;
  const { run_id: id, status } = submitted.response.workflow_metadata;
  return id === null ? null : { run_id: id, status };
}

function resultText(run: RunView): string {
  return run.output === null || run.output === undefined ? run.status : JSON.stringify(run.output, null, 2);
}

function runId(text: string): RunId {
  const id = RunIdText.safeParse(text);
  if (!id.success) throw new InvalidArgumentError('expected wf_<uuidv7>.');
  return id.data;
}
