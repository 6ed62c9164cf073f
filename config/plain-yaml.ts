/**
 * Reads the plain part of YAML that lists of words are written in: maps and lists by indentation, `[a, b]` and
 * `{ a: b }` over any number of lines, scalars plain or in quotes, comments. A tenth of the time that all of YAML takes.
 *
 * @returns the document, or undefined where anything else is in it: then a full reader has to be asked
 */
export function readPlainYaml(text: string): unknown {
  try {
    return new PlainYaml(text).document();
  } catch (error) {
    if (error === NOT_PLAIN) return undefined;
    throw error;
  }
}

const NOT_PLAIN = new Error('not plain YAML');

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const HASH = 0x23;
const DASH = 0x2d;
const COLON = 0x3a;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const COMMA = 0x2c;
/** What a plain scalar may not begin with here. */
const SPECIAL = new Set(Array.from('&*!|>%@`?{}[],:#"\'-', (c) => c.charCodeAt(0)));
const NUMBER = /^[-+]?\d+(?:\.\d+)?$/;
/** Plain scalars of which YAML makes something else than a text, or may. */
const ODD = /^(?:~|null|true|false|[-+.].*|[\d.]*(?:e[-+]?\d+)?|0[xo].*)$/i;

class PlainYaml {
  readonly #text: string;
  #at = 0;
  /** Column of what is next, after {@link #next}. */
  #column = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    if (!this.#next()) return null;
    if (this.#column !== 0) throw NOT_PLAIN;
    const value = this.#block(0);
    if (this.#next()) throw NOT_PLAIN;
    return value;
  }

  /** Goes to the next thing that is neither blank nor a comment. @returns false at the end */
  #next(): boolean {
    const text = this.#text;
    for (;;) {
      const c = text.charCodeAt(this.#at);
      if (c === SPACE || c === LINE_FEED) this.#at++;
      else if (c === HASH && this.#isAfterBlank()) this.#skipLine();
      else break;
    }
    if (this.#at >= text.length) return false;
    this.#column = this.#at - (text.lastIndexOf('\n', this.#at - 1) + 1);
    return true;
  }

  #isAfterBlank(): boolean {
    const before = this.#at === 0 ? LINE_FEED : this.#text.charCodeAt(this.#at - 1);
    return before === SPACE || before === LINE_FEED;
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end === -1 ? this.#text.length : end;
  }

  #block(column: number): unknown {
    return this.#isDash() ? this.#list(column) : this.#map(column);
  }

  #isDash(): boolean {
    const after = this.#text.charCodeAt(this.#at + 1);
    return this.#text.charCodeAt(this.#at) === DASH && (after === SPACE || after === LINE_FEED);
  }

