// An empty page from which the built npm package can be imported, at `/<file>`.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { launch } from '../browser/pages.mjs';

const PACKAGE = new URL('../../target/npm/', import.meta.url);
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Opens the page in a browser of its own. Call `close` when done. */
export async function openPackagePage() {
  const site = createServer((request, response) => {
    const type = TYPES[extname(request.url)];
    const file = new URL(request.url.slice(1), PACKAGE);
    const isThere = type && existsSync(file);
    response.setHeader('content-type', isThere ? type : 'text/html');
    response.end(isThere ? readFileSync(file) : '<!doctype html>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${site.address().port}/`);

  return {
    page,
    async close() {
      await browser.close();
      site.closeAllConnections();
      site.close();
    },
  };
}
