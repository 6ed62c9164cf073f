/** What a mailbox must do, in a few lines and in memory; the real one is compared with it step by step. */
export interface ModelMessage {
  readonly id: string;
  readonly priority: 1 | 5 | 9;
  attempts: number;
  stalls: number;
}

export interface ModelLimits {
  readonly queueSize: number;
  readonly retryAttempts: number;
  readonly maxStalls: number;
}

export class MailboxModel {
  /** Of each band: what was put back before the others, by id, then the others in their order. */
  readonly front: ModelMessage[] = [];
  readonly line: ModelMessage[] = [];
  readonly held = new Map<string, ModelMessage>();
  /** Held, and nobody may settle it any more. */
  readonly expired = new Map<string, ModelMessage>();
  readonly dead: ModelMessage[] = [];
  readonly done: string[] = [];
  readonly #limits: ModelLimits;

  constructor(limits: ModelLimits) {
    this.#limits = limits;
  }

  get depth(): number {
    return this.front.length + this.line.length + this.held.size + this.expired.size;
  }

  send(id: string, priority: 1 | 5 | 9): 'sent' | 'duplicate' | 'full' {
    const present = [...this.front, ...this.line, ...this.held.values(), ...this.expired.values()];
    if (present.some((each) => each.id === id)) return 'duplicate';
    if (this.depth >= this.#limits.queueSize) return 'full';
    this.line.push({ id, priority, attempts: 0, stalls: 0 });
    return 'sent';
  }

  /** The message that must come next; `take` says who holds it. */
  next(): ModelMessage | undefined {
    for (const band of [9, 5, 1]) {
      const first = this.front
        .filter(({ priority }) => priority === band)
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))[0];
      const found = first ?? this.line.find(({ priority }) => priority === band);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  take(token: string): void {
    const message = this.next()!;
    remove(this.front, message);
    remove(this.line, message);
    this.held.set(token, message);
  }

  ack(token: string): boolean {
    const message = this.#settle(token);
    if (message === undefined) return false;
    this.done.push(message.id);
    return true;
  }

  nack(token: string, isPermanent: boolean): boolean {
    const message = this.#settle(token);
    if (message === undefined) return false;
    message.attempts += 1;
    if (isPermanent || message.attempts > this.#limits.retryAttempts) this.dead.push(message);
    else this.line.push(message);
    return true;
  }

  release(token: string): boolean {
    const message = this.#settle(token);
    if (message === undefined) return false;
    this.front.push(message);
    return true;
  }

  /** Its holder crashed, and the time is over. */
  expire(token: string): boolean {
    const message = this.#settle(token);
    if (message === undefined) return false;
    this.expired.set(token, message);
    return true;
  }

  sweep(): number {
    let back = 0;
    for (const message of this.expired.values()) {
      message.stalls += 1;
      if (message.stalls > this.#limits.maxStalls) this.dead.push(message);
      else {
        this.front.push(message);
        back += 1;
      }
    }
    this.expired.clear();
    return back;
  }

  replay(message: ModelMessage): 'sent' | 'duplicate' | 'full' {
    const outcome = this.send(message.id, message.priority);
    if (outcome === 'sent') remove(this.dead, message);
    return outcome;
  }

  #settle(token: string): ModelMessage | undefined {
    const message = this.held.get(token);
    this.held.delete(token);
    return message;
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
