/** Kubernetes objects for tests, in few words. */
import type { Namespace, NetworkPolicy, NetworkPolicySpec, Pod } from '@weir/kube';
import { type Address, defined, parseAddress } from '@weir/net';
import type { Attachment } from '../src/index.ts';

export interface PodWords {
  readonly labels?: Readonly<Record<string, string>>;
  readonly ip?: string | readonly string[];
  readonly node?: string;
  readonly account?: string | undefined;
  readonly uid?: string;
  readonly created?: string;
  readonly deleted?: string;
  readonly ports?: readonly { readonly name: string; readonly port: number; readonly protocol?: string }[];
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly hostNetwork?: boolean;
}

/** A pod from `namespace/name`. */
export function podOf(place: string, words: PodWords = {}): Pod {
  const [namespace = '', name = ''] = place.split('/');
  const { labels, ip, node = 'n2', account, uid = `uid-${place}`, created, deleted, ports = [], phase = 'Running', hostNetwork } = words;
  const ips = ip === undefined ? [] : typeof ip === 'string' ? [ip] : ip;
  return {
    metadata: {
      namespace,
      name,
      uid,
      ...(labels === undefined ? {} : { labels }),
      ...(created === undefined ? {} : { creationTimestamp: created }),
      ...(deleted === undefined ? {} : { deletionTimestamp: deleted }),
    },
    spec: {
      nodeName: node,
      ...(account === undefined ? {} : { serviceAccountName: account }),
      ...(hostNetwork === undefined ? {} : { hostNetwork }),
      containers: [
        {
          name: 'c',
          ports: ports.map(({ name: portName, port, protocol = 'TCP' }) => ({ name: portName, containerPort: port, protocol })),
        },
      ],
    },
    status: { phase, podIPs: ips.map((one) => ({ ip: one })) },
  };
}

/** A namespace with labels. */
export function namespaceOf(name: string, labels: Readonly<Record<string, string>> = {}): Namespace {
  return { metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } } };
}

/** A policy from `namespace/name`. */
export function policyOf(place: string, spec: NetworkPolicySpec, uid: string = `uid-${place}`): NetworkPolicy {
  const [namespaceName = '', name = ''] = place.split('/');
  return { metadata: { namespace: namespaceName, name, uid }, spec };
}

/** A policy that no API server would take. */
export function invalidPolicyOf(place: string, spec: NetworkPolicySpec = {}, uid?: string): NetworkPolicy {
  return policyOf(place, { ...spec, ingress: [{ ports: [{ port: 99_999_999 }] }] }, uid);
}

export function addressOf(text: string): Address {
  return defined(parseAddress(text), `${text} is no address`);
}

/** An attachment of the pod `namespace/name`. */
export function attachmentOf(place: string, ips: string | readonly string[], uid: string = `uid-${place}`): Attachment {
  const [namespaceName = '', name = ''] = place.split('/');
  const addresses = (typeof ips === 'string' ? [ips] : ips).map((text) => addressOf(text));
  return { uid, namespace: namespaceName, name, interface: `veth-${name}`, addresses };
}
