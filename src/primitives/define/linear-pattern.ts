/**
 * Patterns of people we do not know, matched in time linear in the text: all positions in the pattern are followed
 * at once, nothing is ever tried again. Known are literals, `.`, classes, `\d \w \s` and their opposites, `^ $`,
 * groups, `|`, `* + ? {m,n}`. There are no references back and no looking around.
 */
export interface LinearPattern {
  /** Anywhere in the text, unless `^` and `$` say otherwise. */
  test(text: string): boolean;
}

const MAX_PATTERN = 200;
const MAX_STATES = 2000;
const MAX_TEXT = 10_000;

type State =
  | { readonly kind: 'char'; readonly accepts: (char: string) => boolean; next: number }
  | { readonly kind: 'split'; next: number; other: number }
  | { readonly kind: 'start' | 'end'; next: number }
  | { readonly kind: 'match' };

/** @throws SyntaxError  naming what is not allowed */
export function linearPattern(source: string): LinearPattern {
  if (source.length > MAX_PATTERN) throw new SyntaxError(`a pattern has at most ${MAX_PATTERN} characters`);
  const states: State[] = [];
  const tree = parse(Array.from(source));
  const start = build(tree, add(states, { kind: 'match' }), states);
  return {
    test: (text) => text.length <= MAX_TEXT && run(states, start, Array.from(text)),
  };
}

type Tree =
  | { readonly kind: 'char'; readonly accepts: (char: string) => boolean }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Tree[] }
  | { readonly kind: 'times'; readonly body: Tree; readonly min: number; readonly max: number };

function parse(chars: readonly string[]): Tree {
  let at = 0;
  const alternatives = (): Tree => {
    const parts = [concatenation()];
    while (chars[at] === '|') {
      at++;
      parts.push(concatenation());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'any', parts };
  };
  const concatenation = (): Tree => {
    const parts: Tree[] = [];
    while (at < chars.length && chars[at] !== '|' && chars[at] !== ')') parts.push(repeated());
    return { kind: 'all', parts };
  };
  const repeated = (): Tree => {
    let body = atom();
    for (let times = quantifier(); times !== null; times = quantifier())
      body = { kind: 'times', body, ...times };
    return body;
  };
  const quantifier = (): { min: number; max: number } | null => {
    const rest = chars.slice(at).join('');
    const found = /^(?:[*+?]|\{(\d{1,3})(?:(,)(\d{1,3})?)?\})\??/.exec(rest);
    if (found === null) return null;
    at += found[0].length;
    if (rest[0] === '*') return { min: 0, max: Infinity };
    if (rest[0] === '+') return { min: 1, max: Infinity };
    if (rest[0] === '?') return { min: 0, max: 1 };
    const min = Number(found[1]);
    const max = found[3] !== undefined ? Number(found[3]) : found[2] === undefined ? min : Infinity;
    if (max < min) throw new SyntaxError(`{${min},${max}} is no range`);
    return { min, max };
  };
  const atom = (): Tree => {
    const char = chars[at++]!;
    if (char === '^') return { kind: 'start' };
    if (char === '$') return { kind: 'end' };
    if (char === '.') return { kind: 'char', accepts: (c) => c !== '\n' };
    if (char === '(') return group();
    if (char === '[') return charClass();
    if (char === '\\') return escape();
    if ('*+?{'.includes(char)) throw new SyntaxError(`"${char}" has nothing to repeat`);
    return { kind: 'char', accepts: (c) => c === char };
  };
  const group = (): Tree => {
    if (chars[at] === '?') {
      if (chars[at + 1] !== ':') throw new SyntaxError('groups may not look around or have names');
      at += 2;
    }
    const inside = alternatives();
    if (chars[at++] !== ')') throw new SyntaxError('a group is not closed');
    return inside;
  };
  const charClass = (): Tree => {
    const from = at - 1;
    if (chars[at] === '^') at++;
    if (chars[at] === ']') at++;
    while (at < chars.length && chars[at] !== ']') at += chars[at] === '\\' ? 2 : 1;
    if (chars[at++] !== ']') throw new SyntaxError('a class is not closed');
    return single(chars.slice(from, at).join(''));
  };
  const escape = (): Tree => {
    const char = chars[at++];
    if (char === undefined) throw new SyntaxError('the pattern ends with a backslash');
    if ('dDwWsSnrt'.includes(char)) return single(`\\${char}`);
    if (/[a-zA-Z0-9]/.test(char)) throw new SyntaxError(`\\${char} is not allowed`);
    return { kind: 'char', accepts: (c) => c === char };
  };
  const tree = alternatives();
  if (at < chars.length) throw new SyntaxError('a group is closed that was not opened');
  return tree;
}

/** One character against one class: nothing there can take long. */
function single(source: string): Tree {
  const pattern = new RegExp(`^${source}$`, 'su');
  return { kind: 'char', accepts: (char) => pattern.test(char) };
}

/** States for the tree that go on to `next`. @returns where they begin */
function build(tree: Tree, next: number, states: State[]): number {
  switch (tree.kind) {
    case 'char':
      return add(states, { kind: 'char', accepts: tree.accepts, next });
    case 'start':
    case 'end':
      return add(states, { kind: tree.kind, next });
    case 'all':
      return tree.parts.reduceRight((after, part) => build(part, after, states), next);
    case 'any':
      return tree.parts
        .map((part) => build(part, next, states))
        .reduce((other, first) => add(states, { kind: 'split', next: first, other }));
    case 'times':
      return buildTimes(tree, next, states);
  }
}

function buildTimes(tree: Tree & { kind: 'times' }, next: number, states: State[]): number {
  const { body, min, max } = tree;
  let begin = next;
  if (max === Infinity) {
    const loop = { kind: 'split' as const, next, other: next };
    begin = add(states, loop);
    loop.next = build(body, begin, states);
  } else {
    for (let times = min; times < max; times++) {
      begin = add(states, { kind: 'split', next: build(body, begin, states), other: next });
    }
  }
  for (let times = 0; times < min; times++) begin = build(body, begin, states);
  return begin;
}

function add(states: State[], state: State): number {
  if (states.length >= MAX_STATES) throw new SyntaxError('the pattern repeats too much');
  return states.push(state) - 1;
}

function run(states: readonly State[], start: number, chars: readonly string[]): boolean {
  let active = new Set<number>();
  for (let at = 0; ; at++) {
    // It may begin anywhere.
    if (follow(states, start, at, chars.length, active)) return true;
    if (at >= chars.length) return false;
    const after = new Set<number>();
    for (const index of active) {
      const state = states[index]!;
      if (state.kind !== 'char' || !state.accepts(chars[at]!)) continue;
      if (follow(states, state.next, at + 1, chars.length, after)) return true;
    }
    active = after;
  }
}

/** Everything that is reached without reading on. @returns true when that is the end of the pattern */
function follow(
  states: readonly State[],
  from: number,
  at: number,
  length: number,
  active: Set<number>,
): boolean {
  const open = [from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (active.has(index)) continue;
    active.add(index);
    const state = states[index]!;
    if (state.kind === 'match') return true;
    if (state.kind === 'split') open.push(state.next, state.other);
    if (state.kind === 'start' && at === 0) open.push(state.next);
    if (state.kind === 'end' && at === length) open.push(state.next);
  }
  return false;
}
