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

/** Everything that our packages do, they do when they are called: a module of which nobody takes anything is not needed. */
const ownModule = /[\\/]packages[\\/][a-z]+[\\/](?:dist|src)[\\/]/;

const packageImport = /\{([^{}]*)\} = await import\('(@weir\/[a-z]+)'\)/g;

/**
 * Who takes a few names from a package when they are needed loads these and what they are made of, and not all that the
 * package's door shows: `weir status` has no use for an API server.
 */
const namesAlone = {
  name: 'names-alone',
  transform(code, id) {
    if (!ownModule.test(id) || !code.includes("await import('@weir/")) return null;
    const taken = code.replaceAll(packageImport, (_, names, from) => `{${names}} = await import('names:${from}:${nameList(names)}')`);
    const whole = /await import\('(@weir\/[a-z]+)'\)/.exec(taken);
    if (whole !== null) throw new Error(`${id}: say what is taken of the package: const { name } = await import('${whole[1]}')`);
    return { code: taken };
  },
  resolveId: (source) => (source.startsWith('names:') ? `\0${source}` : null),
  async load(id) {
    if (!id.startsWith('\0names:')) return null;
    const [, from, names] = id.split(':');
    const door = await this.resolve(from, fileURLToPath(import.meta.url));
    return { code: `export { ${names} } from ${JSON.stringify(door.id)};`, moduleSideEffects: false };
  },
};

/** `a, b: c` of a pattern is `a,b` of the module. */
function nameList(pattern) {
  const names = pattern.split(',').map((part) => part.split(':')[0].trim());
  return names.filter((name) => name !== '').join(',');
}

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
      plugins: [ownPlaces, namesAlone],
      treeshake: { moduleSideEffects: [{ test: ownModule, sideEffects: false }] },
      ...(fromSources ? { resolve: { conditionNames: ['source', 'import', 'node', 'default'] } } : {}),
      // What is loaded at once in one place may be asked for later in another.
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
