import type { Usage } from '../budget/money.ts';
import type { RouteDecision } from './route-spec.ts';
import { savedUsd } from './savings.ts';

const MARK = '~route';

export interface Routing {
  readonly router: string;
  readonly route: string;
  readonly reason: string;
  /** Of the chosen route. */
  readonly path: string;
  readonly decision: RouteDecision;
}

/** What a recorded decision says of a router; null for any other decision. */
export function routingOf(key: string, value: unknown): Routing | null {
  if (!key.endsWith(MARK) || typeof value !== 'object' || value === null) return null;
  const decision = value as RouteDecision; // written by routers alone
  const path = key.slice(0, -MARK.length);
  const { route, reason } = decision;
  const router = path.slice(path.lastIndexOf('.') + 1);
  return { router, route, reason, path: `${path}.${route}`, decision };
}

export interface RouterSaving {
  readonly router: string;
  readonly route: string;
  readonly usd: number;
}

/** What the routers around a step saved on the tokens it used; without those that saved nothing. */
export function savingsOf(
  path: string,
  decisions: Readonly<Record<string, unknown>>,
  usage: Usage,
): RouterSaving[] {
  return Object.entries(decisions).flatMap(([key, value]) => {
    const routing = routingOf(key, value);
    if (routing?.decision.eligible === undefined || !path.startsWith(`${routing.path}.`)) return [];
    const usd = savedUsd(routing.decision, usage);
    return usd > 0 ? [{ router: routing.router, route: routing.route, usd }] : [];
  });
}
