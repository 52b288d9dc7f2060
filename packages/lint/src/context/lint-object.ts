/** The objects that are looked at, with their names and the places of their fields. */
import type { KubeObject, TextPosition } from '@weir/kube';
import type { MaybePlacedObject } from '@weir/snapshot';

/** An object of a file or of a cluster. */
export interface LintObject {
  readonly object: KubeObject;
  /** `NetworkPolicy demo/web`; cluster-wide objects have no namespace. */
  readonly name: string;
  /** The place of a field, or of the nearest part that is there; absent for objects of a cluster. */
  readonly positionOf?: (path: string) => TextPosition;
}

/** Kinds without a namespace that are looked at. */
const clusterKinds: ReadonlySet<string> = new Set([
  'Namespace',
  'Node',
  'ClusterNetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'CiliumCIDRGroup',
  'GlobalNetworkPolicy',
  'StagedGlobalNetworkPolicy',
  'GlobalNetworkSet',
  'HostEndpoint',
  'Tier',
  'Profile',
  'FelixConfiguration',
]);

/** Names the object. */
export function lintObjectOf({ object, positionOf }: MaybePlacedObject): LintObject {
  return { object, name: nameOfObject(object), ...(positionOf === undefined ? {} : { positionOf }) };
}

/** The names that diagnostics may give an object: those of some APIs name no namespace where the object names none. */
export function diagnosedNames({ object: { kind = '', metadata }, name }: LintObject): readonly string[] {
  return metadata.namespace === undefined ? [name, `${kind} ${metadata.name ?? ''}`] : [name];
}

/** `NetworkPolicy demo/web`; what names no namespace is in `default`, as kubectl assumes. */
function nameOfObject({ kind = '', metadata }: KubeObject): string {
  const { name = metadata.generateName ?? '', namespace = 'default' } = metadata;
  return clusterKinds.has(kind) ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