  #list(column: number): unknown[] {
    const list: unknown[] = [];
    do {
      if (!this.#isDash()) throw NOT_PLAIN;
      this.#at++;
      this.#skipSpaces();
      // A map that begins behind the dash would have to be looked for.
      list.push(this.#inline());
      this.#endOfLine();
    } while (this.#next() && this.#column === column);
    if (this.#at < this.#text.length && this.#column > column) throw NOT_PLAIN;
    return list;
  }

  #map(column: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    do {
      const key = this.#key();
      if (Object.hasOwn(map, key)) throw NOT_PLAIN;
      this.#skipSpaces();
      const c = this.#text.charCodeAt(this.#at);
      if (c !== LINE_FEED && c !== HASH && this.#at < this.#text.length) {
        map[key] = this.#inline();
        this.#endOfLine();
        continue;
      }
      if (!this.#next() || this.#column < column) throw NOT_PLAIN;
      const first = this.#text[this.#at];
      if (first === '[' || first === '{') {
        if (this.#column === column) throw NOT_PLAIN;
        map[key] = this.#inline();
        this.#endOfLine();
      } else if (this.#column > column || this.#isDash()) map[key] = this.#block(this.#column);
      else throw NOT_PLAIN;
    } while (this.#next() && this.#column === column && !this.#isDash());
    if (this.#at < this.#text.length && this.#column > column) throw NOT_PLAIN;
    return map;
  }

  /** A key and the colon behind it. */
  #key(): string {
    const key = this.#scalar(false, true);
    if (this.#text.charCodeAt(this.#at) !== COLON) throw NOT_PLAIN;
    this.#at++;
    const after = this.#text.charCodeAt(this.#at);
    if (after !== SPACE && after !== LINE_FEED && this.#at < this.#text.length) throw NOT_PLAIN;
    if (typeof key !== 'string' || key === '__proto__') throw NOT_PLAIN;
    return key;
  }

  #inline(isInFlow = false): unknown {
    const c = this.#text[this.#at];
    if (c === '[') return this.#flow(']');
    if (c === '{') return this.#flow('}');
    return this.#scalar(isInFlow, false);
  }

  #flow(closing: ']' | '}'): unknown {
    this.#at++;
    const list: unknown[] = [];
    const map: Record<string, unknown> = {};
    for (;;) {
      if (!this.#next()) throw NOT_PLAIN;
      if (this.#text[this.#at] === closing) break;
      if (closing === ']') list.push(this.#inline(true));
      else {
        const key = this.#scalar(true, true);
        if (this.#text[this.#at] !== ':' || this.#text[this.#at + 1] !== ' ') throw NOT_PLAIN;
        if (typeof key !== 'string' || key === '__proto__' || Object.hasOwn(map, key)) throw NOT_PLAIN;
        this.#at++;
        this.#skipSpaces();
        map[key] = this.#inline(true);
      }
      if (!this.#next()) throw NOT_PLAIN;
      if (this.#text.charCodeAt(this.#at) === COMMA) this.#at++;
      else if (this.#text[this.#at] !== closing) throw NOT_PLAIN;
    }
    this.#at++;
    return closing === ']' ? list : map;
  }

  #scalar(isInFlow: boolean, isKey: boolean): unknown {
    const c = this.#text.charCodeAt(this.#at);
    if (c === QUOTE) return this.#quoted();
    if (c === DOUBLE_QUOTE) return this.#doubleQuoted();
    const text = this.#plain(isInFlow);
    if (text === 'true' && !isKey) return true;
    if (text === 'false' && !isKey) return false;
    if (NUMBER.test(text) && !/^[-+]?0\d/.test(text) && !isKey) return Number(text);
    if (ODD.test(text)) throw NOT_PLAIN;
    return text;
  }

  #plain(isInFlow: boolean): string {
    const text = this.#text;
    const from = this.#at;
    const first = text.charCodeAt(from);
    // "-3" is a number; every other dash, and all the signs of YAML, are somebody else's.
    if (SPECIAL.has(first) && !(first === DASH && /\d/.test(text[from + 1] ?? ''))) throw NOT_PLAIN;
    for (; this.#at < text.length; this.#at++) {
      const c = text.charCodeAt(this.#at);
      if (c === LINE_FEED) break;
      if (c < SPACE || c === 0x7f) throw NOT_PLAIN;
      if (c === HASH && text.charCodeAt(this.#at - 1) === SPACE) break;
      if (c === COLON) {
        const after = text.charCodeAt(this.#at + 1);
        if (after === SPACE || after === LINE_FEED || this.#at + 1 === text.length) break;
        if (isInFlow) throw NOT_PLAIN;
      }
      if (isInFlow && (c === COMMA || c === 0x5b || c === 0x5d || c === 0x7b || c === 0x7d)) break;
    }
    const value = text.slice(from, this.#at).trimEnd();
    // In a flow, a plain scalar could go on in the next line.
    if (isInFlow && text.charCodeAt(this.#at) === LINE_FEED) {
      const after = /[^\s]/.exec(text.slice(this.#at, this.#at + 200))?.[0];
      if (after === undefined || !',]}#'.includes(after)) throw NOT_PLAIN;
    }
    return value;
  }

  #quoted(): string {
    let value = '';
    for (let from = this.#at + 1; ;) {
      const end = this.#text.indexOf("'", from);
      if (end === -1) throw NOT_PLAIN;
      value += this.#text.slice(from, end);
      this.#at = end + 1;
      if (this.#text.charCodeAt(end + 1) !== QUOTE) break;
      value += "'";
      from = end + 2;
    }
    if (value.includes('\n')) throw NOT_PLAIN;
    return value;
  }

  #doubleQuoted(): string {
    const end = this.#text.indexOf('"', this.#at + 1);
    const value = this.#text.slice(this.#at + 1, end);
    if (end === -1 || value.includes('\\') || value.includes('\n')) throw NOT_PLAIN;
    this.#at = end + 1;
    return value;
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === SPACE) this.#at++;
  }

  #endOfLine(): void {
    this.#skipSpaces();
    const c = this.#text.charCodeAt(this.#at);
    if (c === HASH && this.#text.charCodeAt(this.#at - 1) === SPACE) this.#skipLine();
    else if (c !== LINE_FEED && this.#at < this.#text.length) throw NOT_PLAIN;
  }
}
