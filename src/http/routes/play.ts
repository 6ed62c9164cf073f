import type { Request, Response } from 'express';
import { z } from 'zod';
import { FleetError } from '../../kernel/errors.ts';
import { INDEX, readPlayAssets, type Asset } from '../play/assets.ts';
import { defineRoute, type Reply, type Route } from '../route.ts';
import { NoQuery } from '../schemas.ts';

const FileParams = z.strictObject({ file: z.string().min(1).max(100) });

/**
 * Stricter than the other pages: nothing inline, nothing from elsewhere, and no text ever becomes markup, which
 * `require-trusted-types-for` lets the browser enforce.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join(';');

/** A page to play on. It is one client of the API among others, so anybody may have it; the API asks for the key. */
export function playRoutes(): Route[] {
  let assets: ReadonlyMap<string, Asset> | undefined;

  function send(req: Request, res: Response, name: string): Reply {
    assets ??= readPlayAssets();
    const asset = assets.get(name);
    if (asset === undefined) {
      throw new FleetError({ code: 'not_found', kind: 'not_found', message: 'the page has no such file' });
    }
    res.set({ 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-cache', ETag: asset.etag });
    if (req.get('if-none-match') === asset.etag) res.status(304).end();
    else res.status(200).set('Content-Type', asset.contentType).send(asset.body);
    return 'handled';
  }

  return [
    defineRoute({
      operationId: 'getPlayPage',
      method: 'get',
      paths: ['/play'],
      tag: 'documents',
      summary: 'A page to play on',
      access: 'public',
      query: NoQuery,
      produces: ['text/html'],
      responses: {
        200: { description: 'The page', schema: z.string(), contentType: 'text/html' },
        304: { description: 'It has not changed' },
        308: { description: 'The page is at the path without a slash', headers: { Location: 'Its path' } },
      },
      handle: ({ req, res }) => {
        // The page names its files relative to itself, so that it works below any prefix.
        if (!req.path.endsWith('/')) return send(req, res, INDEX);
        return { status: 308, headers: { Location: '../play' } };
      },
    }),
    defineRoute({
      operationId: 'getPlayFile',
      method: 'get',
      paths: ['/play/{file}'],
      tag: 'documents',
      summary: 'A part of the page to play on',
      access: 'public',
      params: FileParams,
      query: NoQuery,
      produces: ['text/html', 'text/css', 'text/javascript', 'image/svg+xml'],
      responses: {
        200: { description: 'The file', schema: z.string(), contentType: 'text/plain' },
        304: { description: 'It has not changed' },
      },
      handle: ({ req, res, params }) => send(req, res, params.file),
    }),
  ];
}
