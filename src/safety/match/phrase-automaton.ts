import { EndedPhrases, type PhraseListener } from './ended-phrases.ts';
import { ANY, NOTHING, NUMBER, type PhraseNet } from './phrase-net.ts';
import { StateSets } from './state-sets.ts';
import { NO_SET, SymbolSets } from './symbol-sets.ts';

/** Symbols of words that no phrase knows, and of numbers. */
export const UNKNOWN_SYMBOL = 0;
export const NUMBER_SYMBOL = 1;

/** 60 000 states and 8192 symbols fit into one key of 29 bits. */
const SYMBOL_BITS = 13;
/** Pairs of steps that are remembered: in a pair a newer one takes the place of the older one. */
const PAIR_BITS = 15;
const PAIRS = 1 << PAIR_BITS;
/** State and symbol in one key, of so many bits; mixed, some bits of it are the number of the pair, and the rest its tag. */
const KEY_MASK = (1 << 29) - 1;
const TAG_BITS = 29 - PAIR_BITS;
const TAG_MASK = (1 << TAG_BITS) - 1;
/** Per symbol: a set of labels in 95 bits, then what is said at {@link PhraseAutomaton.#symbolTraits}. */
const SYMBOL_TRAITS = 4;
/** Per state: a set of labels in 95 bits, then what is said at {@link PhraseAutomaton.#traits}. */
const TRAITS = 5;
const IF_UNKNOWN = 3;
const WANTED = 4;
/** The labels of a state with more edges fill the bits, and no longer tell symbols apart. */
const FEW_EDGES = 16;
const LABEL_BITS = 95;
/** The last bit of a set: every state has it, and of the symbols those that no other symbol may stand for. */
const BY_ITSELF = 1 << 31;
/** A symbol that bears none of the labels is as good as an unknown word: a mask of what becomes of that. */
const AS_UNKNOWN = -1;
/** In a step beside the number of its state: phrases end there, words lead on from there. */
const HAS_ENDS = 1;
const LEADS_ON = 2;
const LEADS_ON_SHIFT = 1;
const STATE_SHIFT = 2;
const UNKNOWN = -1;
/** With more threads than this it is looked which of them have met. */
const FEW_THREADS = 12;
/** Larger numbers do not fit into the columns. */
const LAST_STAMP = 0x7fff_ffff;
const NONE: readonly number[] = [];
/** The symbol of words that appear nowhere. */
const ONLY_ANY = `false:${ANY}`;

/**
 * Finds the phrases of a {@link PhraseNet}. At each word of a text a thread begins, which goes on as long as the words from
 * there on may still become a phrase: two or three threads are alive at a time. A thread stands in a state of the
 * deterministic automaton, found when a text first asks for it; threads that meet in a state go on alike, and when there
 * are many they are made one. Words with the same labels are one symbol. Fillers ("really", "just") may stand between any two words of a phrase.
 *
 * One automaton for all starts together, as for letters, would remember for each word what all words before it may
 * still become: such states are as many as there are texts.
 */
export class PhraseAutomaton {
  readonly #net: PhraseNet;
  readonly #symbolLabels: (readonly number[])[] = [[ANY], [ANY, NUMBER]];
  readonly #symbolIsFiller: boolean[] = [false, false];
  readonly #symbols = new Map<string, number>();
  readonly #sets: StateSets;
  /** Where a word leads from the start of all phrases, and the phrases that are this word alone: by symbol. */
  #begun: Int32Array = new Int32Array(0);
  readonly #wholes: (readonly number[] | undefined)[] = [];
  /**
   * Labels that lead on from a state, and where it leads with an unknown word, {@link UNKNOWN} until somebody asks. Most words
   * bear none of the labels: they are as good as unknown. Of a state with many labels also the place of the set of symbols
   * that bear one of them, {@link NO_SET} otherwise.
   */
  #traits: Int32Array = new Int32Array(TRAITS << 10);
  #wanted = new SymbolSets([], 0, []);
  #described = 0;
  /** Labels of a symbol, and what it is where none of them leads on: {@link AS_UNKNOWN}, or 0 where nothing leads on then. */
  #symbolTraits: Int32Array = new Int32Array(0);
  /**
   * Where states and symbols lead, those of a pair side by side: the step in the upper bits, the tag of the key in the lower
   * ones. A key is mixed by an odd factor, which no two keys share a result of, so that number and tag of a pair are the key.
   */
  readonly #steps = new Int32Array(PAIRS * 2);
  readonly #bears: Int32Array;
  #stamp = 0;
  #borne = -1;
  /** Threads of the text: the state of each and its first word, those that began first in front. */
  #states = new Int32Array(64);
  #firsts = new Int32Array(64);
  readonly #ended = new EndedPhrases();

