import { describe, expect, it } from 'vitest';
import type { ModelChunk } from '../../../src/models/model-port.ts';
import { countTokens, ScriptedModel } from '../../../src/models/scripted.ts';

const model = new ScriptedModel({
  rules: [
    { when: /^shout (.*)$/, say: (_request, [, text = '']) => text.toUpperCase() },
    { when: /^shout/, say: () => 'never reached' },
  ],
});
const signal = new AbortController().signal;

describe('the scripted model', () => {
  it('follows the first rule that recognises the prompt, and counts what goes in and out', async () => {
    const request = { model: 'm', system: 'be loud', prompt: 'shout hello' };
    const reply = await model.generate(request, { signal });
    expect(reply).toEqual({
      text: 'HELLO',
      model: 'm',
      usage: { input_tokens: countTokens('be loud') + countTokens('shout hello'), output_tokens: 2 },
      finish_reason: 'stop',
    });
    expect(await model.generate(request, { signal })).toEqual(reply);
  });

  it('says so when it has no rule', async () => {
    expect((await model.generate({ model: 'm', prompt: '?' }, { signal })).text).toBe(
      'I have no rule for this.',
    );
  });

  it('is cut off after the last word that fits', async () => {
    const prompt = 'shout one two three';
    const reply = await model.generate({ model: 'm', prompt, maxOutputTokens: 2 }, { signal });
    expect(reply).toMatchObject({ text: 'ONE TWO', finish_reason: 'length' });
    expect(await model.generate({ model: 'm', prompt, maxOutputTokens: 100 }, { signal })).toMatchObject({
      finish_reason: 'stop',
    });
  });

  it('streams the same text and the same usage', async () => {
    const request = { model: 'm', prompt: 'shout one  two three' };
    const chunks: ModelChunk[] = [];
    for await (const chunk of model.stream(request, { signal })) chunks.push(chunk);
    const { text, ...end } = await model.generate(request, { signal });
    const pieces = chunks.flatMap((chunk) => (chunk.type === 'text' ? [chunk.text] : []));
    expect(pieces).toEqual(['ONE', '  TWO', ' THREE']);
    expect(pieces.join('')).toBe(text);
    expect(chunks.at(-1)).toEqual({ type: 'end', ...end });
  });

  it('does nothing for a signal that has aborted, and stops when it does', async () => {
    await expect(
      model.generate({ model: 'm', prompt: 'shout x' }, { signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
    const controller = new AbortController();
    const pieces: string[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of model.stream({ model: 'm', prompt: 'shout a b c' }, controller)) {
        if (chunk.type === 'text') pieces.push(chunk.text);
        controller.abort(new Error('enough'));
      }
    };
    await expect(read()).rejects.toThrow('enough');
    expect(pieces).toEqual(['A']);
  });
});
