import { ANY, NUMBER, type PhraseNet } from './phrase-net.ts';

/** Symbols of words that no phrase knows, and of numbers. */
export const UNKNOWN_SYMBOL = 0;
export const NUMBER_SYMBOL = 1;

/** Beyond these the remembered states are forgotten and found anew: memory stays bounded for any text. */
const MAX_STATES = 60_000;
const MAX_STEPS = 1 << 18;
const MAX_MEMBERS = 1 << 22;
/** 60 000 states and 8192 symbols fit into one 31-bit key. */
const SYMBOL_BITS = 13;
const FIRST_SLOTS = 1 << 14;
/** In a target beside its number: phrases end there. */
const HAS_ENDS = 1;
/** Larger numbers do not fit into the columns. */
const LAST_STAMP = 0x7fff_ffff;
const NONE: readonly number[] = [];
const NOWHERE = new Int32Array(0);
/** The symbol of words that appear nowhere. */
const ONLY_ANY = `false:${ANY}`;

/**
 * The deterministic automaton of a {@link PhraseNet}, found state by state when a text asks for it. Words with the
 * same labels are one symbol. Fillers ("really", "just") may stand between any two words of a phrase.
 *
 * One text at a time: a state that {@link step} returned holds until the next call of it.
 */
export class PhraseAutomaton {
  readonly #net: PhraseNet;
  readonly #symbolLabels: (readonly number[])[] = [[ANY], [ANY, NUMBER]];
  readonly #symbolIsFiller: boolean[] = [false, false];
  readonly #symbols = new Map<string, number>();
  /** Number of the beginnings that a symbol makes: words that begin the same phrases share them. 0 makes none. */
  readonly #beginningOf: (number | undefined)[] = [];
  readonly #beginnings: Beginning[] = [{ states: NOWHERE }];
  readonly #beginningIds = new Map<string, number>([['', 0]]);
  /** Phrases of a single word, by symbol. */
  readonly #wholes: (readonly number[])[] = [];
  /** Where the beginnings of one word lead with the next, by beginning and symbol. */
  #seconds = new Map<number, Int32Array>();
  /**
   * A state is what the last word began, by number, and what goes on from before it: members ascending, those of state s
   * from `#setAt[s]` up to `#setAt[s + 1]`.
   */
  #begun = new Int32Array(1 << 10);
  #members = new Int32Array(1 << 14);
  #setAt = new Int32Array(1 << 10);
  #hashes = new Int32Array(1 << 10);
  /** Phrases that end in a state. */
  #ends: (readonly number[])[] = [];
  /** Numbers of states by what they consist of; 0 is a free place. */
  #known = new Int32Array(1 << 11);
  /** Key and target side by side: both come with one access to memory. */
  #table = new Int32Array(FIRST_SLOTS * 2);
  #mask = FIRST_SLOTS - 1;
  #steps = 0;
  readonly #bears: Int32Array;
  #stamp = 0;
  readonly #seen: Int32Array;
  #seenStamp = 0;
  /** Where one step of the net leads. */
  #reached: Int32Array;
  #count = 0;
  #before: Int32Array;

  constructor(net: PhraseNet) {
    this.#net = net;
    this.#bears = new Int32Array(net.labelCount);
    this.#seen = new Int32Array(net.size);
    this.#reached = new Int32Array(net.size);
    this.#before = new Int32Array(net.size);
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
    const table = this.#table;
    const mask = this.#mask;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 8) & mask;
    for (;;) {
      const known = table[slot * 2]!;
      if (known === key) return table[slot * 2 + 1]! >> 1;
      if (known === -1) return this.#find(state, symbol, key);
      slot = (slot + 1) & mask;
    }
  }

  /**
   * Steps through the words of a text; no phrase goes on beyond the end of its sentence.
   *
   * @param found  called with the number of a phrase and its last word, in order of the last words
   */
  run(
    symbols: Int32Array,
    sentences: Int32Array,
    count: number,
    found: (phrase: number, last: number) => void,
  ): void {
    let table = this.#table;
    let mask = this.#mask;
    let state = 0;
    let sentence = 0;
    for (let i = 0; i < count; i++) {
      if (sentences[i] !== sentence) {
        sentence = sentences[i]!;
        state = 0;
      }
      const key = (state << SYMBOL_BITS) | symbols[i]!;
      let slot = (Math.imul(key, 0x9e3779b1) >>> 8) & mask;
      let known = table[slot * 2]!;
      while (known !== key && known !== -1) {
        slot = (slot + 1) & mask;
        known = table[slot * 2]!;
      }
      let next: number;
      if (known === key) next = table[slot * 2 + 1]!;
      else {
        state = this.#find(state, symbols[i]!, key);
        next = this.#marked(state);
        table = this.#table;
        mask = this.#mask;
      }
      state = next >> 1;
      if ((next & HAS_ENDS) === 0) continue;
      const ends = this.#ends[state]!;
      for (let k = 0; k < ends.length; k++) found(ends[k]!, i);
    }
  }