  constructor(net: PhraseNet) {
    this.#net = net;
    this.#bears = new Int32Array(net.labelCount);
    this.#sets = new StateSets(net.size);
    this.#steps.fill(UNKNOWN);
  }

  /** The symbol of a word; words that behave alike share one. */
  symbolOf(word: string, isFiller: boolean): number {
    const labels = this.#net.labelsOf(word);
    // A word that phrases name has a label that no other word has.
    if (this.#net.isNamed(word)) return this.#addSymbol(labels, isFiller);
    const key = `${isFiller}:${labels.join()}`;
    if (key === ONLY_ANY) return UNKNOWN_SYMBOL;
    let symbol = this.#symbols.get(key);
    if (symbol === undefined) this.#symbols.set(key, (symbol = this.#addSymbol(labels, isFiller)));
    return symbol;
  }

  #addSymbol(labels: readonly number[], isFiller: boolean): number {
    const symbol = this.#symbolLabels.push(labels) - 1;
    if (symbol >> SYMBOL_BITS > 0) throw new RangeError('the phrases use too many different words');
    this.#symbolIsFiller.push(isFiller);
    return symbol;
  }

  /**
   * Goes through the words of a text; no phrase goes on beyond the end of its sentence.
   *
   * @param found  called in order of the last words; a phrase that ends at a word begins as near to it as it may
   */
  run(symbols: Int32Array, sentences: Int32Array, count: number, found: PhraseListener): void {
    if (this.#begun.length < this.#symbolLabels.length) this.#prepare();
    const steps = this.#steps;
    const marks = this.#symbolTraits;
    let begun = this.#begun;
    let states = this.#states;
    let firsts = this.#firsts;
    let traits = this.#traits;
    let wanted = this.#wanted.bits;
    let most = FEW_THREADS;
    let live = 0;
    let sentence = 0;
    for (let i = 0; i < count; i++) {
      const symbol = symbols[i]!;
      if (sentences[i] !== sentence) {
        sentence = sentences[i]!;
        live = 0;
      }
      const own = symbol * SYMBOL_TRAITS;
      const low = marks[own]!;
      const middle = marks[own + 1]!;
      const high = marks[own + 2]!;
      let isNew = false;
      let told = 0;
      let kept = 0;
      for (let k = 0; k < live; k++) {
        const state = states[k]!;
        const at = state * TRAITS;
        let step: number;
        let leads = (traits[at]! & low) | (traits[at + 1]! & middle) | (traits[at + 2]! & high);
        if (leads !== 0) {
          const set = traits[at + WANTED]!;
          if (set !== NO_SET) leads = (wanted[set + (symbol >> 5)]! >>> (symbol & 31)) & 1;
        }
        if (leads !== 0) {
          const mixed = Math.imul((state << SYMBOL_BITS) | symbol, 0x9e3779b1) & KEY_MASK;
          const slot = (mixed >>> TAG_BITS) << 1;
          const known = steps[slot]!;
          if (((known ^ mixed) & TAG_MASK) === 0 && known !== UNKNOWN) step = known >>> TAG_BITS;
          else {
            step = this.#recall(state, symbol, mixed & TAG_MASK, slot);
            isNew = true;
          }
        } else {
          step = traits[at + IF_UNKNOWN]! & marks[own + IF_UNKNOWN]!;
          if (step === UNKNOWN) {
            step = this.#findUnknown(state);
            isNew = true;
          }
        }
        if ((step & HAS_ENDS) !== 0) {
          told = HAS_ENDS;
          this.#ended.note(this.#sets.ends[step >> STATE_SHIFT]!, firsts[k]!, this.#wholesOf(symbol));
        }
        // Written in any case, and kept when words lead on.
        states[kept] = step >> STATE_SHIFT;
        firsts[kept] = firsts[k]!;
        kept += (step & LEADS_ON) >> LEADS_ON_SHIFT;
      }
      let begins = begun[symbol]!;
      if (begins === UNKNOWN) {
        begins = begun[symbol] = this.#begin(symbol);
        isNew = true;
      }
      states[kept] = begins >> STATE_SHIFT;
      firsts[kept] = i;
      live = kept + ((begins & LEADS_ON) >> LEADS_ON_SHIFT);
      if (((begins | told) & HAS_ENDS) !== 0) this.#tell(symbol, i, found);
      if (live > most) {
        live = this.#unite(live);
        most = Math.max(FEW_THREADS, live * 2);
        states = this.#states;
        firsts = this.#firsts;
      }
      if (isNew) {
        if (this.#sets.isFull) this.#forget(live);
        begun = this.#begun;
        traits = this.#traits;
        wanted = this.#wanted.bits;
      }
    }
  }

  /**
   * Makes threads one that stand in one state: they go on alike, and the later one is nearer. There is room for as many
   * again and one more. @returns how many there are
   */
  #unite(live: number): number {
    const states = this.#states;
    const firsts = this.#firsts;
    let kept = 0;
    for (let k = 0; k < live; k++) {
      let same = 0;
      while (same < kept && states[same] !== states[k]) same++;
      states[same] = states[k]!;
      firsts[same] = same === kept ? firsts[k]! : Math.max(firsts[same]!, firsts[k]!);
      if (same === kept) kept++;
    }
    if (states.length < kept * 2 + 2) {
      this.#states = enlarged(states);
      this.#firsts = enlarged(firsts);
    }
    return kept;
  }

  /** The older of a pair becomes the newer one when it is asked for. */
  #recall(state: number, symbol: number, tag: number, slot: number): number {
    const steps = this.#steps;
    const older = steps[slot + 1]!;
    const isKnown = (older & TAG_MASK) === tag && older !== UNKNOWN;
    const step = isKnown ? older >>> TAG_BITS : this.#find(state, symbol);
    steps[slot + 1] = steps[slot]!;
    steps[slot] = (step << TAG_BITS) | tag;
    return step;
  }

