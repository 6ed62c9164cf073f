import { systemClock, type Clock } from '../kernel/clock.ts';
import { EXIT } from './exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type SignalName = (typeof SIGNALS)[number] | 'SIGHUP';

/** The part of `process` that delivers signals. */
export interface SignalSource {
  on(name: SignalName, listener: () => void): unknown;
  off(name: SignalName, listener: () => void): unknown;
}

/** npm, timeout and terminals deliver one wish to end twice: to the process and to its group. */
const SAME_WISH_MS = 250;

/**
 * The first SIGINT or SIGTERM calls `onFirst`, so that work can be finished; a later one ends the process at
 * once with 130. Signals within a quarter of a second count as one.
 *
 * @returns undo, for the end of the command
 */
export function watchSignals(
  source: SignalSource,
  onFirst: () => void,
  exit: (code: number) => void,
  clock: Clock = systemClock,
): () => void {
  let firstAt: number | undefined;
  const listener = () => {
    const now = clock.now();
    if (firstAt === undefined) {
      firstAt = now;
      onFirst();
    } else if (now - firstAt > SAME_WISH_MS) {
      exit(EXIT.interrupted);
    }
  };
  for (const name of SIGNALS) source.on(name, listener);
  return () => {
    for (const name of SIGNALS) source.off(name, listener);
  };
}

/**
 * SIGHUP asks a process for something. Not at a terminal: there it says that the terminal is gone, and ends the process as
 * it ends any other.
 *
 * @returns undo
 */
export function watchHangups(source: SignalSource, listener: () => void): () => void {
  source.on('SIGHUP', listener);
  return () => void source.off('SIGHUP', listener);
}
