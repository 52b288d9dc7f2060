/**
 * NetworkPolicies of fake namespaces: a stated mix. Of ten, one isolates everything, three follow the
 * tiers by port name, two look at other namespaces, one negates, one allows a block with a hole, one
 * restricts egress to DNS and the next tier, one opens a range of ports.
 */
import type { LabelSelector, NetworkPolicy, NetworkPolicySpec } from '@weir/kube';
import { fakeApp, fakeLabel, tierBefore } from './fake-labels.ts';
import { fakeNamespaceName } from './fake-pod.ts';

/** The fake policy with this index, from 0; namespaces get one after the other. */
export function fakePolicy(index: number, namespaces: number): NetworkPolicy {
  const namespace = index % namespaces;
  const place = Math.floor(index / namespaces);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `policy-${place + 1}`, namespace: fakeNamespaceName(namespace), labels: { [fakeLabel]: 'true' } },
    spec: specOf(namespace, place),
  };
}

function specOf(namespace: number, place: number): NetworkPolicySpec {
  // Shifted by the namespace, so that few policies are a mix as well.
  const kind = (namespace + place) % 10;
  const { tier, name: app } = fakeApp(namespace, place);
  const selected = { podSelector: { matchLabels: { tier } } };
  const callers = { podSelector: { matchLabels: { tier: tierBefore(tier) } } };
  switch (kind) {
    case 0:
      return { podSelector: {}, policyTypes: ['Ingress'] };
    case 1:
    case 2:
    case 3:
      return { ...selected, policyTypes: ['Ingress'], ingress: [{ from: [callers], ports: [{ port: portNameOf(tier) }] }] };
    case 4:
    case 5: {
      const namespaceSelector = { matchLabels: { team: `team-${(namespace + kind) % 20}` } };
      return {
        ...selected,
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector, podSelector: { matchLabels: { tier } } }] }],
      };
    }
    case 6: {
      const others: LabelSelector = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [app] }] };
      return { ...selected, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: others }], ports: [{ port: 'metrics' }] }] };
    }
    case 7: {
      const ipBlock = { cidr: `198.${18 + (namespace % 2)}.0.0/16`, except: [`198.${18 + (namespace % 2)}.${namespace % 250}.0/24`] };
      return { ...selected, policyTypes: ['Ingress'], ingress: [{ from: [{ ipBlock }], ports: [{ port: 443 }] }] };
    }
    case 8: {
      const dns = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } };
      const ports = [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ];
      return { ...selected, policyTypes: ['Egress'], egress: [{ to: [dns], ports }, { to: [callers] }] };
    }
    default:
      return { ...selected, policyTypes: ['Ingress'], ingress: [{ from: [callers], ports: [{ port: 30_000, endPort: 30_100 }] }] };
  }
}

function portNameOf(tier: string): string {
  return tier === 'db' ? 'sql' : tier === 'cache' ? 'redis' : 'http';
}
