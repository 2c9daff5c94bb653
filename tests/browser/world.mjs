// A server with a tenant, and a browser, for the tests of one file.

import { after, afterEach, before } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { launch } from './pages.mjs';

/** There from the first test of a file that calls `setUp`, to the last. */
export let server;
export let staff;
export let browser;

/** Starts a server with `settings`, and a browser with `args`. What a test has opened is closed after it. */
export function setUp({ settings, args } = {}) {
  before(async () => {
    server = await Server.start(settings);
    staff = new Staff(server);
    browser = await launch(args);
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
}
