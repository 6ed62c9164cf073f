export const ANSWER_FORMATS = ['json_schema', 'json_object', 'text'] as const;
/** How the form of an answer is asked for: with its schema, as some JSON object, or by words alone. */
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];

/** What a chat completions endpoint understands beyond messages. */
export interface Dialect {
  readonly format: AnswerFormat;
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens';
  readonly hasTemperature: boolean;
  /** Whether it can be asked to count the tokens of a streamed answer. */
  readonly countsStreams: boolean;
}

/** What is tried first. */
export const FULL_DIALECT: Dialect = {
  format: 'json_schema',
  tokenLimit: 'max_tokens',
  hasTemperature: true,
  countsStreams: true,
};

const SIMPLER_FORMAT = { json_schema: 'json_object', json_object: 'text', text: null } as const;

/**
 * The dialect without the field that an endpoint complains about, or null when its complaint names none of them.
 * Each answer is simpler than its question, so asking again ends.
 *
 * @param complaint  body of an answer with status 400 or 422
 * Source: spec, workflows 3 "Providers"
 */
export function simplerDialect(dialect: Dialect, complaint: string): Dialect | null {
  if (/response_format|json_schema|json_object/.test(complaint)) {
    const format = SIMPLER_FORMAT[dialect.format];
    return format === null ? null : { ...dialect, format };
  }
  if (/stream_options/.test(complaint))
    return dialect.countsStreams ? { ...dialect, countsStreams: false } : null;
  // Newer models of some providers know the limit by another name only, and say so.
  if (/max_completion_tokens/.test(complaint)) {
    return dialect.tokenLimit === 'max_tokens' ? { ...dialect, tokenLimit: 'max_completion_tokens' } : null;
  }
  if (/\btemperature\b/.test(complaint))
    return dialect.hasTemperature ? { ...dialect, hasTemperature: false } : null;
  return null;
}
