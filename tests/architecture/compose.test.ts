import { OTHER_ENV_NAMES } from '../../config/env.ts';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigSchema } from '../../config/schema.ts';

const root = new URL('../../', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, root), 'utf8');

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly container_name?: string;
  readonly ports?: readonly string[];
  readonly init?: boolean;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly stop_grace_period?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

// The casts name what the files hold; a file of another shape fails the tests that read it.
const compose = parse(text('docker-compose.yml'), { merge: true }) as Compose;
const dockerfile = text('Dockerfile');
const defaults = ConfigSchema.parse({});

const WORKERS = ['worker-ipa', 'worker-wba', 'worker-nga', 'worker-flow', 'worker-safety'];
const FLEET = ['api', ...WORKERS].map((name) => ({ name, service: compose.services[name] ?? {} }));

describe('docker-compose.yml', () => {
  test('runs the whole fleet', () => {
    const others = ['redis', 'prometheus', 'grafana'];
    expect(Object.keys(compose.services).toSorted()).toEqual(['api', ...WORKERS, ...others].toSorted());
    for (const { name, service } of FLEET) expect(service.command).toEqual(['--json', ...name.split('-')]);
  });

  test.each(FLEET)('$name stops without losing work, starts after Redis, and comes back', ({ service }) => {
    expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThan(defaults.shutdown.grace);
    expect(service).toMatchObject({ init: true, restart: 'unless-stopped', read_only: true });
    expect(service.depends_on).toEqual({ redis: { condition: 'service_healthy' } });
    expect(service.secrets).toEqual(['api_keys', 'safety_secret']);
  });

  test('workers can be scaled: no fixed name, no port of the host', () => {
    for (const name of WORKERS) {
      expect(compose.services[name]).not.toHaveProperty('container_name');
      expect(compose.services[name]).not.toHaveProperty('ports');
    }
  });

  test('nothing is published beyond this host, and Redis not at all', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports).toHaveLength(3);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(compose.services['redis']?.networks).toEqual(['data']);
  });

  test('Redis writes jobs down and never evicts them', () => {
    const command = compose.services['redis']?.command?.join(' ');
    expect(command).toContain('--appendonly yes --appendfsync everysec --maxmemory-policy noeviction');
    expect(compose.services['redis']?.volumes).toEqual(['redis-data:/data']);
  });

  test('every setting it makes exists', () => {
    const names = [
      ...FLEET.flatMap(({ service }) => Object.keys(service.environment ?? {})),
      ...(dockerfile.match(/\bAO_[A-Z_]+(?==)/g) ?? []),
    ];
    expect(names).toContain('AO_HTTP__HOST');
    expect(names.filter((name) => !isSetting(name))).toEqual([]);
    expect(isSetting('AO_HTTP__HOSTS')).toBe(false);
  });

  test('what it mounts from the repository exists', () => {
    const mounted = Object.values(compose.services)
      .flatMap((service) => service.volumes ?? [])
      .flatMap((volume) => (volume.startsWith('./') ? [volume.split(':')[0] ?? ''] : []));
    expect(mounted.length).toBeGreaterThan(0);
    for (const path of mounted) expect(existsSync(new URL(path, root)), path).toBe(true);
  });
});

describe('prometheus.yml', () => {
  const config = parse(text('dashboards/prometheus/prometheus.yml')) as {
    scrape_configs: { job_name: string; dns_sd_configs?: { names: string[]; port: number }[] }[];
  };

  test('finds every process of the fleet where it serves its metrics', () => {
    const targets = Object.fromEntries(
      config.scrape_configs.map((job) => [job.job_name, job.dns_sd_configs?.[0]]),
    );
    expect(targets['api']).toMatchObject({ names: ['api'], port: defaults.port });
    expect(targets['worker']).toMatchObject({ names: WORKERS, port: defaults.metrics.port });
  });
});

