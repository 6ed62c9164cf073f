import { ANY, NUMBER, type PhraseNet } from './phrase-net.ts';

/** Symbols of words that no phrase knows, and of numbers. */
export const UNKNOWN_SYMBOL = 0;
export const NUMBER_SYMBOL = 1;

/** Beyond these the remembered states are forgotten and found anew: memory stays bounded for any text. */
const MAX_STATES = 20_000;
const MAX_STEPS = 1 << 19;
/** 20 000 states and 8192 symbols fit into one 31-bit key. */
const SYMBOL_BITS = 13;
const NONE: readonly number[] = [];
/** The symbol of words that appear nowhere. */
const ONLY_ANY = `false:${ANY}`;

/**
 * The deterministic automaton of a {@link PhraseNet}, found state by state when a text asks for it. Words with the
 * same labels are one symbol. Fillers ("really", "just") may stand between any two words of a phrase.
 *
 * Not for two texts at once: it remembers, but a step changes no state that was returned before, unless
 * `forgotten` rises.
 */
export class PhraseAutomaton {
  readonly #net: PhraseNet;
  readonly #symbolLabels: (readonly number[])[] = [[ANY], [ANY, NUMBER]];
  readonly #symbolIsFiller: boolean[] = [false, false];
  readonly #symbols = new Map<string, number>();
  /** By state: states of the net, and phrases that end there. */
  #sets: (readonly number[])[] = [];
  #ends: (readonly number[])[] = [];
  #ids = new Map<string, number>();
  #keys = new Int32Array(1 << 14);
  #targets = new Int32Array(1 << 14);
  #steps = 0;
  readonly #bears: Int32Array;
  #stamp = 0;
  readonly #seen: Int32Array;
  #seenStamp = 0;

  constructor(net: PhraseNet) {
    this.#net = net;
    this.#bears = new Int32Array(net.labelCount);
    this.#seen = new Int32Array(net.accepts.length);
    this.#forget();
  }

  /** The symbol of a word; words that behave alike share one. */
  symbolOf(word: string, isFiller: boolean): number {
    const labels = this.#net.labelsOf(word);
    const key = `${isFiller}:${labels.join()}`;
    if (key === ONLY_ANY) return UNKNOWN_SYMBOL;
    let symbol = this.#symbols.get(key);
    if (symbol === undefined) {
      symbol = this.#symbolLabels.length;
      if (symbol >> SYMBOL_BITS > 0) throw new RangeError('the phrases use too many different words');
      this.#symbols.set(key, symbol);
      this.#symbolLabels.push(labels);
      this.#symbolIsFiller.push(isFiller);
    }
    return symbol;
  }

  /** The state before any word is 0. */
  step(state: number, symbol: number): number {
    const key = (state << SYMBOL_BITS) | symbol;
    const mask = this.#keys.length - 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 8) & mask;
    for (;;) {
      const known = this.#keys[slot]!;
      if (known === key) return this.#targets[slot]!;
      if (known === -1) return this.#find(state, symbol, key);
      slot = (slot + 1) & mask;
    }
  }

  /** Phrases that end with the word that led here. */
  endsAt(state: number): readonly number[] {
    return this.#ends[state]!;
  }

