import { FleetError } from '../../kernel/errors.ts';
import { parsePhrase, type Node } from './phrase-syntax.ts';

/** What a class consists of: words alone, and whatever is longer or uses another class. */
export interface PhraseClass {
  readonly words: readonly string[];
  readonly longer: readonly Node[];
}

/** The class of all numbers; no data lists it. */
export const NUMBERS = 'number';

/** Phrases and classes as they were parsed: each text once, however many phrases use it. */
export class PhraseBook {
  readonly texts: readonly string[];
  /** Aligned with the texts. */
  readonly nodes: readonly Node[];
  readonly #sources: ReadonlyMap<string, readonly string[]>;
  readonly #classes = new Map<string, PhraseClass>();

  /** Errors: safety_data_invalid (invalid_input) naming the phrase or class that is wrong */
  constructor(texts: readonly string[], classes: ReadonlyMap<string, readonly string[]>) {
    this.texts = texts;
    this.#sources = classes;
    this.nodes = texts.map(parsePhrase);
    for (const [id, node] of this.nodes.entries()) this.#check(node, texts[id]!, []);
  }

  /** A class that some phrase uses. */
  classOf(name: string): PhraseClass {
    return this.#classes.get(name)!;
  }

  /** All words of some phrases, those of their classes after the others. */
  wordsOf(nodes: readonly Node[]): string[] {
    const own = new Set<string>();
    const ofClasses = new Set<string>();
    this.visit(nodes, {
      word: (word) => void own.add(word),
      newClass: (_name, { words }) => {
        for (const word of words) ofClasses.add(word);
      },
    });
    return [...new Set([...own, ...ofClasses])];
  }

  /** Goes through phrases from left to right, and through each class where it is used first. */
  visit(nodes: readonly Node[], visitor: Visitor): void {
    const seen = new Set<string>();
    const walk = (node: Node): void => {
      switch (node.kind) {
        case 'word':
          visitor.word(node.word);
          break;
        case 'class': {
          if (node.name === NUMBERS || seen.has(node.name)) break;
          seen.add(node.name);
          const found = this.classOf(node.name);
          visitor.newClass(node.name, found);
          found.longer.forEach(walk);
          break;
        }
        case 'sequence':
          node.parts.forEach(walk);
          break;
        case 'choice':
          node.options.forEach(walk);
          break;
        case 'optional':
          walk(node.part);
          break;
        case 'gap':
      }
    };
    nodes.forEach(walk);
  }

  /** Parses the classes of a phrase, and refuses those that are unknown or without an end. */
  #check(node: Node, text: string, open: readonly string[]): void {
    switch (node.kind) {
      case 'class': {
        const { name } = node;
        if (open.includes(name)) throw invalid(`the class {${name}} contains itself`);
        if (name === NUMBERS || this.#classes.has(name)) return;
        const parsed = this.#parseClass(name, text);
        for (const entry of parsed.longer) this.#check(entry, text, [...open, name]);
        this.#classes.set(name, parsed);
        return;
      }
      case 'sequence':
        for (const part of node.parts) if (part.kind !== 'word') this.#check(part, text, open);
        return;
      case 'choice':
        for (const option of node.options) this.#check(option, text, open);
        return;
      case 'optional':
        this.#check(node.part, text, open);
        return;
      case 'word':
      case 'gap':
    }
  }

  #parseClass(name: string, text: string): PhraseClass {
    const entries = this.#sources.get(name);
    if (entries === undefined) throw invalid(`the phrase "${text}" uses the unknown class {${name}}`);
    const words: string[] = [];
    const longer: Node[] = [];
    for (const entry of entries) {
      const node = parsePhrase(entry);
      const only = node.kind === 'sequence' && node.parts.length === 1 ? node.parts[0]! : node;
      if (only.kind === 'word') words.push(only.word);
      else longer.push(node);
    }
    return { words, longer };
  }
}

export interface Visitor {
  readonly word: (word: string) => void;
  readonly newClass: (name: string, found: PhraseClass) => void;
}

function invalid(message: string): FleetError {
  return new FleetError({ code: 'safety_data_invalid', kind: 'invalid_input', message });
}
