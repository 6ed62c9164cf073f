import { FleetError } from '../kernel/errors.ts';
import { startFleetProcess, type FleetProcess } from './fleet-process.ts';
import type { Ended, Frozen, Victim } from './harness.ts';
import type { KillPoint, ProcessRole } from './kill-points.ts';
import type { ToWorker } from './worker-messages.ts';

const QUEUES_OF = { worker: ['ipa', 'wba', 'nga'], coordinator: ['flow', 'maintenance'] } as const;
const COMES_WITHIN_MS = 30_000;

/** The processes of one fleet; whoever dies is replaced. */
export class ProcessPool implements AsyncDisposable {
  readonly #fleet: Pick<Extract<ToWorker, { type: 'start' }>, 'redisUrl' | 'settings' | 'plans'>;
  readonly #processes = new Set<FleetProcess>();
  readonly #busy = new Set<FleetProcess>();
  #started = 0;

  constructor(fleet: Pick<Extract<ToWorker, { type: 'start' }>, 'redisUrl' | 'settings' | 'plans'>) {
    this.#fleet = fleet;
  }

  async start(role: ProcessRole): Promise<FleetProcess> {
    const instance = `${role}-${++this.#started}`;
    const process = await startFleetProcess({ ...this.#fleet, role, queues: QUEUES_OF[role], instance });
    this.#processes.add(process);
    return process;
  }

  /** Those that live and have no fate yet. */
  free(): ProcessRole[] {
    return [...this.#processes].filter((process) => !this.#busy.has(process)).map(({ role }) => role);
  }

  /** Kills a process now, or at a moment of its life. Resolves when it is dead, or will be. */
  async kill(role: ProcessRole, point?: KillPoint): Promise<Victim> {
    const victim = this.#take(role);
    const replaced = async (): Promise<Ended> => {
      const ended = await (point === undefined ? victim.ended : inTime(victim.ended, role, point));
      this.#processes.delete(victim);
      await this.start(role);
      return ended;
    };
    if (point === undefined) victim.signal('SIGKILL');
    else await this.#arm(victim, point, 'SIGKILL');
    const gone = replaced();
    gone.catch(() => undefined); // Whoever waits for it hears of it.
    if (point === undefined) await gone;
    return { pid: victim.pid, gone };
  }

  /** Lets a process stand still at a moment of its life. Resolves when it will. */
  async freeze(role: ProcessRole, point: KillPoint): Promise<Frozen> {
    const frozen = this.#take(role);
    const { reached } = await this.#arm(frozen, point, 'SIGSTOP');
    const stands = inTime(reached, role, point).then(async () => void (await this.start(role)));
    stands.catch(() => undefined);
    return { pid: frozen.pid, stands, thaw: () => frozen.signal('SIGCONT'), retire: () => frozen.stop() };
  }

  /** The logs of all processes that live, for a test that must know why. */
  logs(): string {
    return [...this.#processes].map((process) => process.log()).join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#processes].map((process) => {
        process.signal('SIGKILL');
        return process.ended;
      }),
    );
  }

  /** One that refuses is as free as before. */
  async #arm(process: FleetProcess, point: KillPoint, signal: 'SIGKILL' | 'SIGSTOP') {
    try {
      return await process.arm(point, signal);
    } catch (error) {
      this.#busy.delete(process);
      throw error;
    }
  }

  #take(role: ProcessRole): FleetProcess {
    const free = [...this.#processes].find((process) => process.role === role && !this.#busy.has(process));
    if (free === undefined) throw new RangeError(`every ${role} of this fleet has its fate already`);
    this.#busy.add(free);
    return free;
  }
}

async function inTime<T>(work: Promise<T>, role: ProcessRole, { at, path }: KillPoint): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const where = path === undefined ? at : `${at} of ${path}`;
    const message = `the ${role} did not come to ${where} within ${COMES_WITHIN_MS / 1000} s`;
    late.reject(new FleetError({ code: 'kill_point_missed', kind: 'timeout', message }));
  }, COMES_WITHIN_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
