import type { AgentCapability, AgentCapabilitySet } from '../../models/capability.ts';
import type { CapabilityMatchCriteria } from '../../models/capability-search.ts';
import { parseSemVer, type SemVer } from '../semver.ts';

/** One capability of one agent, ready to be compared. Nothing in it changes with a heartbeat. */
export interface Offer {
  /** Text form. */
  readonly agent: string;
  /** 1 to 10, of the whole set. */
  readonly priority: number;
  readonly isAvailable: boolean;
  readonly capability: AgentCapability;
  readonly version: SemVer;
  /** Its own version and those it says it is compatible with. */
  readonly versions: readonly SemVer[];
}

export function offersOf(set: AgentCapabilitySet): Offer[] {
  return set.capabilities.map((capability) => {
    const version = versionOf(capability.version);
    return {
      agent: set.agent_id,
      priority: set.priority,
      isAvailable: set.availability,
      capability,
      version,
      versions: [version, ...capability.compatible_versions.map(versionOf)],
    };
  });
}

/** What is looked for, ready to be compared. */
export interface Wanted {
  readonly criteria: CapabilityMatchCriteria;
  readonly min: SemVer | undefined;
  readonly max: SemVer | undefined;
  readonly preferred: SemVer | undefined;
  /** The wanted name in small letters. */
  readonly lowerName: string | null;
  readonly limits: readonly (readonly [resource: string, limit: number])[];
  readonly metadata: readonly (readonly [name: string, value: unknown])[];
}

export function wantedOf(criteria: CapabilityMatchCriteria): Wanted {
  const bound = (text: string | null): SemVer | undefined => parseSemVer(text ?? '');
  return {
    criteria,
    min: bound(criteria.min_version),
    max: bound(criteria.max_version),
    preferred: bound(criteria.preferred_version),
    lowerName: criteria.capability_name?.toLowerCase() ?? null,
    limits: Object.entries(criteria.resource_constraints),
    metadata: Object.entries(criteria.metadata_filters),
  };
}

/** Versions that are remembered; there are few among thousands of capabilities. */
const VERSIONS = new Map<string, SemVer>();
const VERSIONS_MAX = 1000;

/** The schema has checked the text. */
function versionOf(text: string): SemVer {
  const known = VERSIONS.get(text);
  if (known !== undefined) return known;
  const version = parseSemVer(text)!;
  if (VERSIONS.size < VERSIONS_MAX) VERSIONS.set(text, version);
  return version;
}
