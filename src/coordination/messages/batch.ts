export interface BatchLimits<Item> {
  /** Items that go out together at most. */
  readonly most: number;
  /** What they may weigh together; a heavier one goes alone. Default: they weigh nothing. */
  readonly heaviest?: number;
  readonly weigh?: (item: Item) => number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What is asked for in the same turn of the event loop goes out together, in order. Nobody waits for company: who
 * is alone goes alone, at once. So the more there is to do, the less each costs.
 */
export class Batch<Item, Answer> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #limits: BatchLimits<Item>;
  #waiting: Waiting<Item, Answer>[] = [];

  /** @param run  gives an answer for each item, in their order; when it throws, all get the error */
  constructor(run: (items: readonly Item[]) => Promise<readonly Answer[]>, limits: BatchLimits<Item>) {
    this.#run = run;
    this.#limits = limits;
  }

  ask(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // After all that this turn still has to say, and before the next one.
      if (this.#waiting.length === 0) process.nextTick(() => this.#send());
      this.#waiting.push({ item, resolve, reject });
    });
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const part of inParts(waiting, this.#limits)) void this.#sendPart(part);
  }

  async #sendPart(part: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#run(part.map(({ item }) => item));
      for (const [index, { resolve }] of part.entries()) resolve(answers[index]!);
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }
}

/** The same in the same order, in parts that keep to the limits. */
export function inParts<Item, Entry extends { readonly item: Item }>(
  entries: readonly Entry[],
  { most, heaviest = Infinity, weigh = () => 0 }: BatchLimits<Item>,
): Entry[][] {
  const parts: Entry[][] = [];
  let weight = 0;
  for (const entry of entries) {
    const last = parts.at(-1);
    const own = weigh(entry.item);
    if (last === undefined || last.length >= most || weight + own > heaviest) {
      parts.push([entry]);
      weight = own;
    } else {
      last.push(entry);
      weight += own;
    }
  }
  return parts;
}
