// A folder of modules on a free loopback port, and an empty page from which they can be imported, at
// `/<file>`.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** What tests alone load, to make display plans with. */
export const REHEARSAL = new URL('../target/rehearsal/web/', import.meta.url);

/** Serves `folder`. Call `close` when done. */
export async function serveFolder(folder) {
  const site = createServer((request, response) => {
    const type = TYPES[extname(request.url)];
    const file = new URL(request.url.slice(1), folder);
    const isThere = type && existsSync(file);
    response.setHeader('content-type', isThere ? type : 'text/html');
    response.end(isThere ? readFileSync(file) : '<!doctype html>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');

  return {
    url: `http://127.0.0.1:${site.address().port}`,
    close() {
      site.closeAllConnections();
      site.close();
    },
  };
}
