export const ENVIRONMENTS = ['development', 'testing', 'staging', 'production'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

const ABBREVIATIONS: Readonly<Record<string, Environment>> = {
  dev: 'development',
  develop: 'development',
  test: 'testing',
  stage: 'staging',
  prod: 'production',
};

/**
 * Where this runs: `ENVIRONMENT`, or `NODE_ENV` when it is not set; anything unknown is development. The application
 * hands over the two variables, because this package reads no environment.
 */
export function resolveEnvironment(variables: {
  readonly ENVIRONMENT?: string | undefined;
  readonly NODE_ENV?: string | undefined;
}): Environment {
  const [own, node] = [variables.ENVIRONMENT?.trim(), variables.NODE_ENV?.trim()];
  const name = ((own === '' ? undefined : own) ?? node ?? '').toLowerCase();
  const known = ENVIRONMENTS.find((environment) => environment === name);
  if (known !== undefined) return known;
  return Object.hasOwn(ABBREVIATIONS, name) ? ABBREVIATIONS[name]! : 'development';
}
