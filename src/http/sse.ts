import { once } from 'node:events';
import type { Response } from 'express';

export const SSE_RETRY_MS = 2000;
export const SSE_COMMENT_EVERY_MS = 15_000;

export interface SseFrame {
  /** Absent: a reader that comes back does not go on after it. */
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/**
 * One server-sent event stream. `send` waits while the client reads slower than it is sent to, so a slow client
 * holds back its own source and nothing piles up here.
 */
export class SseStream {
  readonly #res: Response;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(res: Response, commentEveryMs: number = SSE_COMMENT_EVERY_MS) {
    this.#res = res;
    res.status(200);
    res.setHeader('Content-Type', 'text/event-stream');
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('X-Accel-Buffering', 'no');
    res.flushHeaders();
    res.write(`retry: ${SSE_RETRY_MS}\n\n`);
    this.#heartbeat = setInterval(() => this.comment('alive'), commentEveryMs);
  }

  /** @returns false when the client is gone */
  async send(frame: SseFrame, signal: AbortSignal): Promise<boolean> {
    if (!this.#isWritable()) return false;
    const id = frame.id === undefined ? '' : `id: ${frame.id}\n`;
    const text = `${id}event: ${frame.event}\ndata: ${JSON.stringify(frame.data)}\n\n`;
    if (!this.#res.write(text)) await once(this.#res, 'drain', { signal });
    return this.#isWritable();
  }

  comment(text: string): void {
    if (this.#isWritable()) this.#res.write(`: ${text}\n\n`);
  }

  /** Safe to call twice. */
  end(lastComment?: string): void {
    clearInterval(this.#heartbeat);
    if (lastComment !== undefined) this.comment(lastComment);
    if (!this.#res.writableEnded) this.#res.end();
  }

  #isWritable(): boolean {
    return !this.#res.writableEnded && !this.#res.destroyed;
  }
}
