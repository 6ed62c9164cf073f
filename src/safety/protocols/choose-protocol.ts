import type { ProtocolStep, Protocols } from '../../../config/safety-protocols.ts';
import type { CrisisAssessment } from '../../contracts/safety.ts';
import type { Intervention } from '../../contracts/intervention.ts';

export interface Protocol {
  /** `<type>.<level>`; `default` where a fallback was taken. */
  readonly id: string;
  readonly steps: readonly ProtocolStep[];
}

/** These answered the player already, before anybody else was told. */
const INLINE: ReadonlySet<ProtocolStep['step']> = new Set(['generate_response', 'provide_resources']);

/** By the most severe type: its own level, its own default, that level of all, the default of all. */
export function chooseProtocol(
  { protocols }: Protocols,
  { crisis_types: types, crisis_level: level }: Pick<CrisisAssessment, 'crisis_types' | 'crisis_level'>,
): Protocol {
  const type = types[0];
  const own = type === undefined ? undefined : protocols[type];
  if (type !== undefined && own?.[level] !== undefined) return { id: `${type}.${level}`, steps: own[level] };
  if (type !== undefined && own?.default !== undefined) return { id: `${type}.default`, steps: own.default };
  const common = protocols.default[level];
  if (common !== undefined) return { id: `default.${level}`, steps: common };
  return { id: 'default.default', steps: protocols.default.default };
}

export function isInline({ step }: ProtocolStep): boolean {
  return INLINE.has(step);
}

/** Facts in the place of `{names}`. */
export function filled(text: string, { assessment, region, intervention_id: id }: Intervention): string {
  const facts: Readonly<Record<string, string>> = {
    crisis_level: assessment.crisis_level,
    crisis_types: assessment.crisis_types.join(', '),
    region: region ?? 'unknown',
    intervention_id: id,
  };
  return text.replace(/\{([a-z_]+)\}/g, (whole, name: string) => facts[name] ?? whole);
}
