import { Job, type JobJson, type Queue } from 'bullmq';
import { FleetError } from '../../kernel/errors.ts';
import { messageJobPriority } from '../../contracts/priority.ts';
import type { QueueMessage } from '../models/queue-message.ts';
import { ADD_ARGUMENTS, ADD_KEYS } from '../scripts/post-messages.ts';

/** What BullMQ passes to its script for a job of one kind. The id, the time and the data are filled in by ours. */
export interface JobForm {
  readonly keys: readonly string[];
  readonly arguments: Buffer;
  readonly options: Buffer;
}

/** By queue, then by what the options of a job depend on. */
const FORMS = new WeakMap<Queue, Map<string, JobForm>>();

export function formOf(queue: Queue, { priority, retry, delivery_attempts }: QueueMessage): JobForm {
  const attempts = Math.max(1, retry.attempts - delivery_attempts);
  const forms = FORMS.get(queue) ?? new Map<string, JobForm>();
  FORMS.set(queue, forms);
  const kind = `${priority} ${attempts}`;
  const form = forms.get(kind) ?? askBullmq(queue, messageJobPriority(priority), attempts);
  forms.set(kind, form);
  return form;
}

/** BullMQ makes a job and the arguments of its script as always; the client it gives them to only keeps them. */
function askBullmq(queue: Queue, priority: number, attempts: number): JobForm {
  const options = {
    priority,
    attempts,
    backoff: { type: 'ao' },
    removeOnComplete: true,
    removeOnFail: false,
    stackTraceLimit: 10,
  };
  const job = new Job(queue, 'message', {}, options, 'm-');
  let seen: unknown[] = [];
  const client = {
    runCommand: async (_name: string, args: unknown[]): Promise<string> => {
      seen = args;
      return 'm-';
    },
  };
  // The one method that takes the client to use; for this job it calls nothing but `runCommand` of it, and at once.
  const backend = queue.getBackend() as unknown as AddingBackend;
  const asked = backend.addJobToTransaction(client, job.asJSON(), 'm-');
  asked.catch(() => {}); // seen below
  if (seen.length !== ADD_KEYS + ADD_ARGUMENTS)
    throw new FleetError({
      code: 'script_failed',
      kind: 'internal',
      message: `BullMQ passes ${seen.length} values to its script, not ${ADD_KEYS + ADD_ARGUMENTS}`,
    });
  const [packedArguments, , packedOptions] = seen.slice(ADD_KEYS, ADD_KEYS + ADD_ARGUMENTS);
  return {
    keys: seen.slice(0, ADD_KEYS).map(String),
    // Copies, since the packer may hand out parts of one and the same memory.
    arguments: Buffer.from(packedArguments as Uint8Array),
    options: Buffer.from(packedOptions as Uint8Array),
  };
}

interface AddingBackend {
  addJobToTransaction(client: object, job: JobJson, jobId: string): Promise<unknown>;
}
