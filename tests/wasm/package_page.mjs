// An empty page from which the built npm package, or another folder, can be imported, at `/<file>`.

import { launch } from '../browser/pages.mjs';
import { serveFolder } from '../folder_site.mjs';

const PACKAGE = new URL('../../target/npm/', import.meta.url);

/** Opens the page in a browser of its own. Call `close` when done. */
export async function openPackagePage(folder = PACKAGE) {
  const site = await serveFolder(folder);
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(site.url);

  return {
    page,
    async close() {
      await browser.close();
      site.close();
    },
  };
}
