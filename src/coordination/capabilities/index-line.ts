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

/** @param now  Redis time in ms */
export function readIndexLine(line: string, now: number): IndexLine {
  const [agent = '', revision = '', expiresAt = '', load = '', isRunning = '', registration = ''] =
    line.split(' ');
  return {
    agent,
    revision: Number(revision),
    isAlive: Number(expiresAt) > now,
    load: Number(load),
    isRunning: isRunning === '1',
    registration,
  };
}

/** Whether a line belongs to this incarnation of an agent. */
export function isOfIncarnation(line: IndexLine, registrationId: string): boolean {
  return registrationId.startsWith(line.registration);
}
