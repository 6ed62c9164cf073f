import { FleetError } from '../kernel/errors.ts';
import { nearest } from '../kernel/suggest.ts';
import { scriptNames } from '../redis/script.ts';

/** Who does what: a worker calls the handlers of steps, a coordinator holds run jobs and watches over runs. */
export type ProcessRole = 'worker' | 'coordinator';

/** Something a process of the fleet is about to do, is doing, or has just done. */
export interface Moment {
  readonly when: 'before' | 'during' | 'after';
  readonly what: 'handler' | 'children' | `script ${string}`;
  /** What it is about: paths of steps and branches; for a script every argument, among them its paths. */
  readonly paths: readonly string[];
}

interface Place extends Pick<Moment, 'when' | 'what'> {
  readonly role: ProcessRole;
  readonly about?: (path: string) => boolean;
  /** Which of these moments, counted from when the point was set. */
  readonly nth?: number;
}

/** Before the path of a branch that has a run job of its own, so that it is not taken for a step. */
export const BRANCH = 'branch ';

/** The moments of a run at which the death of its process is most interesting. */
export const KILL_POINTS = {
  /** The step has begun, its handler was not called. */
  'step.before_handler': { role: 'worker', when: 'before', what: 'handler' },
  /** The handler was called and has not answered. */
  'step.during_handler': { role: 'worker', when: 'during', what: 'handler' },
  /** The handler has answered, nothing is recorded. */
  'step.before_effect': { role: 'worker', when: 'before', what: 'script commit-step' },
  /** The result and its effect are recorded, the job is not completed. */
  'step.after_effect': { role: 'worker', when: 'after', what: 'script commit-step' },
  /** It is known what follows, and nothing of it is on a queue. */
  'run.before_adding_children': { role: 'coordinator', when: 'before', what: 'children' },
  /** What follows is on its queues, the run job does not wait for it yet. */
  'run.after_adding_children': { role: 'coordinator', when: 'after', what: 'children' },
  'run.before_settle': { role: 'coordinator', when: 'before', what: 'script settle-run' },
  /** The run has ended, its job has not. */
  'run.after_settle': { role: 'coordinator', when: 'after', what: 'script settle-run' },
  /** One undo is done, the next one is not on its queue. */
  'saga.between_undos': {
    role: 'coordinator',
    when: 'before',
    what: 'children',
    about: (path) => path.includes('~undo'),
    nth: 2,
  },
  /** Branches are on their queue, their parent does not wait for them yet. */
  'branch.after_adding': {
    role: 'coordinator',
    when: 'after',
    what: 'children',
    about: (path) => path.startsWith(BRANCH),
  },
  'decision.before_record': { role: 'coordinator', when: 'before', what: 'script record-decisions' },
  'decision.after_record': { role: 'coordinator', when: 'after', what: 'script record-decisions' },
} as const satisfies Readonly<Record<string, Place>>;

export type KillPointName = keyof typeof KILL_POINTS;

export interface KillPoint {
  /** A named moment, or the moment before or after one of the product's Redis scripts. */
  readonly at: KillPointName | `${'before' | 'after'} script ${string}`;
  /** Only where this step or branch is concerned. */
  readonly path?: string;
  /** The how manyth such moment, 1-based; default the first, or what the named point says. */
  readonly nth?: number;
}

/**
 * A predicate that is true once: at the moment meant.
 *
 * Errors: kill_point_unknown (invalid_input) for a script that does not exist, or a point of the other role
 */
export function momentOf(role: ProcessRole, point: KillPoint): (moment: Moment) => boolean {
  const place = placeOf(role, point.at);
  let left = point.nth ?? place.nth ?? 1;
  return ({ when, what, paths }) => {
    if (when !== place.when || what !== place.what) return false;
    if (place.about !== undefined && !paths.some(place.about)) return false;
    if (
      point.path !== undefined &&
      !paths.some((path) => path === point.path || path === BRANCH + point.path)
    )
      return false;
    left -= 1;
    return left === 0;
  };
}

function placeOf(role: ProcessRole, at: KillPoint['at']): Place {
  const named: Place | undefined = Object.hasOwn(KILL_POINTS, at)
    ? KILL_POINTS[at as KillPointName]
    : undefined;
  if (named !== undefined) {
    if (named.role === role) return named;
    throw unknownPoint(`"${at}" is a moment of a ${named.role}, not of a ${role}`);
  }
  const [, when, name = ''] = /^(before|after) script (.+)$/.exec(at) ?? [];
  if (when === undefined) {
    throw unknownPoint(`there is no moment "${at}"${didYouMean(at, Object.keys(KILL_POINTS))}`);
  }
  if (!scriptNames().includes(name)) {
    throw unknownPoint(`there is no script "${name}"${didYouMean(name, scriptNames())}`);
  }
  return { role, when: when as 'before' | 'after', what: `script ${name}` };
}

function didYouMean(name: string, known: readonly string[]): string {
  const meant = nearest(name, [...known]);
  return meant === undefined ? `; known: ${known.join(', ')}` : `; did you mean "${meant}"?`;
}

function unknownPoint(message: string): FleetError {
  return new FleetError({ code: 'kill_point_unknown', kind: 'invalid_input', message });
}
