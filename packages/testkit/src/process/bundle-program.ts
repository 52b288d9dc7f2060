/** Programs that a test starts again and again, made one file of their sources. */
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RolldownBuild } from 'rolldown';

/** They bring libraries of the machine's kind, which they look for beside themselves. */
const native = ['koffi', 'lmdb'];

/**
 * Writes `program.mjs` into the directory and gives its path. Loading a program's sources one by one, and translating
 * each, costs two seconds of processor time at every start; this costs one in all.
 */
export async function bundleProgram(source: string, directory: string): Promise<string> {
  const bundle = await bundleOf(source);
  const file = join(directory, 'program.mjs');
  await bundle.write({ ...form, file });
  await bundle.close();
  return file;
}

/** The arguments of Node, without a file, for a small program (the kernel takes 128 KiB in one): what is added is its `argv[2]` and on. */
export async function bundledArguments(source: string): Promise<readonly string[]> {
  const bundle = await bundleOf(source);
  const { output } = await bundle.generate(form);
  await bundle.close();
  return ['--input-type=module', '--eval', output[0].code, basename(source)];
}

const form = { format: 'esm', keepNames: true, codeSplitting: false } as const;

async function bundleOf(source: string): Promise<RolldownBuild> {
  // Most tests bundle nothing.
  const { rolldown } = await import('rolldown');
  return rolldown({
    input: source,
    platform: 'node',
    resolve: { conditionNames: ['source', 'node', 'import', 'default'] },
    checks: { ineffectiveDynamicImport: false },
    plugins: [
      {
        name: 'own-places',
        resolveId: (id) => (native.includes(id) ? { id: import.meta.resolve(id), external: true } : null),
        transform: (code, id) => {
          const url = pathToFileURL(id).href;
          return code.includes('import.meta.url') ? { code: code.replaceAll('import.meta.url', JSON.stringify(url)) } : null;
        },
      },
    ],
  });
}
