// Applications of frameworks, in `react/` and `vue/`: rendered as their servers do, and built by Vite.

import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build as vite } from 'vite';
import { application } from './bundle.mjs';

/** What each has to be installed with. */
const PACKAGES = { React: ['react', 'react-dom'], Vue: ['vue'] };

export const FRAMEWORKS = Object.keys(PACKAGES);

/** Renders the application with `props`, and builds it around that. Returns what was rendered, and the folder to serve. */
export async function build(framework, props) {
  const name = framework.toLowerCase();
  const root = application(name, name);
  for (const one of PACKAGES[framework]) {
    symlinkSync(fileURLToPath(new URL(`node_modules/${one}`, import.meta.url)), join(root, 'node_modules', one), 'dir');
  }
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  const { render } = await import(pathToFileURL(join(root, 'server.js')).href);
  const html = await render(props);
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>A show</title><link rel="icon" href="data:,">
    <div id="app">${html}</div><script type="module" src="./main.js"></script></html>`;
  writeFileSync(join(root, 'index.html'), page);
  await vite({ root, logLevel: 'warn' });

  return { html, folder: join(root, 'dist') };
}
