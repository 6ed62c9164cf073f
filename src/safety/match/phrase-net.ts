import { FleetError } from '../../kernel/errors.ts';
import { NUMBERS, type PhraseBook, type PhraseClass } from './phrase-book.ts';
import type { Node } from './phrase-syntax.ts';

/** Labels that no word owns. */
export const ANY = 0;
export const NUMBER = 1;
const FIRST_OWN_LABEL = 2;
/** In {@link PhraseNet.accepts}: no phrase ends here. */
export const NOTHING = -1;

/**
 * Phrases as one nondeterministic automaton over words. A state is what may follow: edges, each with a label and the
 * state behind it, and the phrase that may end there. A word bears the label of itself and of every class it is in.
 * Phrases are built from their ends, so that no edge is without a word. Built once, then only read.
 */
export class PhraseNet {
  /** The edges of state s are those from `edgeAt[s]` up to `edgeAt[s + 1]`. */
  edgeAt = new Int32Array(1 << 16);
  labels = new Int32Array(1 << 17);
  targets = new Int32Array(1 << 17);
  /** Phrase that ends in a state, or {@link NOTHING}. */
  accepts = new Int32Array(1 << 16);
  /** How many states there are. */
  size = 0;
  /** Where the phrases lead that begin with label l: in `rootTargets` from `rootAt[l]` up to `rootAt[l + 1]`. */
  readonly rootAt: Int32Array;
  readonly rootTargets: Int32Array;
  readonly #book: PhraseBook;
  readonly #negations: ReadonlySet<string>;
  readonly #classLabels = new Map<string, number>();
  readonly #wordLabels = new Map<string, number>();
  readonly #classesOfWord = new Map<string, number[]>();
  #labels = FIRST_OWN_LABEL;
  /** Edges of states that are being built: label and target side by side. */
  #open = new Int32Array(1 << 10);
  #openCount = 0;

