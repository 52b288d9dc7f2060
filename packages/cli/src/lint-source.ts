/** What `weir lint` looks at: files that people name, with their texts, or a cluster. */
import { readManifests } from '@weir/kube';
import type { LintInput } from '@weir/lint';
import { type PlacedObject, withNamespace } from '@weir/snapshot';
import type { OptionValues } from './command.ts';
import { readManifestFiles, readManifestPaths } from './manifest-files.ts';
import { type ObjectSource, readObjects } from './objects.ts';

/** The objects, and how their engine is known to read them. */
export interface LintSource {
  readonly input: LintInput;
  readonly known: Pick<ObjectSource, 'engine' | 'expandsUnsupported'>;
  readonly notices: readonly string[];
  /** Reads the same files with other texts; absent for a cluster. */
  readonly reread?: (texts: ReadonlyMap<string, string>) => LintInput;
}

/** Reads the files, or the cluster where none are named. */
export async function readLintSource(options: OptionValues, paths: readonly string[]): Promise<LintSource> {
  const named = [...paths, ...options.list('manifests')];
  if (named.length === 0) {
    const { objects, notices, ...known } = await readObjects(options);
    return { input: { objects, isComplete: true }, known, notices };
  }
  const given = paths.length > 0 ? 'weir lint' : '--manifests';
  // What is wrong with a text is found like anything else.
  const read = options.flag('strict') ? readManifestPaths(named, { strict: true, given }) : readManifestFiles(named, given);
  const { diagnostics, notices, texts } = read;
  const namespace = options.text('default-namespace');
  const inNamespace = (objects: readonly PlacedObject[]): readonly PlacedObject[] => withNamespace(objects, namespace);
  return {
    input: { objects: inNamespace(read.objects), diagnostics, texts },
    known: {},
    notices,
    reread: (changed) => {
      const again = readManifests([...changed].map(([file, text]) => ({ file, text, found: true })));
      return { objects: inNamespace(again.documents), diagnostics: again.diagnostics, texts: changed };
    },
  };
}
