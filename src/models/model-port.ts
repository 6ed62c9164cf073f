/** Tokens of one call. */
export interface ModelUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
}

export interface ModelRequest {
  /** Which model should answer. */
  readonly model: string;
  readonly system?: string;
  readonly prompt: string;
  /** Where the answer is cut off. */
  readonly maxOutputTokens?: number;
}

export interface ModelContext {
  readonly signal: AbortSignal;
}

export const FINISH_REASONS = ['stop', 'length'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];

export interface ModelReply {
  readonly text: string;
  readonly usage: ModelUsage;
  /** The model that answered. */
  readonly model: string;
  /** `length`: cut off at `maxOutputTokens`. */
  readonly finish_reason: FinishReason;
}

/** A piece of an answer; the last one has no text and says what the answer took. */
export type ModelChunk =
  | { readonly type: 'text'; readonly text: string }
  | ({ readonly type: 'end' } & Omit<ModelReply, 'text'>);

/** A language model, whoever runs it. */
export interface ModelPort {
  /** Errors: the signal's reason; whatever the provider fails with */
  generate(request: ModelRequest, ctx: ModelContext): Promise<ModelReply>;
  /** The same answer in pieces. Leaving the loop ends the call. */
  stream(request: ModelRequest, ctx: ModelContext): AsyncIterable<ModelChunk>;
}