describe('Grafana', () => {
  const provisioning = 'dashboards/grafana/provisioning/';
  const volumes = compose.services['grafana']?.volumes ?? [];

  test('is given the Prometheus of the fleet', () => {
    const { datasources } = parse(text(`${provisioning}datasources/prometheus.yml`)) as {
      datasources: { type: string; url: string; isDefault: boolean }[];
    };
    expect(datasources).toHaveLength(1);
    expect(datasources[0]).toMatchObject({
      type: 'prometheus',
      url: 'http://prometheus:9090',
      isDefault: true,
    });
    expect(compose.services['prometheus']?.ports?.[0]).toMatch(/:9090$/);
  });

  test('reads the boards from where they are mounted', () => {
    const { providers } = parse(text(`${provisioning}dashboards/fleet.yml`)) as {
      providers: { type: string; options: { path: string } }[];
    };
    expect(providers.map(({ type }) => type)).toEqual(['file']);
    const folder = providers[0]?.options.path ?? '';
    expect(volumes).toContain(`./dashboards/grafana:${folder}:ro`);
    expect(volumes).toContain('./dashboards/grafana/provisioning:/etc/grafana/provisioning:ro');
    const home = compose.services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'];
    expect(home).toBe(`${folder}/overview.json`);
  });
});

describe('Dockerfile', () => {
  test('runs node itself, as nobody special, with a health check that needs no shell', () => {
    expect(dockerfile).toMatch(/^USER (?!0\b)\d+:\d+$/m);
    expect(dockerfile).toMatch(/^ENTRYPOINT \["node", "dist\/src\/cli\/main\.js"\]$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK [^\n]*\\\n {2}CMD \["node", /m);
    expect(existsSync(new URL('src/cli/main.ts', root))).toBe(true);
  });

  test('holds what the product reads beside its code', () => {
    const needed = ['config/model-prices.yaml', 'examples/data'];
    for (const path of needed) expect(dockerfile).toContain(`COPY ${path} ${path}\n`);
    // What comes later wins: documents are left out, but not those of the examples.
    const rules = text('.dockerignore').split('\n');
    expect(rules.indexOf('!examples/data')).toBeGreaterThan(rules.indexOf('**/*.md'));
    expect(rules.indexOf('**/*.md')).toBeGreaterThan(0);
  });

  test('takes the Node the package asks for', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(bases)).toEqual(new Set(['node:24-slim']));
  });
});

describe('deploy/make-secrets', () => {
  test('makes a key whose hash the fleet accepts, and keeps it when called again', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ao-secrets-'));
    try {
      mkdirSync(join(folder, 'secrets'));
      copyFileSync(new URL('deploy/make-secrets', root), join(folder, 'make-secrets'));
      const make = () => execFileSync('sh', [join(folder, 'make-secrets')], { stdio: 'pipe' });
      const read = (name: string) => readFileSync(join(folder, 'secrets', name), 'utf8');

      make();
      const key = read('api_key').trim();
      const [, secret = ''] = /^ao_operator_([\w-]{43})$/.exec(key) ?? [];
      const { auth } = ConfigSchema.parse({ auth: { api_keys: JSON.parse(read('api_keys.json')) } });
      expect(auth.api_keys[0]?.sha256).toBe(createHash('sha256').update(secret).digest('hex'));
      expect(read('grafana_password').length).toBeGreaterThanOrEqual(43);

      // Containers read them as users of their own, so the folder is what keeps others of the host out.
      expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
      expect(statSync(join(folder, 'secrets', 'api_key')).mode & 0o777).toBe(0o600);

      make();
      expect(read('api_key').trim()).toBe(key);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('makes every file that docker-compose.yml reads, where git does not see it', () => {
    const script = text('deploy/make-secrets');
    for (const { file } of Object.values(compose.secrets)) {
      expect(file).toMatch(/^deploy\/secrets\//);
      expect(script).toContain(file.slice('deploy/secrets/'.length));
    }
    expect(text('deploy/secrets/.gitignore')).toBe('*\n!.gitignore\n');
  });
});

/** `AO_HTTP__HOST` is the key http.host; with `_FILE` its value is read from a file. Some keys have a short name, too. */
/** Some settings end in `_file` themselves; any other may be read from a file. */
function isSetting(name: string): boolean {
  if (OTHER_ENV_NAMES.some((other) => other.name === name)) return true;
  return hasKey(name) || hasKey(name.replace(/_FILE$/, ''));
}

function hasKey(name: string): boolean {
  const path = name.replace(/^AO_/, '').toLowerCase().split('__');
  let node: unknown = defaults;
  for (const key of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return false;
    node = Reflect.get(node, key);
  }
  return true;
}
