/**
 * What is allowed in a pod and hardly meant: told to whoever writes it, in the words of the API server
 * (`GetWarningsForPod`). Only what a person can change is told.
 */
import { isJsonObject, type JsonObject, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { stringMap } from './validate-object-meta.ts';

/** Labels of nodes that have other names now: since when, and which. */
const renamedLabels: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
]);

/** Kinds of volumes that no node mounts any more. */
const oldVolumes: ReadonlyMap<string, string> = new Map([
  ['gitRepo', 'deprecated in v1.11'],
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
]);

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

/** Warnings about a pod, or a template of pods; `path` is where it stands (`spec.template`), empty for a pod itself. */
export function warnPod(pod: Readonly<JsonObject> | undefined, path: string): readonly string[] {
  const at = (field: string): string => (path === '' ? field : `${path}.${field}`);
  const spec = objectAt(pod, 'spec');
  return [
    ...warnNodeLabels(Object.keys(stringMap(spec, 'nodeSelector')), at('spec.nodeSelector')),
    ...warnSpread(objectsAt(spec, 'topologySpreadConstraints'), at('spec.topologySpreadConstraints')),
    ...warnAnnotations(Object.keys(stringMap(objectAt(pod, 'metadata'), 'annotations')), at('metadata.annotations')),
    ...warnVolumes(objectsAt(spec, 'volumes'), at('spec.volumes')),
    ...duplicates(objectsAt(spec, 'hostAliases'), 'ip').map(([i, ip]) => `${at('spec.hostAliases')}[${i}].ip: duplicate ip ${quote(ip)}`),
    ...warnPullSecrets(objectsAt(spec, 'imagePullSecrets'), at('spec.imagePullSecrets')),
    ...['initContainers', 'containers'].flatMap((field) =>
      objectsAt(spec, field).flatMap((container, i) => warnContainer(container, `${at(`spec.${field}`)}[${i}]`)),
    ),
  ];
}

function warnNodeLabels(keys: readonly string[], path: string): string[] {
  return keys.flatMap((key) => {
    const why = renamedLabels.get(key);
    return why === undefined ? [] : [`${path}[${key}]: ${why}`];
  });
}

function warnSpread(constraints: readonly JsonObject[], path: string): string[] {
  return constraints.flatMap((constraint, i) => {
    const why = renamedLabels.get(textAt(constraint, 'topologyKey'));
    return [
      ...(why === undefined ? [] : [`${path}[${i}].topologyKey: ${textAt(constraint, 'topologyKey')} is ${why}`]),
      ...(objectAt(constraint, 'labelSelector') === undefined
        ? [`${path}[${i}].labelSelector: a null labelSelector results in matching no pod`]
        : []),
    ];
  });
}

function warnAnnotations(keys: readonly string[], path: string): string[] {
  return keys.flatMap((key) => {
    if (key === podSeccomp || key.startsWith(containerSeccompPrefix)) {
      return [`${path}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`];
    }
    return key.startsWith(appArmorPrefix) ? [`${path}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`] : [];
  });
}

function warnVolumes(volumes: readonly JsonObject[], path: string): string[] {
  return volumes.flatMap((volume, i) => [
    ...[...oldVolumes].flatMap(([kind, why]) => (isJsonObject(volume[kind]) ? [`${path}[${i}].${kind}: ${why}`] : [])),
    ...warnProjectedPaths(objectAt(volume, 'projected'), `${path}[${i}].projected`),
  ]);
}

/** Of several sources that fill one file, the last one wins. */
function warnProjectedPaths(projected: JsonObject | undefined, path: string): string[] {
  const filled = new Map<string, string>();
  return objectsAt(projected, 'sources').flatMap((source, i) =>
    ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken'].flatMap((kind) => {
      const part = objectAt(source, kind);
      const files = kind === 'serviceAccountToken' ? (part === undefined ? [] : [part]) : objectsAt(part, 'items');
      const place = `${path}.sources[${i}].${kind}`;
      return files.flatMap((file) => {
        const name = textAt(file, 'path');
        const before = filled.get(name);
        filled.set(name, place);
        return before === undefined || before === place ? [] : [`${place}: conflicting path ${quote(name)} with ${before}`];
      });
    }),
  );
}

function warnPullSecrets(secrets: readonly JsonObject[], path: string): string[] {
  const empty = secrets.flatMap((secret, i) => (textAt(secret, 'name') === '' ? [`${path}[${i}].name: invalid empty name ""`] : []));
  return [...empty, ...duplicates(secrets, 'name').map(([i, name]) => `${path}[${i}].name: duplicate name ${quote(name)}`)];
}

function warnContainer(container: JsonObject, path: string): string[] {
  const hidden = duplicates(objectsAt(container, 'env'), 'name').map(
    ([i, name]) => `${path}.env[${i}]: hides previous definition of ${quote(name)}, which may be dropped when using apply`,
  );
  return [...hidden, ...warnPorts(objectsAt(container, 'ports'), `${path}.ports`)];
}

function warnPorts(ports: readonly JsonObject[], path: string): string[] {
  const warnings: string[] = [];
  const seen = new Map<string, number>();
  const named = new Map<string, number>();
  for (const [i, port] of ports.entries()) {
    const name = textAt(port, 'name');
    const namesake = named.get(name);
    if (name !== '' && namesake === undefined) named.set(name, i);
    if (namesake !== undefined) {
      const first = `${path}[${namesake}]`;
      warnings.push(
        `${path}[${i}]: duplicate port name ${quote(name)} with ${first}, services and probes that select ports by name will use ${first}`,
      );
    }
    const key = JSON.stringify([port['containerPort'], textAt(port, 'protocol') || 'TCP', port['hostPort'] ?? 0, textAt(port, 'hostIP')]);
    const same = seen.get(key);
    if (same === undefined) seen.set(key, i);
    else warnings.push(`${path}[${i}]: duplicate port definition with ${path}[${same}]`);
  }
  return warnings;
}

/** Members whose field has a value that one before has too, with the value; empty values do not count. */
function duplicates(members: readonly JsonObject[], field: string): readonly (readonly [index: number, value: string])[] {
  const seen = new Set<string>();
  return members.flatMap((member, i): readonly (readonly [number, string])[] => {
    const value = textAt(member, field);
    if (value === '') return [];
    if (seen.has(value)) return [[i, value]];
    seen.add(value);
    return [];
  });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
