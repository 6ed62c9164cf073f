/**
 * @typedef {{ id: string | undefined, event: string, data: string }} Frame
 */

/**
 * The frames of a text/event-stream, one by one. `EventSource` cannot send a key, so the page reads streams itself.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} [onBytes] told of every arrival, comments included
 * @returns {AsyncGenerator<Frame>}
 */
export async function* readFrames(body, onBytes = () => undefined) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      const blocks = (rest + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const frame = frameOf(block);
        if (frame !== undefined) yield frame;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * @param {string} block
 * @returns {Frame | undefined} nothing for comments and `retry`
 */
function frameOf(block) {
  let id;
  let event = 'message';
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
    if (field === 'id') id = value;
    else if (field === 'event') event = value ?? event;
    else if (field === 'data') data.push(value ?? '');
  }
  return data.length === 0 ? undefined : { id, event, data: data.join('\n') };
}
