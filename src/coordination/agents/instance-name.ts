const LONGEST = 64;

/** A name nobody else has: where the agent runs, in which process, and chance. */
export function instanceName(host: string, pid: number, chance: string): string {
  const end = `-${pid}-${chance}`;
  const place = host.replaceAll(/[^A-Za-z0-9_-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'host';
  return place.slice(0, LONGEST - end.length) + end;
}
