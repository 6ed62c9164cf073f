import type { Json } from './openapi-schemas.ts';
import type { ProblemType } from './problem-types.ts';

/** A static page that lists the operations of an OpenAPI document; nothing is loaded from elsewhere. */
export function docsPage(document: Json): string {
  const { info, paths } = document as unknown as OpenApiShape; // it is ours
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => row(method, path, operation)),
  );
  const intro = `<p>${escapeHtml(info.description)}</p><p><a href="/openapi.json">openapi.json</a></p>`;
  const head = '<tr><th>Method</th><th>Path</th><th>What it does</th><th>Role</th></tr>';
  return page(`${info.title} ${info.version}`, `${intro}<table>${head}${rows.join('')}</table>`);
}

export function problemPage(type: ProblemType): string {
  return page(
    `${type.status} ${type.title}`,
    `<p>${escapeHtml(type.explanation)}</p><p><code>${type.slug}</code></p>`,
  );
}

/** The parts of our own document that the page shows. */
interface OpenApiShape {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly summary: string;
  readonly 'x-roles'?: readonly string[];
}

function row(method: string, path: string, operation: Operation): string {
  const roles = operation['x-roles']?.join(', ') ?? '–';
  const cells = [`<code>${method.toUpperCase()}</code>`, `<code>${escapeHtml(path)}</code>`];
  const texts = [escapeHtml(operation.summary), escapeHtml(roles)];
  return `<tr>${[...cells, ...texts].map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}' +
  'table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}';

function page(title: string, body: string): string {
  const name = escapeHtml(title);
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<title>${name}</title><style>${STYLE}</style></head><body><h1>${name}</h1>${body}</body></html>`
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
