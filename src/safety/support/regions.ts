import type { SupportLine, SupportResources } from '../../../config/safety-support.ts';

/** What is shown where: `isKnown` false is for everywhere, and names no number. */
export interface Place {
  readonly region: string;
  readonly isKnown: boolean;
  /** The first is the one that is named in texts; empty where no number is known. */
  readonly emergency: readonly string[];
  readonly lines: readonly SupportLine[];
}

const UNKNOWN = 'default';
/** People write it so; the standard calls it otherwise. */
const SAME: Readonly<Record<string, string>> = { UK: 'GB' };

/**
 * The place whose help is shown: the region that was named, else that of the locale (`en-GB`), else `fallback`.
 * A region that was named and is not known is answered with what holds everywhere, never with another's numbers.
 */
export function placeOf(
  resources: SupportResources,
  {
    region,
    locale,
    fallback,
  }: { region?: string | undefined; locale?: string | undefined; fallback: string },
): Place {
  const named = regionIn(region, true) ?? regionIn(locale, false) ?? fallback;
  const code = SAME[named] ?? named;
  const found = Object.hasOwn(resources.regions, code) ? resources.regions[code] : undefined;
  return found === undefined
    ? { region: UNKNOWN, isKnown: false, emergency: [], lines: resources.default.lines }
    : {
        region: code,
        isKnown: true,
        emergency: [found.emergency, ...found.emergency_also],
        lines: found.lines,
      };
}

/** Every place that is shipped, the unknown one last. */
export function allPlaces(resources: SupportResources): Place[] {
  return [...Object.keys(resources.regions), UNKNOWN].map((region) =>
    placeOf(resources, { region, fallback: UNKNOWN }),
  );
}

/** `US`, `us-CA` → US; of a locale only what follows the language: `es-MX` → MX, `en` → nothing. */
function regionIn(text: string | undefined, isRegion: boolean): string | undefined {
  const parts = (text ?? '').split(/[-_]/u);
  const code = isRegion ? parts[0] : parts.slice(1).find((part) => /^[a-z]{2}$/iu.test(part));
  return code === undefined || code === '' ? undefined : code.toUpperCase();
}

/** `en-GB` → `en`. */
export function languageIn(locale: string): string {
  return locale.split(/[-_]/u)[0]!.toLowerCase();
}
