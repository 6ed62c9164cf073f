import { FleetError } from '../../kernel/errors.ts';
import { parsePhrase, type Node } from './phrase-syntax.ts';

/** Labels that no word owns. */
export const ANY = 0;
export const NUMBER = 1;
const FIRST_OWN_LABEL = 2;
const NONE: readonly number[] = [];

/**
 * Phrases as one nondeterministic automaton over words. An edge carries a label; a word bears the label of itself
 * and of every class it is in. Built once, then only read.
 */
export class PhraseNet {
  /** Per state: labels and targets of its edges, aligned. */
  readonly edgeLabels: (readonly number[])[] = [];
  readonly edgeTargets: (readonly number[])[] = [];
  /** Phrase that ends in a state, or -1. */
  readonly accepts: number[] = [];
  /** The state before the first word, by phrase. */
  readonly starts: number[] = [];
  /** From the starts of all phrases: targets by label. */
  readonly rootEdges = new Map<number, number[]>();
  readonly #free: (readonly number[])[] = [];
  readonly #closures: (readonly number[] | undefined)[] = [];
  readonly #classes: ReadonlyMap<string, readonly string[]>;
  readonly #negations: ReadonlySet<string>;
  readonly #parsed = new Map<string, Node>();
  readonly #classLabels = new Map<string, number>();
  readonly #wordLabels = new Map<string, number>();
  readonly #classesOfWord = new Map<string, Set<number>>();
  #labels = FIRST_OWN_LABEL;

  /** @param negations  words that no gap may stand for: with them a phrase says the opposite */
  constructor(
    phrases: readonly string[],
    classes: ReadonlyMap<string, readonly string[]>,
    negations: ReadonlySet<string> = new Set(),
  ) {
    this.#classes = classes;
    this.#negations = negations;
    for (const [id, text] of phrases.entries()) {
      const start = this.#state();
      this.starts.push(start);
      const end = this.#build(parsePhrase(text), start, text, []);
      const last = this.#state();
      this.#addFree(end, last);
      this.accepts[last] = id;
      const closure = this.closure(start);
      if (closure.includes(last)) throw invalid(`the phrase "${text}" matches nothing at all`);
      for (const state of closure) this.#addRootEdges(state);
    }
  }

  /** Labels of a word that appears in a phrase or class. */
  labelsOf(word: string): number[] {
    const labels = [...(this.#negations.has(word) ? [] : [ANY]), ...(this.#classesOfWord.get(word) ?? [])];
    const own = this.#wordLabels.get(word);
    if (own !== undefined) labels.push(own);
    return labels.sort((a, b) => a - b);
  }

  /** Every word that some phrase knows. */
  words(): Set<string> {
    return new Set([...this.#wordLabels.keys(), ...this.#classesOfWord.keys()]);
  }

  /** How many states there are. */
  get size(): number {
    return this.accepts.length;
  }

  get labelCount(): number {
    return this.#labels;
  }

  /** States reached without a word, the state itself among them. */
  closure(state: number): readonly number[] {
    const known = this.#closures[state];
    if (known !== undefined) return known;
    const closure = [state];
    for (let i = 0; i < closure.length; i++) {
      for (const next of this.#free[closure[i]!]!) if (!closure.includes(next)) closure.push(next);
    }
    this.#closures[state] = closure;
    return closure;
  }

  #addRootEdges(state: number): void {
    const targets = this.edgeTargets[state]!;
    for (const [i, label] of this.edgeLabels[state]!.entries()) {
      const known = this.rootEdges.get(label);
      if (known === undefined) this.rootEdges.set(label, [targets[i]!]);
      else if (!known.includes(targets[i]!)) known.push(targets[i]!);
    }
  }

  #state(): number {
    this.edgeLabels.push(NONE);
    this.edgeTargets.push(NONE);
    this.#free.push(NONE);
    this.#closures.push(undefined);
    this.accepts.push(-1);
    return this.accepts.length - 1;
  }

  #edge(from: number, label: number): number {
    const to = this.#state();
    this.edgeLabels[from] = extended(this.edgeLabels[from]!, label);
    this.edgeTargets[from] = extended(this.edgeTargets[from]!, to);
    return to;
  }

  #addFree(from: number, to: number): void {
    this.#free[from] = extended(this.#free[from]!, to);
  }

  #build(node: Node, from: number, text: string, open: readonly string[]): number {
    switch (node.kind) {
      case 'word':
        return this.#edge(from, this.#wordLabel(node.word));
      case 'class':
        return this.#buildClass(node.name, from, text, open);
      case 'gap': {
        let at = from;
        const ends = [from];
        for (let i = 0; i < node.most; i++) ends.push((at = this.#edge(at, ANY)));
        return this.#join(ends);
      }
      case 'sequence':
        return node.parts.reduce((at, part) => this.#build(part, at, text, open), from);
      case 'choice':
        return this.#join(node.options.map((option) => this.#build(option, from, text, open)));
      case 'optional':
        return this.#join([from, this.#build(node.part, from, text, open)]);
    }
  }

  #buildClass(name: string, from: number, text: string, open: readonly string[]): number {
    if (name === 'number') return this.#edge(from, NUMBER);
    const entries = this.#classes.get(name);
    if (entries === undefined) throw invalid(`the phrase "${text}" uses the unknown class {${name}}`);
    if (open.includes(name)) throw invalid(`the class {${name}} contains itself`);
    const longer: Node[] = [];
    let label = this.#classLabels.get(name);
    const isNew = label === undefined;
    label ??= this.#labels++;
    this.#classLabels.set(name, label);
    let hasWords = false;
    for (const entry of entries) {
      const node = this.#parse(entry);
      const only = node.kind === 'sequence' && node.parts.length === 1 ? node.parts[0]! : node;
      if (only.kind !== 'word') longer.push(node);
      else {
        hasWords = true;
        if (isNew) this.#putInClass(only.word, label);
      }
    }
    const ends = longer.map((node) => this.#build(node, from, text, [...open, name]));
    if (hasWords) ends.push(this.#edge(from, label));
    return this.#join(ends);
  }

  #parse(entry: string): Node {
    let node = this.#parsed.get(entry);
    if (node === undefined) this.#parsed.set(entry, (node = parsePhrase(entry)));
    return node;
  }

  #putInClass(word: string, label: number): void {
    const labels = this.#classesOfWord.get(word);
    if (labels === undefined) this.#classesOfWord.set(word, new Set([label]));
    else labels.add(label);
  }

  #wordLabel(word: string): number {
    let label = this.#wordLabels.get(word);
    if (label === undefined) this.#wordLabels.set(word, (label = this.#labels++));
    return label;
  }

  #join(ends: readonly number[]): number {
    const to = this.#state();
    for (const end of ends) this.#addFree(end, to);
    return to;
  }
}

/** Most states have one edge or none, so they share an empty list until then. */
function extended(list: readonly number[], value: number): readonly number[] {
  return list.length === 0 ? [value] : [...list, value];
}

function invalid(message: string): FleetError {
  return new FleetError({ code: 'safety_data_invalid', kind: 'invalid_input', message });
}
