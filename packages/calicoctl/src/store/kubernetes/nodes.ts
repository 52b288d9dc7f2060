/**
 * Calico's nodes: what it keeps of them is in annotations of Kubernetes' nodes (libcalico-go `backend/k8s/resources`).
 * Labels of Kubernetes are inherited; those of Calico's own are in an annotation, and they alone are written.
 */
import { type KubeClient, nodesPath } from '@weir/client';
import { calicoGroup } from '@weir/compile';
import type { Node, StringMap } from '@weir/kube';
import { CalicoctlError } from '../../calicoctl-error.ts';
import { goScalar } from '../../output/go-text.ts';
import type { Resource } from '../../resources/resource-kinds.ts';
import { type KubernetesKind, listPages } from './kubernetes-kind.ts';

export const nodes: KubernetesKind = {
  list: async (client, _namespace, name) => {
    const selection = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
    const { items } = await listPages<Node>(client, nodesPath, selection);
    return items.map(resourceOf);
  },
  update,
};

const ownLabels = 'projectcalico.org/labels';
const ownAnnotations = 'projectcalico.org/annotations';
/** Beside the labels of a node: those of them that are Kubernetes'. Not stored. */
const inheritedLabels = 'projectcalico.org/kube-labels';

/** Which annotation holds which field. */
const annotatedFields: readonly { readonly annotation: string; readonly field: readonly [string, ...string[]] }[] = [
  { annotation: 'projectcalico.org/IPv4Address', field: ['bgp', 'ipv4Address'] },
  { annotation: 'projectcalico.org/IPv6Address', field: ['bgp', 'ipv6Address'] },
  { annotation: 'projectcalico.org/ASNumber', field: ['bgp', 'asNumber'] },
  { annotation: 'projectcalico.org/RouteReflectorClusterID', field: ['bgp', 'routeReflectorClusterID'] },
  { annotation: 'projectcalico.org/IPv4IPIPTunnelAddr', field: ['bgp', 'ipv4IPIPTunnelAddr'] },
  { annotation: 'projectcalico.org/IPv4VXLANTunnelAddr', field: ['ipv4VXLANTunnelAddr'] },
  { annotation: 'projectcalico.org/IPv6VXLANTunnelAddr', field: ['ipv6VXLANTunnelAddr'] },
  { annotation: 'projectcalico.org/VXLANTunnelMACAddr', field: ['vxlanTunnelMACAddr'] },
  { annotation: 'projectcalico.org/VXLANTunnelMACAddrV6', field: ['vxlanTunnelMACAddrV6'] },
  { annotation: 'projectcalico.org/IPv4WireguardInterfaceAddr', field: ['wireguard', 'interfaceIPv4Address'] },
  { annotation: 'projectcalico.org/IPv6WireguardInterfaceAddr', field: ['wireguard', 'interfaceIPv6Address'] },
];

type Fields = Readonly<Record<string, unknown>>;

function resourceOf({ metadata, spec = {}, status = {} }: Node): Resource {
  const { name = '', annotations = {}, labels = {}, uid, resourceVersion, creationTimestamp } = metadata;
  const identity = Object.entries({ uid, resourceVersion, creationTimestamp }).filter(([, value]) => value !== undefined);
  const fields: Record<string, unknown> = {};
  for (const { annotation, field } of annotatedFields) {
    const value = annotations[annotation];
    if (value !== undefined && value !== '') setField(fields, field, field.at(-1) === 'asNumber' ? Number(value) : value);
  }
  const addresses = (status.addresses ?? []).filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP');
  return {
    apiVersion: calicoGroup,
    kind: 'Node',
    metadata: {
      ...Object.fromEntries(identity),
      name,
      labels: { ...mapIn(annotations[ownLabels]), ...labels },
      annotations: { ...mapIn(annotations[ownAnnotations]), [inheritedLabels]: JSON.stringify(labels) },
    },
    spec: {
      ...fields,
      ...(addresses.length === 0 ? {} : { addresses: addresses.map(({ address, type }) => ({ address, type })) }),
      orchRefs: [{ nodeName: name, orchestrator: 'k8s' }],
    },
    status: spec.podCIDRs === undefined ? {} : { podCIDRs: spec.podCIDRs },
  };
}

/** Writes what Calico keeps: fields, annotations, and labels other than Kubernetes'. */
async function update(client: KubeClient, resource: Resource): Promise<Resource> {
  const { name = '', resourceVersion } = resource.metadata;
  const present = await client.get<Node>(nodesPath, name);
  const labels = ownLabelsOf(resource, present.metadata.labels ?? {});
  const { [inheritedLabels]: _inherited, ...others } = resource.metadata.annotations ?? {};
  const annotations: Record<string, string> = { ...present.metadata.annotations };
  const set = (annotation: string, value: unknown): void => {
    const text = goScalar(value);
    if (text === '') delete annotations[annotation];
    else annotations[annotation] = text;
  };
  set(ownLabels, textOf(labels));
  set(ownAnnotations, textOf(others));
  for (const { annotation, field } of annotatedFields) set(annotation, fieldOf(resource.spec ?? {}, field));
  const metadata = { ...present.metadata, annotations, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return resourceOf(await client.update<Node>(nodesPath, { ...present, metadata }, { subresource: 'status' }));
}

/** calicoctl drops changes to labels of Kubernetes without a word; whoever asks for one is told here. */
function ownLabelsOf({ metadata }: Resource, kubernetes: StringMap): StringMap {
  const { name = '', labels = {}, annotations = {} } = metadata;
  const read = mapIn(annotations[inheritedLabels]);
  const changed = Object.keys(kubernetes).find((key) => labels[key] !== kubernetes[key] && (key in labels || key in read));
  if (changed !== undefined) {
    throw new CalicoctlError(`the label ${changed} of node ${name} is Kubernetes' own: change it with kubectl label node ${name}`);
  }
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !(key in kubernetes)));
}

function setField(fields: Record<string, unknown>, [first, second]: readonly [string, ...string[]], value: unknown): void {
  fields[first] = second === undefined ? value : { ...(fields[first] as Fields | undefined), [second]: value };
}

function fieldOf(fields: Fields, [first, second]: readonly [string, ...string[]]): unknown {
  return second === undefined ? fields[first] : (fields[first] as Fields | undefined)?.[second];
}

function textOf(map: StringMap): string | undefined {
  return Object.keys(map).length === 0 ? undefined : JSON.stringify(map);
}

function mapIn(text: string | undefined): StringMap {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as StringMap) : {};
  } catch {
    // Somebody else's text in Calico's annotation: there are no labels in it.
    return {};
  }
}
