// Builds the application in `app/` by each bundler, as its own manual and the packages' READMEs say.

import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { rollup } from 'rollup';
import { build as vite, createServer } from 'vite';

const webpack = createRequire(import.meta.url)('webpack');
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const target = path('../../target/bundlers/');

/** Lays out the application in `from` with the built packages installed, in a folder of its own. */
export function application(name, from = 'app') {
  const root = join(target, name);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  cpSync(path(from), root, { recursive: true });
  cpSync(path('../../target/npm'), join(root, 'node_modules/parlor-sdk'), { recursive: true });
  cpSync(path('../../target/npm-overlay'), join(root, 'node_modules/@parlor/overlay'), { recursive: true });
  return root;
}

/** The page and its style sheet, which all but Vite leave alone. */
function copyPage(root) {
  for (const file of ['index.html', 'style.css']) cpSync(join(root, file), join(root, 'dist', file));
}

/** What esbuild and Rollup leave where it is: the modules and the typeface, beside the script that names them. */
function copyAssets(root) {
  const dist = join(root, 'dist');
  copyPage(root);
  cpSync(join(root, 'node_modules/parlor-sdk/parlor_sdk_wasm_bg.wasm'), join(dist, 'parlor_sdk_wasm_bg.wasm'));
  cpSync(join(root, 'node_modules/@parlor/overlay/parlor_overlay_bg.wasm'), join(dist, 'parlor_overlay_bg.wasm'));
  cpSync(join(root, 'node_modules/@parlor/overlay/fonts'), join(dist, 'fonts'), { recursive: true });
}

/** Each returns the folder that a site serves. */
export const BUNDLERS = {
  async Vite() {
    const root = application('vite');
    await vite({ root, logLevel: 'warn' });
    return join(root, 'dist');
  },

  async webpack() {
    const root = application('webpack');
    const compiler = webpack({
      mode: 'production',
      context: root,
      entry: './main.js',
      output: { path: join(root, 'dist'), filename: 'main.js' },
    });
    const stats = await new Promise((done, fail) => compiler.run((error, stats) => (error ? fail(error) : done(stats))));
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
    copyPage(root);
    return join(root, 'dist');
  },

  async esbuild() {
    const root = application('esbuild');
    await esbuild({
      absWorkingDir: root,
      entryPoints: ['main.js'],
      bundle: true,
      minify: true,
      format: 'esm',
      outdir: 'dist',
      logLevel: 'warning',
    });
    copyAssets(root);
    return join(root, 'dist');
  },

  async Rollup() {
    const root = application('rollup');
    const bundle = await rollup({ input: join(root, 'main.js'), plugins: [nodeResolve({ browser: true })] });
    await bundle.write({ dir: join(root, 'dist'), format: 'es' });
    await bundle.close();
    copyAssets(root);
    return join(root, 'dist');
  },
};

/** Vite's development server, which bundles each package by itself. */
export async function develop() {
  const root = application('vite-dev');
  const server = await createServer({
    root,
    logLevel: 'warn',
    server: { host: '127.0.0.1', port: 0 },
  });
  await server.listen();
  return server;
}
