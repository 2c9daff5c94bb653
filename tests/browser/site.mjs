// A site of somebody else's, on an origin of its own, with an overlay in its page.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { open } from './pages.mjs';

export class Site {
  #http;
  #body = '';
  #headers = {};

  static async start() {
    const site = new Site();
    site.#http = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      for (const [name, value] of Object.entries(site.#headers)) response.setHeader(name, value);
      response.end(site.#body);
    });
    site.#http.listen(0, '127.0.0.1');
    await once(site.#http, 'listening');
    return site;
  }

  get origin() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  /** Has its page be of this body. */
  serve(body, headers = {}) {
    this.#body = `<!doctype html><title>A site</title><style>body { margin: 0 }</style>${body}`;
    this.#headers = headers;
  }

  /** Opens a page whose body is `body`, in a context of its own. */
  async visit(browser, body, { headers, before, ...options } = {}) {
    this.serve(body, headers);
    const opened = await open(browser, 'about:blank', options);
    opened.said = [];
    opened.sockets = [];
    opened.page.on('console', (message) => opened.said.push(`${message.type()}: ${message.text()}`));
    opened.page.on('websocket', (socket) => opened.sockets.push(socket));
    if (before) await opened.page.addInitScript(before);
    await opened.page.goto(this.origin);
    return opened;
  }

  stop() {
    this.#http.close();
    this.#http.closeAllConnections();
  }
}

/** The markup of an overlay of `room` on `server`, and the script that defines it. */
export function overlay(server, room, attributes = '') {
  return `<parlor-overlay server="${server.url}" room="${room.id}" ${attributes}></parlor-overlay>`;
}

export function script(server) {
  return `<script type="module" src="${server.url}/parlor-overlay.js"></script>`;
}
