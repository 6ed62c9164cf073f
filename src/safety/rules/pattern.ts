import { RE2JS } from 're2js';
import type { Rule } from './document.ts';

/** More places of one pattern in one text tell nothing new. */
const MOST_MATCHES = 20;

/** A pattern that runs in linear time on folded text, or on the text as it is when case counts. */
export interface LinearPattern {
  readonly isFolded: boolean;
  readonly source: string;
  /** Places as [start, end) in `text`. */
  find(text: string): [number, number][];
}

/** Errors: whatever the engine says about syntax that RE2 does not know: back-references, look-around */
export function compilePattern({ pattern, flags }: Pick<Rule, 'flags'> & { pattern: string }): LinearPattern {
  const isFolded = flags.includes('i');
  const source = isFolded ? foldPattern(pattern) : pattern;
  const engine = RE2JS.compile(
    source,
    (flags.includes('m') ? RE2JS.MULTILINE : 0) | (flags.includes('s') ? RE2JS.DOTALL : 0),
  );
  return {
    isFolded,
    source,
    find(text) {
      const found: [number, number][] = [];
      const matcher = engine.matcher(text);
      while (found.length < MOST_MATCHES && matcher.find()) {
        if (matcher.end() > matcher.start()) found.push([matcher.start(), matcher.end()]);
      }
      return found;
    },
  };
}

/** Lower case, but for what follows a backslash: \W is not \w. */
function foldPattern(pattern: string): string {
  return pattern.replaceAll(/\\(?:[pP]\{[^}]*\}|[\s\S])|[^\\]+/gu, (part) =>
    part.startsWith('\\') ? part : part.normalize('NFKC').toLowerCase(),
  );
}
