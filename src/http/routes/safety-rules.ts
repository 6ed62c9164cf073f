import { z } from 'zod';
import {
  RollbackRules,
  RulesChanged,
  RulesCheck,
  SafetyOverview,
  ValidateText,
} from '../../contracts/safety-operations/rules.ts';
import { ValidationResult } from '../../contracts/safety.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { NoBody, NoQuery } from '../schemas.ts';

const Document = z.record(z.string(), z.unknown()).meta({ id: 'SafetyRulesDocument' });
const ETAG = { ETag: 'Version of the rules' };

/** The rules by which texts are judged: read, change, go back, try. */
export function safetyRulesRoutes({ operations, config }: HttpDeps): Route[] {
  const assertEnabled = (): void => {
    if (!config.diagnostics.enabled) throw rulesDisabled();
  };
  const changed = (body: RulesChanged) => ({
    status: 200,
    body,
    headers: { ETag: `"${body.status.rules_version}"` },
  });
  return [
    defineRoute({
      operationId: 'getSafety',
      method: 'get',
      paths: ['/v1/safety', '/v1/safety/rules'],
      tag: 'safety',
      summary: 'Read by which rules texts are judged',
      description:
        'Where the rules come from, which version holds in the process that answers, and why newer ones do not. What a rule looks for, and the document itself, are shown to `admin`.',
      access: ['read'],
      query: NoQuery,
      responses: { 200: { description: 'Status and rules', schema: SafetyOverview, headers: ETAG } },
      handle: async ({ caller }) => {
        const body = await operations.safety(caller);
        return { status: 200, body, headers: { ETag: `"${body.status.rules_version}"` } };
      },
    }),
    defineRoute({
      operationId: 'putSafetyRules',
      method: 'put',
      paths: ['/v1/safety/rules'],
      tag: 'safety',
      summary: 'Put other rules in the place of those that hold',
      description:
        'With `If-Match: "<version>"` only if that version still holds: 412 SAFETY_RULES_STALE. A faulty document changes nothing and is answered SAFETY_RULES_INVALID with every fault in `errors` and the version that holds on in `kept_version`. Needs `diagnostics.enabled`.',
      access: ['admin'],
      rateClass: 'admin',
      action: 'safety.rules.put',
      needsAudit: true,
      query: NoQuery,
      body: z.unknown(),
      documentedBody: Document,
      responses: {
        200: { description: 'They hold here, and soon everywhere', schema: RulesChanged, headers: ETAG },
      },
      handle: async ({ body, caller, req }) => {
        assertEnabled();
        return changed(
          await operations.putSafetyRules(body, { ifMatch: versionIn(req.headers['if-match']) }, caller),
        );
      },
    }),
    defineRoute({
      operationId: 'checkSafetyRules',
      method: 'post',
      paths: ['/v1/safety/rules/validate'],
      tag: 'safety',
      summary: 'Find every fault of a rules document',
      description: 'Nothing is changed. Needs `diagnostics.enabled`.',
      access: ['admin'],
      rateClass: 'admin',
      query: NoQuery,
      body: z.unknown(),
      documentedBody: Document,
      responses: { 200: { description: 'Whether it would be accepted, and why not', schema: RulesCheck } },
      handle: async ({ body }) => {
        assertEnabled();
        return { status: 200, body: await operations.checkSafetyRules(body) };
      },
    }),
    defineRoute({
      operationId: 'rollbackSafetyRules',
      method: 'post',
      paths: ['/v1/safety/rules/rollback'],
      tag: 'safety',
      summary: 'Go back to earlier rules',
      description:
        'To those of `version`, or to the newest that do not hold now. The last 20 accepted documents are kept. Needs `diagnostics.enabled`.',
      access: ['admin'],
      rateClass: 'admin',
      action: 'safety.rules.rollback',
      needsAudit: true,
      query: NoQuery,
      body: RollbackRules,
      responses: {
        200: { description: 'They hold here, and soon everywhere', schema: RulesChanged, headers: ETAG },
      },
      handle: async ({ body, caller }) => {
        assertEnabled();
        return changed(await operations.rollbackSafetyRules(body, caller));
      },
    }),
    defineRoute({
      operationId: 'reloadSafety',
      method: 'post',
      paths: ['/v1/safety/reload'],
      tag: 'safety',
      summary: 'Read the rules anew, now',
      description:
        'Answered when the newest rules hold in the process that answers, or were found to hold already; a faulty document is answered SAFETY_RULES_INVALID. Needs `diagnostics.enabled`.',
      access: ['admin'],
      rateClass: 'admin',
      action: 'safety.reload',
      needsAudit: true,
      query: NoQuery,
      body: NoBody,
      responses: { 200: { description: 'The newest rules hold', schema: RulesChanged, headers: ETAG } },
      handle: async ({ caller }) => {
        assertEnabled();
        return changed(await operations.reloadSafetyRules(caller));
      },
    }),
    defineRoute({
      operationId: 'validateText',
      method: 'post',
      paths: ['/v1/safety/validate'],
      carriesText: true,
      tag: 'safety',
      summary: 'Judge a text without any consequence',
      description: 'Nothing is stored and nobody is told. Needs `diagnostics.enabled`.',
      access: ['admin'],
      rateClass: 'admin',
      query: NoQuery,
      body: ValidateText,
      responses: { 200: { description: 'What was found', schema: ValidationResult } },
      handle: async ({ body, caller }) => {
        assertEnabled();
        return { status: 200, body: await operations.validateText(body, caller) };
      },
    }),
  ];
}

/** The version in `If-Match: "…"`; any version for none and for `*`. */
function versionIn(header: string | undefined): string | undefined {
  const text = header?.trim();
  return text === undefined || text === '*' ? undefined : text.replace(/^W\//u, '').replaceAll('"', '');
}

function rulesDisabled(): FleetError {
  return new FleetError({
    code: 'feature_disabled',
    kind: 'forbidden',
    message: 'changing and trying rules of safety over HTTP is turned off (diagnostics.enabled)',
  });
}
