/** Whether a policy takes the DNS of the cluster with it. */
import { describe, expect, it } from 'vitest';
import { lintText } from './lint-text.ts';

const pod = (namespace: string, name: string, labels: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: ${namespace}, labels: { ${labels} } }\nspec: { containers: [{ name: c, image: c }] }\n---\n`;
const dns = pod('kube-system', 'coredns', 'k8s-app: kube-dns');
const clients = pod('shop', 'web', 'app: web') + pod('bank', 'web', 'app: web');

const policy = (spec: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p, namespace: kube-system }\nspec: { podSelector: {}, ${spec} }\n---\n`;

function found(text: string): readonly string[] {
  return lintText(text, { onlyRules: ['cluster-dns-denied'] }).map(
    ({ object = '', message }) => `${object}: ${message.split(/[:(]/)[0] ?? ''}`,
  );
}

describe('the DNS of the cluster', () => {
  it('is cut off by a policy of its namespace that lets nobody ask it', () => {
    expect(found(dns + clients + policy('ingress: []'))).toEqual(['NetworkPolicy kube-system/p: it selects the DNS of the cluster ']);
  });

  it('is not where some may ask, where everybody may, or where nobody asks', () => {
    const from = (namespace: string): string =>
      policy(`ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${namespace} } } }] }]`);
    expect(found(dns + clients + from('bank'))).toEqual([]);
    expect(found(dns + clients + policy('ingress: [{ ports: [{ port: 53, protocol: UDP }] }]'))).toEqual([]);
    expect(found(dns + policy('ingress: []'))).toEqual([]);
  });

  it('is closed where it may reach nothing', () => {
    expect(found(dns + clients + policy('policyTypes: [Egress]'))).toHaveLength(1);
    expect(found(dns + clients + policy('policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: 10.0.0.1/32 } }] }]'))).toEqual([]);
  });

  it('is not said to be denied where the labels of its namespace decide and are not known', () => {
    const global = (selector: string): string =>
      `apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: { name: p }\nspec: { namespaceSelector: '${selector}', types: [Ingress] }\n---\n`;
    expect(found(clients + global('team != "dns"'))).toEqual([]);
    expect(found(clients + global('all()'))).toHaveLength(1);
    expect(found(clients + global('projectcalico.org/name != "kube-system"'))).toEqual([]);
  });
});
