/** `ing`: "I start walking". `s`: "*looks around*", where players write of themselves as of another. */
export type VerbForm = 'base' | 'ing' | 's';

/** What the dictionary form of a verb may be, given the form in which it stands. */
export function lemmasOf(word: string, form: VerbForm): string[] {
  if (form === 'ing' && word.length > 4 && word.endsWith('ing')) {
    const stem = word.slice(0, -3);
    const undoubled = /([bdglmnprt])\1$/.test(stem) ? [stem.slice(0, -1)] : [];
    return [stem, `${stem}e`, ...undoubled, ...(stem.endsWith('y') ? [`${stem.slice(0, -1)}ie`] : [])];
  }
  if (form === 's' && word.length > 3 && word.endsWith('s')) {
    const stem = word.slice(0, -1);
    return [
      stem,
      ...(stem.endsWith('e') ? [stem.slice(0, -1)] : []),
      ...(stem.endsWith('ie') ? [`${stem.slice(0, -2)}y`] : []),
    ];
  }
  return form === 'base' ? [word] : [];
}
