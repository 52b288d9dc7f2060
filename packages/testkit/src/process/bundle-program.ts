/** Programs that a test starts again and again, made one file of their sources. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** They bring libraries of the machine's kind, which they look for beside themselves. */
const native = ['koffi', 'lmdb'];

/**
 * Writes `program.mjs` into the directory and gives its path. Loading a program's sources one by one, and translating
 * each, costs two seconds of processor time at every start; this costs one in all.
 */
export async function bundleProgram(source: string, directory: string): Promise<string> {
  // Most tests bundle nothing.
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
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
  const file = join(directory, 'program.mjs');
  await bundle.write({ file, format: 'esm', keepNames: true, codeSplitting: false });
  await bundle.close();
  return file;
}