  #marked(state: number): number {
    return (state << 1) | (this.#ends[state]!.length > 0 ? HAS_ENDS : 0);
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
    const { accepts } = this.#net;
    this.#begin();
    this.#reach(this.#net.starts[phrase]!);
    for (let i = first; i <= last; i++) {
      const symbol = symbols[i]!;
      const set = this.#reached;
      const size = this.#count;
      this.#reached = this.#before;
      this.#before = set;
      this.#bear(symbol);
      this.#begin();
      for (let k = 0; k < size; k++) this.#follow(set[k]!);
      if (i === last) {
        for (let k = 0; k < this.#count; k++) if (accepts[this.#reached[k]!] === phrase) return true;
        return false;
      }
      if (this.#symbolIsFiller[symbol] === true && i > first) {
        for (let k = 0; k < size; k++) this.#stay(set[k]!);
      }
      if (this.#count === 0) return false;
    }
    return false;
  }

  #find(state: number, symbol: number, key: number): number {
    const { accepts } = this.#net;
    const from = this.#setAt[state]!;
    const to = this.#setAt[state + 1]!;
    const begun = (this.#beginningOf[symbol] ??= this.#beginningsOf(symbol));
    const before = this.#begun[state]!;
    const seconds = this.#secondsOf(before, symbol);
    this.#bear(symbol);
    this.#begin();
    for (let i = 0; i < seconds.length; i++) this.#stay(seconds[i]!);
    for (let i = from; i < to; i++) this.#follow(this.#members[i]!);
    const wholes = this.#wholes[symbol]!;
    let longer: number[] | null = null;
    for (let i = 0; i < this.#count; i++) {
      const phrase = accepts[this.#reached[i]!]!;
      if (phrase === -1 || wholes.includes(phrase)) continue;
      if (longer === null) longer = [phrase];
      else if (!longer.includes(phrase)) longer.push(phrase);
    }
    const ends = longer === null ? wholes : [...wholes, ...longer.sort(ascending)];
    if (this.#symbolIsFiller[symbol] === true) {
      const { states } = this.#beginnings[before]!;
      for (let i = 0; i < states.length; i++) this.#stay(states[i]!);
      for (let i = from; i < to; i++) this.#stay(this.#members[i]!);
    }
    const target = this.#stateOf(begun, ends);
    if (target !== -1) {
      this.#remember(key, target);
      return target;
    }
    // All states are forgotten: only the one just found is numbered again.
    this.#forget();
    return this.#stateOf(begun, ends);
  }

  #beginningsOf(symbol: number): number {
    const { accepts, edgeLabels } = this.#net;
    this.#begin();
    for (const label of this.#symbolLabels[symbol]!) {
      for (const target of this.#net.rootEdges.get(label) ?? NONE) this.#reach(target);
    }
    const reached = [...this.#reached.subarray(0, this.#count)];
    const wholes = new Set(reached.map((state) => accepts[state]!));
    wholes.delete(-1);
    this.#wholes[symbol] = wholes.size === 0 ? NONE : [...wholes];
    const states = reached.filter((state) => edgeLabels[state]!.length > 0).sort(ascending);
    const name = states.join();
    let id = this.#beginningIds.get(name);
    if (id === undefined) {
      id = this.#beginnings.push({ states: Int32Array.from(states) }) - 1;
      this.#beginningIds.set(name, id);
    }
    return id;
  }

  #secondsOf(beginning: number, symbol: number): Int32Array {
    if (beginning === 0) return NOWHERE;
    const key = (beginning << SYMBOL_BITS) | symbol;
    let seconds = this.#seconds.get(key);
    if (seconds === undefined) {
      this.#bear(symbol);
      this.#begin();
      const { states } = this.#beginnings[beginning]!;
      for (let i = 0; i < states.length; i++) this.#follow(states[i]!);
      seconds = this.#count === 0 ? NOWHERE : this.#reached.slice(0, this.#count);
      this.#seconds.set(key, seconds);
    }
    return seconds;
  }

  #bear(symbol: number): void {
    if (this.#stamp === LAST_STAMP) {
      this.#bears.fill(0);
      this.#stamp = 0;
    }
    const stamp = ++this.#stamp;
    const labels = this.#symbolLabels[symbol]!;
    for (let i = 0; i < labels.length; i++) this.#bears[labels[i]!] = stamp;
  }

  #begin(): void {
    if (this.#seenStamp === LAST_STAMP) {
      this.#seen.fill(0);
      this.#seenStamp = 0;
    }
    this.#seenStamp++;
    this.#count = 0;
  }

  #follow(state: number): void {
    const labels = this.#net.edgeLabels[state]!;
    for (let i = 0; i < labels.length; i++) {
      if (this.#bears[labels[i]!] === this.#stamp) this.#reach(this.#net.edgeTargets[state]![i]!);
    }
  }

  #reach(target: number): void {
    const closure = this.#net.closure(target);
    for (let i = 0; i < closure.length; i++) this.#stay(closure[i]!);
  }

