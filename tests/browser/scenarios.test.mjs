// What is tried in every engine, in Chromium.

import { after, before, test } from 'node:test';
import { SCENARIOS } from '../scenarios/all.mjs';
import { Visitor } from '../scenarios/visitor.mjs';
import { Chromium } from './tab.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 60_000;

let browser;
let visitor;

before(async () => {
  browser = await Chromium.launch();
  visitor = await Visitor.start(browser);
}, { timeout });

after(async () => {
  await browser?.close();
  await visitor?.stop();
});

for (const [name, act] of SCENARIOS) test(name, { timeout }, () => act(visitor));
