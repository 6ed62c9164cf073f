import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrives over OTLP. */
export interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

export interface Collector extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** Every span so far, with the process that sent it. */
  readonly spans: readonly (SentSpan & { readonly instance: string })[];
  /** All requests as they came. */
  readonly raw: readonly string[];
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SentSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

/** Takes spans over OTLP/HTTP as JSON, or accepts the connection and never answers. */
export async function startCollector(behaviour: 'takes' | 'hangs' = 'takes'): Promise<Collector> {
  const spans: (SentSpan & { instance: string })[] = [];
  const raw: string[] = [];
  const take = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    raw.push(body);
    if (behaviour === 'hangs') return;
    for (const { resource, scopeSpans } of (JSON.parse(body) as Batch).resourceSpans) {
      const named = resource.attributes.find(({ key }) => key === 'service.instance.id');
      const instance = String(named?.value['stringValue']);
      for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, instance })));
    }
    res.setHeader('content-type', 'application/json');
    res.end('{}');
  };
  const server = createServer((req, res) => void take(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    raw,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
