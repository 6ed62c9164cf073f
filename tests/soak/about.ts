/** Which plans the processes of a soak know, and where their ledger is. */
export interface SoakPlans {
  readonly seed: number;
  readonly count: number;
  readonly redisUrl: string;
  /** Key prefix of its books. */
  readonly ledger: string;
}

/** Processes that are started from now on know this. */
export function tellPlans(about: SoakPlans): void {
  process.env['TEST_SOAK'] = JSON.stringify(about);
}

export function toldPlans(): SoakPlans {
  return JSON.parse(process.env['TEST_SOAK']!) as SoakPlans;
}
