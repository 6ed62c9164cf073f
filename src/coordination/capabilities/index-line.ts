/**
 * What the index says of an agent, on one line that each heartbeat writes anew: `<text form> <revision> <expires at>
 * <load> <1 when it takes work> <beginning of its registration id>`. So a search reads one small hash, and
 * capabilities only when their revision is another one.
 */
export interface IndexLine {
  /** Text form. */
  readonly agent: string;
  /** The epoch at which its capabilities changed last. */
  readonly revision: number;
  readonly isAlive: boolean;
  /** 0 to 1. */
  readonly load: number;
  /** Whether it takes work. */
  readonly isRunning: boolean;
  readonly registration: string;
}

/**
 * Read by thousands in every search, so the line is cut at its blanks and not split.
 * @param now  Redis time in ms
 */
export function readIndexLine(line: string, now: number): IndexLine {
  const agent = line.indexOf(' ');
  const revision = line.indexOf(' ', agent + 1);
  const expiresAt = line.indexOf(' ', revision + 1);
  const load = line.indexOf(' ', expiresAt + 1);
  const isRunning = line.indexOf(' ', load + 1);
  return {
    agent: line.slice(0, agent),
    revision: Number(line.slice(agent + 1, revision)),
    isAlive: Number(line.slice(revision + 1, expiresAt)) > now,
    load: Number(line.slice(expiresAt + 1, load)),
    isRunning: line.slice(load + 1, isRunning) === '1',
    registration: line.slice(isRunning + 1),
  };
}

/** Whether a line belongs to this incarnation of an agent. */
export function isOfIncarnation(line: IndexLine, registrationId: string): boolean {
  return registrationId.startsWith(line.registration);
}
