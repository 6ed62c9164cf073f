import { inParallel } from './statistics.ts';

/** Something that runs workflows of one shape, measured from outside. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  /** Put one run on the queues; resolves when it was accepted. */
  add(): Promise<void>;
  /** Told before and after each of its rounds in a comparison: what it does beside its runs falls on it alone. */
  isMeasured?(isMeasured: boolean): Promise<void>;
  /** Called once per completed run, in the process that completed it. */
  onCompleted: () => void;
}

/** How many calls of `add` are on their way at a time: a busy producer, not a single slow one. */
const PRODUCERS = 100;

/** Runs per second, from the first add to the last completion. */
export async function throughput(subject: Subject, runs: number): Promise<number> {
  const done = Promise.withResolvers<void>();
  let open = runs;
  subject.onCompleted = () => {
    if (--open === 0) done.resolve();
  };
  const started = performance.now();
  await inParallel(runs, PRODUCERS, () => subject.add());
  await done.promise;
  return runs / ((performance.now() - started) / 1000);
}

/** Milliseconds of one run while nothing else is going on. */
export async function latency(subject: Subject): Promise<number> {
  const done = Promise.withResolvers<void>();
  subject.onCompleted = done.resolve;
  const started = performance.now();
  await subject.add();
  await done.promise;
  return performance.now() - started;
}
