/**
 * Many manifests as one set of objects, as people have them in a folder, a repository or a pipe.
 *
 * What is broken is said with its place, and the rest is read. What stands in a folder and is no object
 * (values, templates, patches, the settings of other programs) is left out, which is said once for each
 * chart and kustomization. An object that is there twice is what stands last, as with `kubectl apply`.
 */
import type { KubeObject } from '../objects/object-meta.ts';
import { type Diagnostic, formatTextPosition } from './diagnostic.ts';
import type { ManifestText } from './manifest-text.ts';
import { type ManifestDocument, type ManifestProblem, parseManifest } from './parse-manifest.ts';
import { folderOf, RenderedFolders } from './rendered-folders.ts';

/** What can be wrong with a set of manifests. */
export type ManifestSetProblem = ManifestProblem | 'no-name' | 'invalid-name' | 'duplicate-object' | 'unrendered';

/** The objects of all texts in order, and what was said about them. */
export interface ManifestSet {
  readonly documents: readonly ManifestDocument[];
  /** Errors name what was left out because it is broken; warnings are about what was read. */
  readonly diagnostics: readonly Diagnostic<ManifestSetProblem>[];
  /** What was left out without being broken, one sentence each. */
  readonly notices: readonly string[];
  /** The one of the notices that names files that never held objects; nothing is missed by it. */
  readonly passedOver?: string;
}

/** Reads the texts; the order of what stands in folders is that of the list. */
export function readManifests(texts: readonly ManifestText[]): ManifestSet {
  const folders = new RenderedFolders(texts);
  const documents: ManifestDocument[] = [];
  const diagnostics: Diagnostic<ManifestSetProblem>[] = [];
  const without: string[] = [];
  for (const entry of texts) {
    if (entry.found === true && isOurs(entry.file)) continue;
    if (entry.found === true && (folders.isSource(entry.file) || !mayHoldObjects(entry.text))) {
      if (!folders.isSource(entry.file) && !folders.isPartOfChart(entry.file)) without.push(entry.file);
      continue;
    }
    const content = parseManifest(entry.text, entry.file);
    const lacksKinds = content.diagnostics.length > 0 && content.diagnostics.every(({ code }) => code === 'no-kind');
    if (entry.found === true && content.documents.length === 0 && lacksKinds) {
      if (!folders.isPartOfChart(entry.file)) without.push(entry.file);
      continue;
    }
    documents.push(...content.documents);
    diagnostics.push(...content.diagnostics);
  }
  const named = documents.filter((document) => {
    const problem = problemOf(document);
    if (problem !== undefined) diagnostics.push(problem);
    return problem === undefined;
  });
  const latest = lastOfEach(named);
  const passedOver = noticeOf(without);
  return {
    documents: latest.documents,
    diagnostics: [...diagnostics, ...latest.diagnostics],
    notices: [...folders.notices(), ...(passedOver === undefined ? [] : [passedOver])],
    ...(passedOver === undefined ? {} : { passedOver }),
  };
}

/** Weir's own files beside manifests: tests, and the configuration of the linter. */
function isOurs(file: string): boolean {
  return /(\.weir-test|(^|[/\\])\.weir-lint)\.(ya?ml|json)$/.test(file);
}

/** A text without any key `kind` holds no object; a text that cannot be read may have one. */
function mayHoldObjects(text: string): boolean {
  return /(^|[\s{,"'-])kind["']?\s*:/.test(text);
}

function problemOf(document: ManifestDocument): Diagnostic<ManifestSetProblem> | undefined {
  const { kind = '', apiVersion = '', metadata } = document.object;
  if (kind === 'Kustomization' && apiVersion.startsWith('kustomize.config.k8s.io/')) {
    const position = document.positionOf('');
    const message = 'a kustomization is no object, and is not applied here';
    return {
      code: 'unrendered',
      severity: 'error',
      message,
      action: `give the output of: kubectl kustomize ${folderOf(position.file)}`,
      position,
    };
  }
  const { name, generateName, namespace } = metadata as Readonly<Record<string, unknown>>;
  const unprintable = Object.entries({ name, generateName, namespace }).find(
    ([, text]) => typeof text === 'string' && /\p{Cc}/u.test(text),
  );
  if (unprintable !== undefined) {
    // Whoever prints it would have a terminal, or a pipeline that reads its log, take it for something else.
    const position = document.positionOf(`metadata.${unprintable[0]}`);
    const said = `the ${unprintable[0]} of the ${kind} holds characters that cannot be printed: ${JSON.stringify(unprintable[1])}`;
    return { code: 'invalid-name', severity: 'error', message: said, action: 'correct it: Kubernetes has no such names', position };
  }
  if (typeof (name ?? generateName) === 'string' && (name ?? generateName) !== '') return undefined;
  if (name === undefined || name === '') {
    return {
      code: 'no-name',
      severity: 'error',
      message: `the ${kind} has no name`,
      action: 'add metadata.name, as a text',
      position: document.positionOf('metadata'),
    };
  }
  return {
    code: 'no-name',
    severity: 'error',
    message: `the name of the ${kind} is no text`,
    action: 'put quotes around it: YAML reads y, no, on, 1 and such as something else',
    position: document.positionOf('metadata.name'),
  };
}

/** Each object once, at the place of its last; `default` stands for a namespace that is not said. */
function lastOfEach(documents: readonly ManifestDocument[]): Pick<ManifestSet, 'documents' | 'diagnostics'> {
  const places = new Map<string, number>();
  const kept: (ManifestDocument | undefined)[] = [];
  const diagnostics: Diagnostic<ManifestSetProblem>[] = [];
  for (const document of documents) {
    const key = keyOf(document);
    const earlier = key === undefined ? undefined : places.get(key);
    if (earlier !== undefined) {
      const before = kept[earlier];
      if (before !== undefined && !isSame(before.object, document.object)) diagnostics.push(replaced(before, document));
      kept[earlier] = undefined;
    }
    if (key !== undefined) places.set(key, kept.length);
    kept.push(document);
  }
  return { documents: kept.filter((document) => document !== undefined), diagnostics };
}

/** Group, kind, namespace and name; undefined for an object that gets its name from the server. */
function keyOf({ object, releaseNamespace = 'default' }: ManifestDocument): string | undefined {
  const { apiVersion = '', kind = '', metadata } = object;
  const { name, namespace = releaseNamespace } = metadata;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return name === undefined ? undefined : JSON.stringify([group, kind, namespace, name]);
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function replaced(before: ManifestDocument, document: ManifestDocument): Diagnostic<ManifestSetProblem> {
  const { kind = '', metadata } = document.object;
  return {
    code: 'duplicate-object',
    severity: 'warning',
    message: `it is there twice with different content: this one takes the place of ${formatTextPosition(before.positionOf(''))}`,
    action: 'keep one of them; kubectl apply leaves what stands last',
    object: `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name ?? ''}`,
    position: document.positionOf(''),
  };
}

/** How many files are named before the rest is counted. */
const namedMax = 3;

function noticeOf(files: readonly string[]): string | undefined {
  const [first] = files;
  if (first === undefined) return undefined;
  const more = files.length > namedMax ? ` and ${files.length - namedMax} more` : '';
  return `without Kubernetes objects: ${files.slice(0, namedMax).join(', ')}${more}`;
}
