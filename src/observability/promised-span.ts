import type {
  Attributes,
  AttributeValue,
  Exception,
  Link,
  Span,
  SpanContext,
  TimeInput,
} from '@opentelemetry/api';

/**
 * A span whose place is taken and whose recording begins later. What is said of it until then is kept with the time
 * at which it was said, and handed over in order.
 */
export class PromisedSpan implements Span {
  readonly #context: SpanContext;
  #said: ((span: Span) => void)[] = [];
  #kept: Span | undefined;
  #isEnded = false;

  constructor(context: SpanContext) {
    this.#context = context;
  }

  /** From now on `span`, begun with the ids of this one, is told directly. */
  keep(span: Span): void {
    this.#kept = span;
    for (const say of this.#said) say(span);
    this.#said = [];
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return !this.#isEnded && (this.#kept?.isRecording() ?? true);
  }

  setAttribute(key: string, value: AttributeValue): this {
    return this.#say((span) => span.setAttribute(key, value));
  }

  setAttributes(attributes: Attributes): this {
    return this.#say((span) => span.setAttributes(attributes));
  }

  addEvent(name: string, second?: Attributes | TimeInput, third?: TimeInput): this {
    const hasAttributes = isAttributes(second);
    const attributes = hasAttributes ? second : undefined;
    const time = (hasAttributes ? third : second) ?? Date.now();
    return this.#say((span) => span.addEvent(name, attributes, time));
  }

  addLink(link: Link): this {
    return this.#say((span) => span.addLink(link));
  }

  addLinks(links: Link[]): this {
    return this.#say((span) => span.addLinks(links));
  }

  setStatus(status: Parameters<Span['setStatus']>[0]): this {
    return this.#say((span) => span.setStatus(status));
  }

  updateName(name: string): this {
    return this.#say((span) => span.updateName(name));
  }

  recordException(exception: Exception, time: TimeInput = Date.now()): void {
    this.#say((span) => span.recordException(exception, time));
  }

  end(endTime: TimeInput = Date.now()): void {
    this.#say((span) => span.end(endTime));
    this.#isEnded = true;
  }

  #say(say: (span: Span) => void): this {
    if (this.#isEnded) return this;
    if (this.#kept === undefined) this.#said.push(say);
    else say(this.#kept);
    return this;
  }
}

function isAttributes(value: Attributes | TimeInput | undefined): value is Attributes {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}
