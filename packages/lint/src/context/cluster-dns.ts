/**
 * Who answers questions for names in the cluster: the pods of its DNS, or the pod that nearly every cluster has where
 * nobody told of any.
 */
import { namespaceNameLabel } from '@weir/kube';
import { type Endpoint, type FlowEnd, orchestratorKey, type PolicyWorld } from '@weir/model';
import { type Address, defined, parseAddress, protocolNumber } from '@weir/net';
import type { LintContext } from './lint-context.ts';

/** The DNS of the cluster. */
export interface ClusterDns {
  /** Each of them answers everybody. */
  readonly ends: readonly FlowEnd[];
  /** Whether they are pods of the snapshot. */
  readonly isKnown: boolean;
  /** The world in which to ask: where the DNS is assumed, not all labels of its namespace are known. */
  readonly world: PolicyWorld;
}

const names: ReadonlySet<string> = new Set(['kube-dns', 'coredns', 'core-dns']);
const labelKeys = ['k8s-app', 'app.kubernetes.io/name', 'app', 'dns.operator.openshift.io/daemonset-dns'];

/** Where caches of DNS on nodes listen (the addon NodeLocal DNSCache). */
export const nodeLocalDns: Address = defined(parseAddress('169.254.20.10'), 'this is an address');

/** The DNS of what is looked at. */
export function clusterDnsOf(context: LintContext): ClusterDns {
  return context.once('cluster dns', () => {
    const { world } = context.snapshot;
    const ends = context.pods.all.filter(isDns).map((endpoint): FlowEnd => {
      const [address] = endpoint.addresses;
      return { kind: 'endpoint', endpoint, ...(address === undefined ? {} : { address }) };
    });
    if (ends.length > 0) return { ends, isKnown: true, world };
    const unknownNamespaces = new Set([
      ...world.unknownNamespaces,
      ...(context.namespaces.get('kube-system')?.of === undefined ? ['kube-system'] : []),
    ]);
    return { ends: [{ kind: 'endpoint', endpoint: assumedDns(context) }], isKnown: false, world: { ...world, unknownNamespaces } };
  });
}

function isDns({ namespace, labels }: Endpoint): boolean {
  const isSystem = namespace === 'kube-system' || namespace === 'openshift-dns';
  return isSystem && labelKeys.some((key) => names.has(labels.pod[key] ?? '') || (key.startsWith('dns.') && labels.pod[key] !== undefined));
}

/** CoreDNS as kubeadm and every provider install it. */
function assumedDns({ namespaces }: LintContext): Endpoint {
  const namespace = 'kube-system';
  return {
    uid: 'assumed DNS',
    namespace,
    name: 'kube-dns',
    addresses: [],
    labels: {
      pod: { 'k8s-app': 'kube-dns' },
      namespace: { ...namespaces.get(namespace)?.labels, [namespaceNameLabel]: namespace },
      serviceAccount: {},
      reserved: { namespace, name: 'kube-dns', [orchestratorKey.key]: 'k8s', serviceAccount: 'coredns' },
    },
    namedPorts: [
      { name: 'dns', protocol: protocolNumber.UDP, port: 53 },
      { name: 'dns-tcp', protocol: protocolNumber.TCP, port: 53 },
    ],
  };
}