  /**
   * @param negations  words that no gap may stand for: with them a phrase says the opposite
   * Errors: safety_data_invalid (invalid_input) naming the phrase that is wrong
   */
  constructor(book: PhraseBook, negations: ReadonlySet<string> = new Set()) {
    this.#book = book;
    this.#negations = negations;
    book.visit(book.nodes, {
      word: (word) => this.#nameWord(word),
      newClass: (name, found) => this.#nameClass(name, found),
    });
    const roots: number[] = [];
    for (const [id, node] of book.nodes.entries()) {
      const end = this.#close(0, id);
      if (this.#build(node, end)) throw invalid(`the phrase "${book.texts[id]!}" matches nothing at all`);
      this.#addRoots(roots);
    }
    this.rootAt = new Int32Array(this.#labels + 1);
    this.rootTargets = new Int32Array(roots.length / 2);
    this.#sortRoots(roots);
  }

  /** Labels of a word, ascending. */
  labelsOf(word: string): number[] {
    const own = this.#wordLabels.get(word);
    const shared = this.#classesOfWord.get(word);
    const labels = this.#negations.has(word) ? [] : [ANY];
    if (shared !== undefined) labels.push(...shared);
    if (own !== undefined) labels.push(own);
    return labels.length > 2 ? labels.sort((a, b) => a - b) : labels;
  }

  /** Whether a phrase has the word itself, and not only a class of it. */
  isNamed(word: string): boolean {
    return this.#wordLabels.has(word);
  }

  /** Every word that some phrase knows. */
  words(): string[] {
    return [...new Set([...this.#wordLabels.keys(), ...this.#classesOfWord.keys()])];
  }

  get labelCount(): number {
    return this.#labels;
  }

  #nameWord(word: string): void {
    if (!this.#wordLabels.has(word)) this.#wordLabels.set(word, this.#labels++);
  }

  #nameClass(name: string, { words }: PhraseClass): void {
    const label = this.#labels++;
    this.#classLabels.set(name, label);
    for (const word of words) {
      const labels = this.#classesOfWord.get(word);
      if (labels === undefined) this.#classesOfWord.set(word, [label]);
      else if (labels.at(-1) !== label) labels.push(label);
    }
  }

  /**
   * Adds the edges that a part begins with, those of `next` among them where it may stand for no word.
   *
   * @returns whether it may
   */
  #build(node: Node, next: number): boolean {
    switch (node.kind) {
      case 'word':
        this.#edge(this.#wordLabels.get(node.word)!, next);
        return false;
      case 'class':
        return this.#buildClass(node.name, next);
      case 'gap':
        return this.#buildGap(node.most, next);
      case 'sequence':
        return this.#buildSequence(node.parts, next);
      case 'choice':
        return node.options.map((option) => this.#build(option, next)).includes(true);
      case 'optional':
        if (!this.#build(node.part, next)) this.#edgesOf(next);
        return true;
    }
  }

  #buildSequence(parts: readonly Node[], next: number): boolean {
    if (parts.length === 0) {
      this.#edgesOf(next);
      return true;
    }
    let state = next;
    let isAllEmpty = true;
    for (let i = parts.length - 1; i > 0; i--) {
      const from = this.#openCount;
      const isEmpty = this.#build(parts[i]!, state);
      state = this.#close(from, isEmpty ? this.accepts[state]! : NOTHING);
      isAllEmpty &&= isEmpty;
    }
    return this.#build(parts[0]!, state) && isAllEmpty;
  }

  #buildClass(name: string, next: number): boolean {
    if (name === NUMBERS) {
      this.#edge(NUMBER, next);
      return false;
    }
    const { words, longer } = this.#book.classOf(name);
    let isEmpty = false;
    for (const node of longer) if (this.#build(node, next)) isEmpty = true;
    if (words.length > 0) this.#edge(this.#classLabels.get(name)!, next);
    return isEmpty;
  }

  /** Of a gap a word less is left behind each word. */
  #buildGap(most: number, next: number): boolean {
    let left = next;
    for (let i = 1; i < most; i++) {
      const from = this.#openCount;
      this.#edgesOf(next);
      this.#edge(ANY, left);
      left = this.#close(from, this.accepts[next]!);
    }
    this.#edgesOf(next);
    this.#edge(ANY, left);
    return true;
  }

  /**
   * Takes the open edges as those that a phrase begins with. Words that a gap in front may stand for are left out: a phrase
   * begins as near to its end as it may, and that is behind them.
   */
  #addRoots(roots: number[]): void {
    for (let i = 0; i < this.#openCount; i += 2) {
      if (this.#open[i] !== ANY) roots.push(this.#open[i]!, this.#open[i + 1]!);
    }
    this.#openCount = 0;
  }

  #edge(label: number, target: number): void {
    if (this.#openCount === this.#open.length) this.#open = enlarged(this.#open);
    this.#open[this.#openCount++] = label;
    this.#open[this.#openCount++] = target;
  }

  #edgesOf(state: number): void {
    for (let i = this.edgeAt[state]!; i < this.edgeAt[state + 1]!; i++) {
      this.#edge(this.labels[i]!, this.targets[i]!);
    }
  }

  /** Makes a state of the open edges from `from` on. */
  #close(from: number, accepts: number): number {
    const state = this.size++;
    if (state + 1 === this.edgeAt.length) {
      this.edgeAt = enlarged(this.edgeAt);
      this.accepts = enlarged(this.accepts);
    }
    let at = this.edgeAt[state]!;
    while (at + this.#openCount > this.labels.length) {
      this.labels = enlarged(this.labels);
      this.targets = enlarged(this.targets);
    }
    for (let i = from; i < this.#openCount; i += 2) {
      this.labels[at] = this.#open[i]!;
      this.targets[at++] = this.#open[i + 1]!;
    }
    this.edgeAt[state + 1] = at;
    this.accepts[state] = accepts;
    this.#openCount = from;
    return state;
  }

  /** By label, and for one label in the order of the phrases. */
  #sortRoots(roots: readonly number[]): void {
    const places = this.rootAt;
    for (let i = 0; i < roots.length; i += 2) places[roots[i]! + 1]!++;
    for (let label = 0; label < this.#labels; label++) places[label + 1]! += places[label]!;
    const next = places.slice();
    for (let i = 0; i < roots.length; i += 2) this.rootTargets[next[roots[i]!]!++] = roots[i + 1]!;
  }
}

function enlarged(old: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}

function invalid(message: string): FleetError {
  return new FleetError({ code: 'safety_data_invalid', kind: 'invalid_input', message });
}
