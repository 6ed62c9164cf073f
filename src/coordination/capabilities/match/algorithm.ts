import type { MatchAlgorithmName, MatchingSettings } from '../settings.ts';
import type { Offer, Wanted } from './offer.ts';

/** A way to say how well an offer fits what is wanted. */
export interface MatchAlgorithm {
  readonly name: MatchAlgorithmName;
  /** Whether an offer that passed the hard filters may be scored at all. */
  admits(offer: Offer, wanted: Wanted): boolean;
  /** 0 to 1 for each offer in turn, as if its agent were idle. Only a plugged-in scorer needs time for it. */
  scores(offers: readonly Offer[], wanted: Wanted): readonly number[] | Promise<readonly number[]>;
  /** What the load of the agent leaves of a score; all of it unless given. */
  underLoad?(score: number, load: number): number;
  /** Whether a score is good enough to be shown. */
  isEnough(score: number, settings: MatchingSettings): boolean;
}

/** Sums of tenths and fifths as they are written on paper: 0.96, and not 0.9600000000000001. */
export function rounded(score: number): number {
  return Math.round(score * 1e9) / 1e9;
}
