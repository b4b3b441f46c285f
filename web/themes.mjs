// Turns design tokens (web/theme.json and countries/*/theme.json) into the CSS variables of one theme each.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { configSchema, formatThemeCSS } from '@digdir/designsystemet';

const FONT = 'Inter Variable';
// The names that the style sheets use. A theme without one of them would leave parts of a page without colour.
const NAMES = { main: ['accent'], support: ['glow'] };

/** Yield [name, css]: 'default', then one per country folder that has a theme.json. */
export async function themes(root) {
  const sources = [['default', path.join(root, 'web/theme.json')]];
  for (const country of readdirSync(path.join(root, 'countries')).sort()) {
    const file = path.join(root, 'countries', country, 'theme.json');
    if (existsSync(file)) sources.push([country, file]);
  }
  const made = [];
  for (const [name, file] of sources) made.push([name, await themeCSS(root, name, file)]);
  return made;
}

async function themeCSS(root, name, file) {
  const tokens = JSON.parse(readFileSync(file, 'utf8'));
  const themed = { ...tokens, typography: { fontFamily: FONT } };
  const checked = configSchema.safeParse({ outDir: '.', themes: { [name]: themed } });
  if (!checked.success) throw new Error(`${file}: ${checked.error.message}`);
  for (const [group, wanted] of Object.entries(NAMES)) {
    const given = Object.keys(tokens.colors[group]).sort();
    if (given.join() !== wanted.join()) {
      throw new Error(`${file}: colors.${group} must name exactly ${wanted.join(', ')}; it names ${given.join(', ')}`);
    }
  }
  return kept(root, { name, ...checked.data.themes[name] }, (theme) => quietly(() => formatThemeCSS(theme)));
}

/** A theme takes seconds to build and seldom changes: keep it beside the packages it was built by. */
async function kept(root, theme, build) {
  const lock = readFileSync(path.join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).update(JSON.stringify(theme)).digest('hex');
  const file = path.join(root, 'node_modules/.cache/vikno', `${hash}.css`);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const css = await build(theme);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, css);
  return css;
}

/** The token builder tells every step; a build that went well has one line to say. */
async function quietly(work) {
  const { log } = console;
  console.log = () => {};
  try {
    return await work();
  } finally {
    console.log = log;
  }
}