  #findUnknown(state: number): number {
    const step = this.#find(state, UNKNOWN_SYMBOL);
    this.#traits[state * TRAITS + IF_UNKNOWN] = step;
    return step;
  }

  #find(state: number, symbol: number): number {
    const { accepts, edgeAt, labels, targets } = this.#net;
    const sets = this.#sets;
    const from = sets.from[state]!;
    const to = sets.from[state + 1]!;
    const bears = this.#bears;
    const stamp = this.#bear(symbol);
    const ends: number[] = [];
    sets.begin();
    for (let i = from; i < to; i++) {
      const member = sets.members[i]!;
      for (let e = edgeAt[member]!; e < edgeAt[member + 1]!; e++) {
        if (bears[labels[e]!] !== stamp) continue;
        const target = targets[e]!;
        const phrase = accepts[target]!;
        if (phrase !== NOTHING && !ends.includes(phrase)) ends.push(phrase);
        if (edgeAt[target + 1]! > edgeAt[target]!) sets.put(target);
      }
    }
    if (this.#symbolIsFiller[symbol] === true) for (let i = from; i < to; i++) sets.put(sets.members[i]!);
    return this.#stepTo(ends.length === 0 ? NONE : ends.sort(ascending));
  }

  /** Where a word leads from the start of all phrases. */
  #begin(symbol: number): number {
    const { accepts, edgeAt, rootAt, rootTargets } = this.#net;
    const sets = this.#sets;
    const wholes: number[] = [];
    sets.begin();
    for (const label of this.#symbolLabels[symbol]!) {
      for (let i = rootAt[label]!; i < rootAt[label + 1]!; i++) {
        const target = rootTargets[i]!;
        const phrase = accepts[target]!;
        if (phrase !== NOTHING && !wholes.includes(phrase)) wholes.push(phrase);
        if (edgeAt[target + 1]! > edgeAt[target]!) sets.put(target);
      }
    }
    this.#wholes[symbol] = wholes;
    // What ends with this word is told by the word itself.
    return this.#stepTo(NONE) | (wholes.length > 0 ? HAS_ENDS : 0);
  }

  #stepTo(ends: readonly number[]): number {
    const leadsOn = this.#sets.count > 0 ? LEADS_ON : 0;
    const state = this.#sets.numberOf(ends);
    if (state >= this.#described) this.#describe(state);
    return (state << STATE_SHIFT) | leadsOn | (ends.length > 0 ? HAS_ENDS : 0);
  }

  #describe(state: number): void {
    const { edgeAt, labels } = this.#net;
    const { from, members } = this.#sets;
    const at = state * TRAITS;
    if (at + TRAITS > this.#traits.length) this.#traits = enlarged(this.#traits);
    const traits = this.#traits.fill(0, at, at + TRAITS);
    traits[at + 2] = BY_ITSELF;
    let edges = 0;
    for (let i = from[state]!; i < from[state + 1]!; i++) {
      const member = members[i]!;
      edges += edgeAt[member + 1]! - edgeAt[member]!;
      for (let e = edgeAt[member]!; e < edgeAt[member + 1]!; e++) mark(traits, at, labels[e]!);
    }
    traits[at + IF_UNKNOWN] = UNKNOWN;
    traits[at + WANTED] = edges > FEW_EDGES ? this.#symbolsOf(state) : NO_SET;
    this.#described = state + 1;
  }

  /** The set of symbols that lead on from a state otherwise than an unknown word would. */
  #symbolsOf(state: number): number {
    const { edgeAt, labels } = this.#net;
    const { from, members } = this.#sets;
    const place = this.#wanted.add();
    if (place === NO_SET) return NO_SET;
    for (let i = from[state]!; i < from[state + 1]!; i++) {
      const member = members[i]!;
      for (let e = edgeAt[member]!; e < edgeAt[member + 1]!; e++) {
        if (labels[e] !== ANY) this.#wanted.putAll(place, labels[e]!);
      }
    }
    return place;
  }

  /** Once all symbols are known. */
  #prepare(): void {
    this.#symbolTraits = new Int32Array(this.#symbolLabels.length * SYMBOL_TRAITS);
    const fillers = [...this.#symbolIsFiller.keys()].filter((symbol) => this.#symbolIsFiller[symbol]);
    this.#wanted = new SymbolSets(this.#symbolLabels, this.#net.labelCount, fillers);
    for (const [symbol, labels] of this.#symbolLabels.entries()) {
      const at = symbol * SYMBOL_TRAITS;
      for (const label of labels) mark(this.#symbolTraits, at, label);
      if (this.#symbolIsFiller[symbol] === true) this.#symbolTraits[at + 2]! |= BY_ITSELF;
      // A negation is not even an unknown word: nothing leads on.
      this.#symbolTraits[at + IF_UNKNOWN] = labels.includes(ANY) ? AS_UNKNOWN : 0;
    }
    this.#forget(0);
  }

  /** Marks the labels of a symbol. @returns the mark */
  #bear(symbol: number): number {
    if (symbol === this.#borne) return this.#stamp;
    if (this.#stamp === LAST_STAMP) {
      this.#bears.fill(0);
      this.#stamp = 0;
    }
    this.#stamp++;
    this.#borne = symbol;
    const labels = this.#symbolLabels[symbol]!;
    for (let i = 0; i < labels.length; i++) this.#bears[labels[i]!] = this.#stamp;
    return this.#stamp;
  }

  #wholesOf(symbol: number): readonly number[] {
    if (this.#wholes[symbol] === undefined) this.#begun[symbol] = this.#begin(symbol);
    return this.#wholes[symbol]!;
  }

  #tell(symbol: number, last: number, found: PhraseListener): void {
    const wholes = this.#wholesOf(symbol);
    for (let i = 0; i < wholes.length; i++) found(wholes[i]!, last, last);
    this.#ended.tell(last, found);
  }

  /** Only the states that threads stand in are numbered again. */
  #forget(live: number): void {
    const sets = this.#sets;
    const alive = Array.from(this.#states.subarray(0, live), (state) =>
      sets.members.slice(sets.from[state], sets.from[state + 1]),
    );
    sets.clear();
    this.#wanted.clear();
    this.#steps.fill(UNKNOWN);
    this.#described = 0;
    this.#begun = new Int32Array(this.#symbolLabels.length).fill(UNKNOWN);
    for (const [k, members] of alive.entries()) {
      sets.begin();
      for (const member of members) sets.put(member);
      this.#states[k] = this.#stepTo(NONE) >> STATE_SHIFT;
    }
  }
}

/** Puts a label into a set; {@link ANY} is none that tells words apart. */
function mark(traits: Int32Array, at: number, label: number): void {
  if (label === ANY) return;
  const bit = label % LABEL_BITS;
  traits[at + (bit >> 5)]! |= 1 << (bit & 31);
}

function ascending(a: number, b: number): number {
  return a - b;
}

function enlarged(old: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}
