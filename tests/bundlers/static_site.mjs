// What a bundler has built, served under a content security policy that is as strict as a site can be.

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const TYPES = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Nothing inline, and nothing from elsewhere but what goes over the API. */
const policy = (parlor) =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `connect-src 'self' ${parlor} ${parlor.replace('http', 'ws')}`,
    "font-src 'self'",
    "img-src 'self' data:",
    "style-src 'self'",
    "require-trusted-types-for 'script'",
  ].join('; ');

export class StaticSite {
  #http;
  /** The folder that it serves. */
  folder;

  static async start() {
    const site = new StaticSite();
    site.#http = createServer((request, response) => site.#answer(request, response));
    site.#http.listen(0, '127.0.0.1');
    await once(site.#http, 'listening');
    return site;
  }

  /** Lets its pages speak to this server. */
  allow(server) {
    this.server = server;
  }

  get origin() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  stop() {
    this.#http.close();
    this.#http.closeAllConnections();
  }

  #answer(request, response) {
    const name = new URL(request.url, this.origin).pathname;
    const file = join(this.folder, name.endsWith('/') ? `${name}index.html` : name);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy(this.server.url),
    });
    return response.end(readFileSync(file));
  }
}
