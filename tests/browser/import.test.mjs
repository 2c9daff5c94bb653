// The packages where there is no DOM: on a server that renders pages, in a build, in a unit test.

import assert from 'node:assert/strict';
import { test } from 'node:test';

for (const file of ['parlor-overlay.js', 'players.js', 'sdk/index.js']) {
  test(`${file} is imported without a DOM`, async () => {
    assert.equal(globalThis.HTMLElement, undefined);
    assert.ok(await import(new URL(`../../target/web/${file}`, import.meta.url)));
  });
}
