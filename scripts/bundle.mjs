/**
 * The end of `npm run build`: packages/cli/dist/bundle is the command `weir` with all that it needs, in few files, and
 * packages/policy/dist/weir-policy.js the library for browsers, in one.
 *
 * With `--from-sources` the command alone, without the compiler before: pipelines that only run it install the packages
 * of @weir/cli (`npm ci --workspace @weir/cli`) and nothing that tests and checks.
 *
 * A cluster is many processes. Each would look for and read some 1 200 modules before it does its work; that took two
 * thirds of its first second.
 */
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { isBundled } from '../packages/cli/bin/entry.js';

const dist = fileURLToPath(new URL('../packages/cli/dist', import.meta.url));
const bundle = join(dist, 'bundle');

/** They bring libraries of the machine's kind, which they look for beside themselves. */
const external = ['koffi', 'lmdb'];

/** A module goes on looking for files from its own place, and not from that of the bundle. */
const ownPlaces = {
  name: 'own-places',
  transform(code, id) {
    if (id.startsWith('\0') || !code.includes('import.meta.url')) return null;
    return { code: code.replaceAll('import.meta.url', `new URL(${JSON.stringify(relative(bundle, id))}, import.meta.url).href`) };
  },
};

/** The library: one ECMAScript module without imports, as small as it gets. */
async function bundleLibrary() {
  const library = await rolldown({
    input: fileURLToPath(new URL('../packages/policy/dist/index.js', import.meta.url)),
    platform: 'browser',
  });
  await library.write({
    file: fileURLToPath(new URL('../packages/policy/dist/weir-policy.js', import.meta.url)),
    format: 'esm',
    minify: true,
    sourcemap: true,
    codeSplitting: false,
  });
  await library.close();
}

/** The command, from what the compiler wrote or from the sources themselves. */
async function bundleCommand({ fromSources }) {
  mkdirSync(dist, { recursive: true });
  // Beside the old one, whose files stay whole until all of the new ones are there.
  const fresh = mkdtempSync(join(dist, 'bundle-'));
  try {
    const command = await rolldown({
      input: fromSources ? fileURLToPath(new URL('../packages/cli/src/index.ts', import.meta.url)) : join(dist, 'index.js'),
      platform: 'node',
      external,
      plugins: [ownPlaces],
      ...(fromSources ? { resolve: { conditionNames: ['source', 'import', 'node', 'default'] } } : {}),
      // The barrel of a package is loaded as a whole, also by those who ask for a part of it later.
      checks: { ineffectiveDynamicImport: false },
    });
    // What V8 compiles of modules of this kind it can keep: packages/cli/bin/kept-code.js. They are as strict as they were.
    await command.write({ dir: fresh, format: 'cjs', keepNames: true, banner: '"use strict";' });
    await command.close();
    writeFileSync(join(fresh, 'package.json'), '{"type":"commonjs"}\n');
    // Who runs the command may be another user than who built it.
    chmodSync(fresh, 0o755);
    rmSync(bundle, { recursive: true, force: true });
    renameSync(fresh, bundle);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (process.argv.includes('--from-sources')) await bundleCommand({ fromSources: true });
else if (!isBundled()) {
  await bundleLibrary();
  await bundleCommand({ fromSources: false });
}
