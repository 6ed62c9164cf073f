import { isDeepStrictEqual } from 'node:util';
import { compareSemVer, isInRange } from '../semver.ts';
import type { MatchingSettings } from '../settings.ts';
import type { Offer, Wanted } from './offer.ts';

/** What no algorithm may overlook, as far as it does not change with a heartbeat. */
export function passesHardFilters(offer: Offer, wanted: Wanted, settings: MatchingSettings): boolean {
  return hasUsableStatus(offer, settings) && fitsResources(offer, wanted) && hasMetadata(offer, wanted);
}

/** How an agent is at this moment, by its last heartbeat. */
export interface Vitals {
  readonly isAlive: boolean;
  /** Whether it takes work. */
  readonly isRunning: boolean;
  /** 0 to 1: messages in hand over concurrency. */
  readonly load: number;
}

/** What no algorithm may overlook, as far as it may change with every heartbeat. */
export function passesLiveFilters(offer: Offer, { criteria }: Wanted, vitals: Vitals): boolean {
  if (!vitals.isAlive || vitals.load > criteria.max_load_factor) return false;
  return !criteria.require_available || isAvailableNow(offer, vitals);
}

export function isAvailableNow(offer: Offer, vitals: Vitals): boolean {
  return offer.isAvailable && vitals.isRunning;
}

/** Equal to the letter, when a name is wanted. */
export function hasName({ capability }: Offer, { criteria }: Wanted): boolean {
  return criteria.capability_name === null || capability.name === criteria.capability_name;
}

/** When a type is wanted. */
export function hasType({ capability }: Offer, { criteria }: Wanted): boolean {
  return criteria.capability_type === null || capability.type === criteria.capability_type;
}

/** Its own version or one it is compatible with lies between the bounds. */
export function hasVersion({ versions }: Offer, { min, max }: Wanted): boolean {
  if (min === undefined && max === undefined) return true;
  return versions.some((version) => isInRange(version, min, max));
}

export function hasPreferredVersion({ version }: Offer, { preferred }: Wanted): boolean {
  return preferred !== undefined && compareSemVer(version, preferred) === 0;
}

/** It has a use for everything the caller gives. */
export function hasInputs({ capability }: Offer, { criteria }: Wanted): boolean {
  return criteria.required_inputs.every(
    (input) => capability.required_inputs.includes(input) || capability.optional_inputs.includes(input),
  );
}

export function hasTags({ capability }: Offer, { criteria }: Wanted): boolean {
  return criteria.required_tags.every((tag) => capability.tags.includes(tag));
}

/** False only when it is known to take longer than wanted. */
export function isFastEnough({ capability }: Offer, { criteria }: Wanted): boolean {
  const { estimated_duration_ms: duration } = capability;
  return duration === null || criteria.max_duration_ms === null || duration <= criteria.max_duration_ms;
}

function hasUsableStatus({ capability }: Offer, settings: MatchingSettings): boolean {
  switch (capability.status) {
    case 'active':
      return true;
    case 'deprecated':
      return settings.includeDeprecated;
    case 'experimental':
      return settings.includeExperimental;
    case 'disabled':
      return false;
  }
}

/** A requirement that is no number cannot be compared with what there is, so it is not met. */
function fitsResources({ capability }: Offer, { limits }: Wanted): boolean {
  return limits.every(([name, limit]) => {
    const required = ownValue(capability.resource_requirements, name);
    return required === undefined || (typeof required === 'number' && required <= limit);
  });
}

function hasMetadata({ capability }: Offer, { metadata }: Wanted): boolean {
  return metadata.every(([name, value]) => isDeepStrictEqual(ownValue(capability.metadata, name), value));
}

function ownValue(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
