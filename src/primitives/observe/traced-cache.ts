import { isTracing, openSpan } from '../../observability/tracing.ts';
import type { Cache, CacheRequest } from '../cache/cached-call.ts';
import type { CachePolicy } from '../plan/node.ts';

/** A call through the cache, as a span that says whether the call was made. */
export async function tracedCache<T>(
  cache: Cache,
  policy: CachePolicy,
  request: CacheRequest,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!isTracing()) return cache.cachedCall(policy, request, call);
  const span = openSpan({ name: 'primitive.cache', attributes: { 'primitive.name': request.name } });
  let result = 'hit';
  try {
    return await span.run(() =>
      cache.cachedCall(policy, request, (signal) => {
        result = 'miss';
        return call(signal);
      }),
    );
  } finally {
    span.set({ 'cache.result': result });
    span.end();
  }
}
