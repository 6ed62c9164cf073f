import { EXIT } from './exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The part of `process` that delivers signals. */
export interface SignalSource {
  on(name: (typeof SIGNALS)[number], listener: () => void): unknown;
  off(name: (typeof SIGNALS)[number], listener: () => void): unknown;
}

/**
 * The first SIGINT or SIGTERM calls `onFirst`, so that work can be finished; the second one ends the process
 * at once with 130.
 *
 * @returns undo, for the end of the command
 */
export function watchSignals(
  source: SignalSource,
  onFirst: () => void,
  exit: (code: number) => void,
): () => void {
  let count = 0;
  const listener = () => {
    count += 1;
    if (count === 1) onFirst();
    else exit(EXIT.interrupted);
  };
  for (const name of SIGNALS) source.on(name, listener);
  return () => {
    for (const name of SIGNALS) source.off(name, listener);
  };
}
