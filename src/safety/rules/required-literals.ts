/** Shorter ones would be in every text. */
const SHORTEST = 2;
const MOST = 200;

/**
 * Literals of which every match of a pattern contains at least one, or null when none can be told. A text without
 * them need not be shown to the engine.
 *
 * Careful rather than clever: what is not understood counts as nothing required.
 */
export function requiredLiterals(pattern: string): readonly string[] | null {
  const reader = new PatternReader(pattern);
  const literals = reader.alternatives();
  if (!reader.isUnderstood || literals === null) return null;
  const unique = [...new Set(literals)];
  return unique.length <= MOST && unique.every((literal) => literal.length >= SHORTEST) ? unique : null;
}

class PatternReader {
  readonly #pattern: string;
  #at = 0;
  #isGivenUp = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  get isUnderstood(): boolean {
    return !this.#isGivenUp && this.#isDone;
  }

  get #isDone(): boolean {
    return this.#isGivenUp || this.#at >= this.#pattern.length;
  }

  /** Every branch must require something. */
  alternatives(): string[] | null {
    const found: string[] = [];
    let isKnown = true;
    for (;;) {
      const branch = this.#sequence();
      if (branch === null) isKnown = false;
      else found.push(...branch);
      if (this.#pattern[this.#at] !== '|') break;
      this.#at++;
    }
    return isKnown ? found : null;
  }

  /** The most telling part of a branch. */
  #sequence(): string[] | null {
    let best: string[] | null = null;
    let run = '';
    const offer = (literals: string[] | null): void => {
      if (literals !== null && worth(literals) > worth(best)) best = literals;
    };
    const endRun = (): void => {
      if (run !== '') offer([run]);
      run = '';
    };
    while (!this.#isDone && this.#pattern[this.#at] !== '|' && this.#pattern[this.#at] !== ')') {
      const literal = this.#literal();
      if (literal !== null) {
        const isOptional = this.#quantifierMayBeZero();
        if (isOptional === null) run += literal;
        else {
          if (!isOptional) run += literal;
          endRun();
        }
        continue;
      }
      endRun();
      const group = this.#atom();
      if (this.#quantifierMayBeZero() !== true) offer(group);
    }
    endRun();
    return best;
  }

  /** A character that stands for itself, or null. */
  #literal(): string | null {
    const c = this.#pattern[this.#at]!;
    if (c === '\\') {
      const next = this.#pattern[this.#at + 1];
      if (next === undefined || /[\w]/u.test(next)) return null;
      this.#at += 2;
      return next;
    }
    if ('.^$[]()*+?{}|'.includes(c)) return null;
    this.#at++;
    return c;
  }

  #atom(): string[] | null {
    const c = this.#pattern[this.#at]!;
    if (c === '(') return this.#group();
    if (c === '[') this.#skipClass();
    else if (c === '\\') this.#skipEscape();
    else this.#at++;
    return null;
  }

  #group(): string[] | null {
    this.#at++;
    const head = /^\?(?:P?<\w+>|:)/u.exec(this.#pattern.slice(this.#at))?.[0];
    if (head === undefined && this.#pattern[this.#at] === '?') this.#isGivenUp = true;
    this.#at += head?.length ?? 0;
    const inside = this.alternatives();
    this.#at++;
    return inside;
  }

  #skipClass(): void {
    this.#at += this.#pattern[this.#at + 1] === '^' ? 2 : 1;
    for (let isFirst = true; !this.#isDone && (isFirst || this.#pattern[this.#at] !== ']'); isFirst = false) {
      if (this.#pattern.startsWith('[:', this.#at)) {
        const end = this.#pattern.indexOf(':]', this.#at);
        this.#at = end === -1 ? this.#pattern.length : end + 2;
      } else this.#at += this.#pattern[this.#at] === '\\' ? 2 : 1;
    }
    this.#at++;
  }

  /** Quoted stretches and hexadecimal escapes are given up on. */
  #skipEscape(): void {
    const next = this.#pattern[this.#at + 1];
    if (next === 'Q' || next === 'x') this.#isGivenUp = true;
    else if (next === 'p' || next === 'P') {
      this.#at += this.#pattern[this.#at + 2] === '{' ? this.#pattern.slice(this.#at).indexOf('}') + 1 : 3;
    } else this.#at += 2;
  }

  /** Null: no quantifier follows. */
  #quantifierMayBeZero(): boolean | null {
    const found = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})[?+]?/u.exec(this.#pattern.slice(this.#at));
    if (found === null) return null;
    this.#at += found[0].length;
    return found[0].startsWith('*') || found[0].startsWith('?') || found[1] === '0';
  }
}

function worth(literals: readonly string[] | null): number {
  return literals === null || literals.length === 0 ? 0 : Math.min(...literals.map(({ length }) => length));
}
