/** What `weir lint` looks at: files that people name, with their texts, or a cluster. */
import { parseManifest } from '@weir/kube';
import type { LintInput } from '@weir/lint';
import type { OptionValues } from './command.ts';
import { manifestFiles, type ObjectSource, readObjects } from './objects.ts';

/** The objects, and how their engine is known to read them. */
export interface LintSource {
  readonly input: LintInput;
  readonly known: Pick<ObjectSource, 'engine' | 'expandsUnsupported'>;
  readonly notices: readonly string[];
}

/** Reads the files, or the cluster where none are named. */
export async function readLintSource(options: OptionValues, paths: readonly string[]): Promise<LintSource> {
  const named = [...paths, ...options.list('manifests')];
  if (named.length === 0) {
    const { objects, notices, ...known } = await readObjects(options);
    return { input: { objects, isComplete: true }, known, notices };
  }
  const texts = new Map(named.flatMap((path) => manifestFiles(path).map(({ file, text }): [string, string] => [file, text])));
  return { input: inputOfTexts(texts), known: {}, notices: [] };
}

/** The objects of texts; what is wrong with a text is found like anything else. */
function inputOfTexts(texts: ReadonlyMap<string, string>): LintInput {
  const read = [...texts].map(([file, text]) => parseManifest(text, file));
  return {
    objects: read.flatMap(({ documents }) => documents),
    diagnostics: read.flatMap(({ diagnostics }) => diagnostics),
    texts,
  };
}
