/** Manifests as texts, read into objects. */
import { type Diagnostic, type ManifestText, readManifests as readTexts } from '@weir/kube';
import { type PlacedObject, withNamespace } from '@weir/snapshot';

/** Objects that were read, and what is said of the texts. */
export interface Manifests {
  /** In the order of the texts; an object that was there twice is what stood last. */
  readonly objects: readonly PlacedObject[];
  /** Errors name what was left out because it is broken; the rest can be used all the same. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was left out without being broken (charts, kustomizations), one sentence each. */
  readonly notices: readonly string[];
  /** The texts by the names of their files. */
  readonly texts: ReadonlyMap<string, string>;
}

/** How to read. */
export interface ReadManifestsOptions {
  /** The namespace of objects that name none. Default: `default`. */
  readonly namespace?: string;
}

/**
 * Reads YAML or JSON: objects, lists of them, several documents. A single text is called `manifests` in
 * places. Of files that were found in a folder say so with `found`: such may be something else than objects.
 */
export function readManifests(input: string | readonly ManifestText[], { namespace }: ReadManifestsOptions = {}): Manifests {
  const texts = typeof input === 'string' ? [{ file: 'manifests', text: input }] : input;
  const { documents, diagnostics, notices } = readTexts(texts);
  return {
    objects: withNamespace(documents, namespace),
    diagnostics,
    notices,
    texts: new Map(texts.map(({ file, text }) => [file, text])),
  };
}
