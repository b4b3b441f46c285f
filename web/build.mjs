// Builds what a browser loads: src/vikno/portal/static/ with hashed names, a manifest and compressed copies.
//
//   npm run build            once
//   npm run watch            again after every change under web/ and countries/*/theme.json
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import * as esbuild from 'esbuild';

import { printFonts } from './fonts.mjs';
import { themes } from './themes.mjs';

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'src/vikno/portal/static');
const COMPRESSED = new Set(['.css', '.js', '.svg', '.json']);

/** Bundle the sources of the pages; every file gets the hash of its content in its name. */
async function bundle() {
  const built = await esbuild.build({
    absWorkingDir: path.join(root, 'web'),
    entryPoints: ['css/portal.css', 'js/portal.ts', 'js/chat.ts', 'js/push.ts', 'js/push-worker.ts'],
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    outdir: target,
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
    // The parts of the design system use newer CSS with their own fallbacks; leave it as it is.
    supported: { nesting: true },
    loader: { '.woff2': 'file' },
    logLevel: 'warning',
    metafile: true,
    write: false,
  });
  const files = new Map(built.outputFiles.map((file) => [path.basename(file.path), Buffer.from(file.contents)]));
  const names = {};
  for (const [output, { entryPoint }] of Object.entries(built.metafile.outputs)) {
    const hashed = path.basename(output);
    if (entryPoint) names[path.basename(entryPoint).replace(/\.ts$/, '.js')] = hashed;
    else names[hashed.replace(/-[A-Z0-9]{8}(?=\.)/, '')] = hashed;
  }
  return { files, names };
}

function hashed(name, content) {
  const { name: stem, ext } = path.parse(name);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
  return `${stem}-${hash}${ext}`;
}

async function minified(css) {
  return Buffer.from((await esbuild.transform(css, { loader: 'css', minify: true, supported: { nesting: true } })).code);
}

/** The licences of what goes into the bundle, which ask to go along. */
function licences() {
  const packages = ['@digdir/designsystemet-css', '@digdir/designsystemet', '@fontsource-variable/inter'];
  return packages
    .map((name) => `${name}\n\n${readFileSync(path.join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n`)
    .join('\n\n');
}

async function build() {
  const started = performance.now();
  const { files, names } = await bundle();
  const add = (name, content) => {
    names[name] = hashed(name, content);
    files.set(names[name], content);
  };
  for (const [name, css] of await themes(root)) add(`theme-${name}.css`, await minified(css));
  for (const image of readdirSync(path.join(root, 'web/images'))) {
    add(image, readFileSync(path.join(root, 'web/images', image)));
  }

  add('licences.txt', Buffer.from(licences()));

  // Build beside the old folder and swap, so that a server that starts meanwhile never sees half of it.
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(path.join(fresh, 'print'), { recursive: true });
  for (const [name, content] of files) {
    writeFileSync(path.join(fresh, name), content);
    if (!COMPRESSED.has(path.extname(name))) continue;
    writeFileSync(path.join(fresh, `${name}.gz`), gzipSync(content, { level: 9 }));
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    writeFileSync(path.join(fresh, `${name}.br`), brotliCompressSync(content, quality));
  }
  for (const [name, content] of printFonts(root)) writeFileSync(path.join(fresh, 'print', name), content);
  writeFileSync(path.join(fresh, 'manifest.json'), `${JSON.stringify(names, null, 2)}\n`);
  if (existsSync(target)) rmSync(target, { recursive: true });
  renameSync(fresh, target);
  const size = [...files.values()].reduce((sum, content) => sum + content.length, 0);
  console.log(`${files.size} files, ${Math.round(size / 1024)} kB, ${Math.round(performance.now() - started)} ms`);
}

await build();

if (process.argv.includes('--watch')) {
  let waiting;
  const again = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => build().catch((error) => console.error(error.message)), 150);
  };
  for (const folder of ['web', 'countries']) watch(path.join(root, folder), { recursive: true }, again);
}
