import type { IntentAction } from '../../contracts/intent.ts';
import type { Target } from './reading.ts';

/** The fields of an action that name a thing. */
export function object(target: Target): Partial<IntentAction> {
  return {
    ...(target.words === null ? {} : { object: target.words }),
    ...(target.match === undefined ? {} : { object_ref: target.match.id }),
  };
}

/** The fields of an action that name a person. */
export function person(target: Target): Partial<IntentAction> {
  return {
    ...(target.words === null ? {} : { npc: target.words }),
    ...(target.match === undefined ? {} : { npc_ref: target.match.id }),
  };
}

/** The fields of an action that name a place. */
export function place(target: Target): Partial<IntentAction> {
  return {
    ...(target.words === null ? {} : { place: target.words }),
    ...(target.match === undefined ? {} : { place_ref: target.match.id }),
  };
}

/** The fields of an action that name a tool. */
export function instrument(target: Target): Partial<IntentAction> {
  return {
    ...(target.words === null ? {} : { instrument: target.words }),
    ...(target.match === undefined ? {} : { instrument_ref: target.match.id }),
  };
}