  #stay(state: number): void {
    if (this.#seen[state] === this.#seenStamp) return;
    this.#seen[state] = this.#seenStamp;
    this.#reached[this.#count++] = state;
  }

  /** The number of the state of what was reached, as far as a further word leads on from there; -1: no room for it. */
  #stateOf(begun: number, ends: readonly number[]): number {
    const { edgeLabels } = this.#net;
    const reached = this.#reached;
    let size = 0;
    for (let i = 0; i < this.#count; i++) {
      if (edgeLabels[reached[i]!]!.length > 0) reached[size++] = reached[i]!;
    }
    this.#count = size;
    const set = reached.subarray(0, size).sort();
    let hash = Math.imul(begun, 0x01000193) + size;
    for (let i = 0; i < size; i++) hash = Math.imul(hash ^ set[i]!, 0x5bd1e995) ^ (hash >>> 13);
    for (let i = 0; i < ends.length; i++) hash = Math.imul(hash ^ ends[i]!, 0x01000193) + 1;
    const mask = this.#known.length - 1;
    let slot = (hash ^ (hash >>> 16)) & mask;
    for (let state = this.#known[slot]!; state !== 0; state = this.#known[slot]!) {
      if (
        this.#hashes[state - 1] === hash &&
        this.#begun[state - 1] === begun &&
        this.#consistsOf(state - 1, set, ends)
      ) {
        return state - 1;
      }
      slot = (slot + 1) & mask;
    }
    const isFull =
      this.#ends.length >= MAX_STATES ||
      this.#steps >= MAX_STEPS ||
      this.#setAt[this.#ends.length]! + size > MAX_MEMBERS;
    return isFull ? -1 : this.#addState(begun, set, ends, hash, slot);
  }

  #consistsOf(state: number, set: Int32Array, ends: readonly number[]): boolean {
    const from = this.#setAt[state]!;
    const own = this.#ends[state]!;
    if (this.#setAt[state + 1]! - from !== set.length || own.length !== ends.length) return false;
    for (let i = 0; i < set.length; i++) if (this.#members[from + i] !== set[i]) return false;
    for (let i = 0; i < ends.length; i++) if (own[i] !== ends[i]) return false;
    return true;
  }

  #addState(begun: number, set: Int32Array, ends: readonly number[], hash: number, slot: number): number {
    const state = this.#ends.length;
    const from = this.#setAt[state]!;
    if (from + set.length > this.#members.length) {
      this.#members = enlarged(this.#members, (from + set.length) * 2);
    }
    if (state + 2 > this.#setAt.length) {
      this.#setAt = enlarged(this.#setAt, (state + 2) * 2);
      this.#hashes = enlarged(this.#hashes, (state + 2) * 2);
      this.#begun = enlarged(this.#begun, (state + 2) * 2);
    }
    this.#members.set(set, from);
    this.#setAt[state + 1] = from + set.length;
    this.#hashes[state] = hash;
    this.#begun[state] = begun;
    this.#ends.push(ends);
    this.#known[slot] = state + 1;
    if (this.#ends.length * 2 > this.#known.length) this.#rehash();
    return state;
  }

  #rehash(): void {
    this.#known = new Int32Array(this.#known.length * 2);
    const mask = this.#known.length - 1;
    for (let state = 0; state < this.#ends.length; state++) {
      const hash = this.#hashes[state]!;
      let slot = (hash ^ (hash >>> 16)) & mask;
      while (this.#known[slot] !== 0) slot = (slot + 1) & mask;
      this.#known[slot] = state + 1;
    }
  }

  #remember(key: number, target: number): void {
    if (this.#steps * 2 >= this.#mask) this.#enlarge();
    this.#put(key, this.#marked(target));
    this.#steps++;
  }

  #put(key: number, target: number): void {
    const mask = this.#mask;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 8) & mask;
    while (this.#table[slot * 2] !== -1) slot = (slot + 1) & mask;
    this.#table[slot * 2] = key;
    this.#table[slot * 2 + 1] = target;
  }

  #enlarge(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2).fill(-1);
    this.#mask = this.#mask * 2 + 1;
    for (let i = 0; i < old.length; i += 2) if (old[i] !== -1) this.#put(old[i]!, old[i + 1]!);
  }

  /** Leaves the state before any word, in which no phrase is begun. */
  #forget(): void {
    this.#table = new Int32Array(FIRST_SLOTS * 2).fill(-1);
    this.#mask = FIRST_SLOTS - 1;
    this.#steps = 0;
    this.#known = new Int32Array(1 << 11);
    this.#ends = [];
    this.#setAt[0] = 0;
    this.#seconds = new Map();
    this.#addState(0, NOWHERE, NONE, 0, 0);
  }
}

/** States of the net that a word leads to from the start of some phrase, as far as a further word leads on. */
interface Beginning {
  readonly states: Int32Array;
}

function ascending(a: number, b: number): number {
  return a - b;
}

function enlarged(old: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(old);
  return larger;
}
