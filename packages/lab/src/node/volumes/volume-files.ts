/**
 * The files of ConfigMap, Secret, downward API and projected volumes: values in, values out (`pkg/volume/{configmap,secret,downwardapi,projected}`).
 */
import type { DownwardFile, KeyedSource, Volume, VolumeProjection } from '@weir/kube';
import type { KeyedKind, KeyedObject } from '../environment/container-environment.ts';
import { containerNamed, containerResource, type PodFacts, podField } from '../environment/pod-fields.ts';

/** A file of a volume; `path` is relative and has no `..` in it. */
export interface VolumeFile {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** What the files are made of. */
export interface VolumeFacts extends PodFacts {
  /** An object of the pod's namespace, when it is there. */
  readonly find: (kind: KeyedKind, name: string) => KeyedObject | undefined;
  /** The present token for an audience (undefined: the API server), by the path of its file. */
  readonly token: (path: string) => string;
}

/** The volume cannot be filled yet; the message is the reference's. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

const usualMode = 0o644;
const tokenMode = 0o600;

/** Whether a volume is made of objects and fields, as this file makes it. */
export function isMadeOfFiles(volume: Volume): boolean {
  return projectionsOf(volume).length > 0 || volume.projected !== undefined || volume.downwardAPI !== undefined;
}

/** The ConfigMaps and Secrets that a volume shows. */
export function volumeReferences(volume: Volume): readonly { readonly kind: KeyedKind; readonly name: string }[] {
  return projectionsOf(volume).flatMap(({ configMap, secret }) => [
    ...(configMap?.name === undefined ? [] : [{ kind: 'ConfigMap' as const, name: configMap.name }]),
    ...(secret?.name === undefined ? [] : [{ kind: 'Secret' as const, name: secret.name }]),
  ]);
}

/** The volume's sources, one for each that a projected volume could have. */
export function projectionsOf(volume: Volume): readonly VolumeProjection[] {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) return [{ configMap }];
  if (secret !== undefined) return [{ secret: { ...secret, ...(secret.secretName === undefined ? {} : { name: secret.secretName }) } }];
  if (downwardAPI !== undefined) return [{ downwardAPI }];
  return projected?.sources ?? [];
}

/** All files of a volume; of two with one path the later one counts. Throws a {@link VolumeError}. */
export function volumeFiles(volume: Volume, facts: VolumeFacts): readonly VolumeFile[] {
  const { configMap, secret, downwardAPI, projected } = volume;
  const mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? usualMode;
  const files = new Map<string, VolumeFile>();
  for (const source of projectionsOf(volume)) {
    for (const file of filesOf(source, mode, facts)) {
      assertInside(file.path);
      files.set(file.path, file);
    }
  }
  return [...files.values()];
}

function filesOf(source: VolumeProjection, mode: number, facts: VolumeFacts): readonly VolumeFile[] {
  if (source.configMap !== undefined) return keyedFiles('ConfigMap', source.configMap, { mode, facts });
  if (source.secret !== undefined) return keyedFiles('Secret', source.secret, { mode, facts });
  if (source.downwardAPI !== undefined) {
    return (source.downwardAPI.items ?? []).map((item) => ({
      path: item.path,
      content: Buffer.from(downwardText(item, facts)),
      mode: item.mode ?? mode,
    }));
  }
  const token = source.serviceAccountToken;
  if (token === undefined) throw new VolumeError('the lab does not know this source of a projected volume');
  return [{ path: token.path, content: Buffer.from(facts.token(token.path)), mode: tokenMode }];
}

interface KeyedScene {
  readonly mode: number;
  readonly facts: VolumeFacts;
}

function keyedFiles(kind: KeyedKind, source: KeyedSource, { mode, facts }: KeyedScene): readonly VolumeFile[] {
  const object = facts.find(kind, source.name ?? '');
  if (object === undefined) {
    if (source.optional === true) return [];
    throw new VolumeError(`${kind.toLowerCase()} ${JSON.stringify(source.name ?? '')} not found`);
  }
  const contents = contentsOf(kind, object);
  if (source.items === undefined) return Array.from(contents, ([path, content]) => ({ path, content, mode }));
  return source.items.flatMap((item) => {
    const content = contents.get(item.key);
    if (content !== undefined) return [{ path: item.path, content, mode: item.mode ?? mode }];
    if (source.optional === true) return [];
    throw new VolumeError(`references non-existent ${kind === 'ConfigMap' ? 'config' : 'secret'} key: ${item.key}`);
  });
}

function contentsOf(kind: KeyedKind, { data = {}, binaryData = {} }: KeyedObject): ReadonlyMap<string, Buffer> {
  const encoding = kind === 'Secret' ? 'base64' : 'utf8';
  return new Map([
    ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text, encoding)] as const),
    ...Object.entries(binaryData).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
  ]);
}

function downwardText({ fieldRef, resourceFieldRef }: DownwardFile, facts: VolumeFacts): string {
  const text =
    fieldRef !== undefined
      ? podField(fieldRef.fieldPath, facts)
      : resourceFieldRef === undefined
        ? undefined
        : containerResource(resourceFieldRef, containerNamed(facts.pod, resourceFieldRef.containerName), facts);
  if (text === undefined) throw new VolumeError(`unsupported field: ${fieldRef?.fieldPath ?? resourceFieldRef?.resource ?? ''}`);
  return text;
}

/** The API server refuses such paths; a file outside of the volume would be one of the machine. */
function assertInside(path: string): void {
  const parts = path.split('/');
  const isPlain = path !== '' && !path.startsWith('/') && !path.includes('\0') && !parts.some((part) => part === '..' || part === '');
  if (!isPlain || path.startsWith('..')) throw new VolumeError(`invalid path: ${path}`);
}