  /** Where phrase `phrase`, which ends at `last`, begins: the nearest place, `from` or later; -1 if nowhere. */
  startOf(phrase: number, symbols: Int32Array, from: number, last: number): number {
    for (let first = last; first >= from; first--) {
      if (this.#matches(phrase, symbols, first, last)) return first;
    }
    return -1;
  }

  #matches(phrase: number, symbols: Int32Array, first: number, last: number): boolean {
    let set: readonly number[] = this.#net.closure(this.#net.starts[phrase]!);
    for (let i = first; i <= last; i++) {
      const symbol = symbols[i]!;
      this.#bear(symbol);
      const reached: number[] = [];
      this.#seenStamp++;
      for (const state of set) this.#follow(state, reached);
      if (i === last) return reached.some((state) => this.#net.accepts[state] === phrase);
      if (this.#symbolIsFiller[symbol] === true && i > first) this.#stay(set, reached);
      if (reached.length === 0) return false;
      set = reached;
    }
    return false;
  }

  #find(state: number, symbol: number, key: number): number {
    const set = this.#sets[state]!;
    const reached: number[] = [];
    this.#bear(symbol);
    this.#seenStamp++;
    for (const label of this.#symbolLabels[symbol]!) {
      const targets = this.#net.rootEdges.get(label);
      if (targets !== undefined) for (const target of targets) this.#reach(target, reached);
    }
    for (const from of set) this.#follow(from, reached);
    const ends = new Set<number>();
    for (const at of reached) if (this.#net.accepts[at] !== -1) ends.add(this.#net.accepts[at]!);
    if (this.#symbolIsFiller[symbol] === true) this.#stay(set, reached);
    const target = this.#stateOf(
      reached.filter((at) => this.#net.edgeLabels[at]!.length > 0),
      [...ends],
    );
    if (target !== -1) {
      this.#remember(key, target);
      return target;
    }
    // All states are forgotten: only the one just found is numbered again.
    this.#forget();
    return this.#stateOf(
      reached.filter((at) => this.#net.edgeLabels[at]!.length > 0),
      [...ends],
    );
  }

  #bear(symbol: number): void {
    this.#stamp++;
    for (const label of this.#symbolLabels[symbol]!) this.#bears[label] = this.#stamp;
  }

  #follow(state: number, reached: number[]): void {
    const labels = this.#net.edgeLabels[state]!;
    const targets = this.#net.edgeTargets[state]!;
    for (let i = 0; i < labels.length; i++) {
      if (this.#bears[labels[i]!] === this.#stamp) this.#reach(targets[i]!, reached);
    }
  }

  #reach(target: number, reached: number[]): void {
    if (this.#seen[target] === this.#seenStamp) return;
    for (const state of this.#net.closure(target)) {
      if (this.#seen[state] === this.#seenStamp) continue;
      this.#seen[state] = this.#seenStamp;
      reached.push(state);
    }
  }

  #stay(set: readonly number[], reached: number[]): void {
    for (const state of set) {
      if (this.#seen[state] === this.#seenStamp) continue;
      this.#seen[state] = this.#seenStamp;
      reached.push(state);
    }
  }

  #stateOf(set: number[], ends: readonly number[]): number {
    set.sort((a, b) => a - b);
    const name = `${set.join()}:${ends.join()}`;
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    if (this.#sets.length >= MAX_STATES || this.#steps >= MAX_STEPS) return -1;
    this.#sets.push(set);
    this.#ends.push(ends.length === 0 ? NONE : ends);
    this.#ids.set(name, this.#sets.length - 1);
    return this.#sets.length - 1;
  }

  #remember(key: number, target: number): void {
    if (this.#steps * 2 >= this.#keys.length) this.#enlarge();
    this.#put(key, target);
    this.#steps++;
  }

  #put(key: number, target: number): void {
    const mask = this.#keys.length - 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 8) & mask;
    while (this.#keys[slot] !== -1) slot = (slot + 1) & mask;
    this.#keys[slot] = key;
    this.#targets[slot] = target;
  }

  #enlarge(): void {
    const keys = this.#keys;
    const targets = this.#targets;
    this.#keys = new Int32Array(keys.length * 2).fill(-1);
    this.#targets = new Int32Array(keys.length * 2);
    for (const [slot, key] of keys.entries()) if (key !== -1) this.#put(key, targets[slot]!);
  }

  #forget(): void {
    this.#sets = [[]];
    this.#ends = [NONE];
    this.#ids = new Map([[':', 0]]);
    this.#keys = new Int32Array(1 << 14).fill(-1);
    this.#targets = new Int32Array(1 << 14);
    this.#steps = 0;
  }
}
