import { FleetError } from '../../kernel/errors.ts';

const MAX_BYTES = 256 * 1024;

export interface StepMemo {
  /** See StepContext.memo. */
  readonly memo: <T>(key: string, produce: () => Promise<T>) => Promise<T>;
}

/** In process: a map that lives as long as the run, one part of it for each step. */
export function memoryMemo(outputs: Map<string, string>, path: string): StepMemo {
  const here = new Map<string, Promise<unknown>>();
  const produceOnce = async (name: string, produce: () => Promise<unknown>): Promise<unknown> => {
    const key = `${path}\n${name}`;
    const text = outputs.get(key) ?? encodeMemo(name, await produce());
    outputs.set(key, text);
    return JSON.parse(text);
  };
  return { memo: (name, produce) => once(here, name, () => produceOnce(name, produce)) as never };
}

/** Calls of one attempt for one name share their work; a failure is forgotten. */
export function once(
  here: Map<string, Promise<unknown>>,
  name: string,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const under = here.get(name);
  if (under !== undefined) return under;
  const begun = work();
  here.set(name, begun);
  begun.catch(() => here.delete(name));
  return begun;
}

/** Errors: not_serializable, result_too_large (both internal, never retried). */
export function encodeMemo(name: string, output: unknown): string {
  const text = JSON.stringify(output) as string | undefined;
  if (text === undefined) {
    throw new FleetError({
      code: 'not_serializable',
      kind: 'internal',
      retryable: false,
      message: `what is remembered as "${name}" is nothing that JSON can hold`,
    });
  }
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BYTES) return text;
  throw new FleetError({
    code: 'result_too_large',
    kind: 'internal',
    retryable: false,
    message: `what is remembered as "${name}" takes ${bytes} bytes; at most ${MAX_BYTES} are stored`,
  });
}
