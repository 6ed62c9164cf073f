import type { IpaOutput } from '../../contracts/intent.ts';
import type { OwnedSession } from '../../sessions/session-store.ts';

/** The workflow that fits a line, and what the line means where that had to be found out. */
export interface Choice {
  readonly workflow: IpaOutput['routing']['workflow'];
  readonly intent?: IpaOutput;
}

/**
 * Which workflow answers a line: a shorter one only where every action in it allows that, and where what the words refer
 * to is as sure now as it will be when the run begins. Most lines cost no round trip.
 *
 * @param understand  what a text means in a session; without one, from its words alone
 * Source: spec, workflows 2.2
 */
export async function chooseWorkflow(
  understand: (text: string, session: OwnedSession | null) => Promise<IpaOutput>,
  text: string,
  session: OwnedSession,
): Promise<Choice> {
  const byWords = routeOf(await understand(text, null));
  // The first understands for itself, in its own time; the last does everything.
  if (byWords === 'input_processing' || byWords === 'collaborative') return { workflow: byWords };
  // A turn that goes first may lead somewhere else, and this line means what is there.
  if (session.view.active_run_id !== null) return { workflow: 'collaborative' };
  const intent = await understand(text, session);
  return routeOf(intent) === byWords ? { workflow: byWords, intent } : { workflow: 'collaborative' };
}

function routeOf({ routing, dropped_actions: dropped }: IpaOutput): Choice['workflow'] {
  return dropped > 0 ? 'collaborative' : routing.workflow;
}
