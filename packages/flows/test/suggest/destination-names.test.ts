/** Names that pods asked for become rules about names where an API has words for them, and addresses that say so elsewhere. */
import { auditPolicies, FlowLogReader, type ObservedFlow, type Suggestion, suggestPolicies } from '@weir/flows';
import { formatCommentedManifest, type KubeObject } from '@weir/kube';
import { engineProfiles, type PolicyApi } from '@weir/model';
import { describe, expect, it } from 'vitest';

interface SeenFlow {
  readonly to: string;
  readonly port: number;
  readonly names?: readonly string[];
  readonly protocol?: 'TCP' | 'UDP';
}

const dnsServer = '10.0.9.9';

/** A line of Hubble's about a pod that opens a connection. */
function line({ to, port, names, protocol = 'TCP' }: SeenFlow, at: number): string {
  const destination =
    to === dnsServer
      ? { namespace: 'kube-system', pod_name: 'coredns-1', labels: ['k8s:k8s-app=kube-dns'] }
      : { labels: ['reserved:world'] };
  return JSON.stringify({
    flow: {
      time: `2026-01-31T12:00:${String(at).padStart(2, '0')}Z`,
      verdict: 'FORWARDED',
      IP: { source: '10.0.0.1', destination: to },
      l4: { [protocol]: { source_port: 40_000 + at, destination_port: port } },
      source: { namespace: 'shop', pod_name: 'web-1', labels: ['k8s:app=web'] },
      destination,
      ...(names === undefined ? {} : { destination_names: names }),
      traffic_direction: 'EGRESS',
      is_reply: false,
    },
  });
}

function flows(seen: readonly SeenFlow[]): readonly ObservedFlow[] {
  const reader = new FlowLogReader();
  return reader.push(seen.map((one, at) => `${line(one, at)}\n`).join('')).flatMap((read) => (read.kind === 'flow' ? [read.flow] : []));
}

const dns: SeenFlow = { to: dnsServer, port: 53, protocol: 'UDP' };
const shop: readonly SeenFlow[] = [
  { to: '203.0.113.1', port: 443, names: ['API.example.com.'] },
  { to: '203.0.113.2', port: 443, names: ['api.example.com', 'cdn.example.net'] },
  // The same address on another port, in a line that has no names.
  { to: '203.0.113.1', port: 8443 },
  { to: '203.0.113.9', port: 443 },
];

function suggest(api: PolicyApi, seen: readonly SeenFlow[]): Suggestion {
  const profile = api === 'Cilium' ? engineProfiles.cilium : api === 'Calico' ? engineProfiles.calico : engineProfiles.kubernetes;
  return suggestPolicies({
    objects: [],
    flows: flows(seen),
    reading: { profile },
    api,
    directions: ['ingress', 'egress'],
    mergePrefixes: {},
    namespaces: [],
    defaultDeny: false,
  });
}

function egressOf({ objects }: Suggestion): unknown {
  const web = objects.map(({ object }) => object as KubeObject & { readonly spec: { readonly egress?: unknown } });
  return web.find(({ metadata }) => metadata.name?.includes('web'))?.spec.egress;
}

describe('names that pods asked for', () => {
  it('are names in policies of Cilium, with a rule for DNS that shows its answers to the proxy', () => {
    const suggestion = suggest('Cilium', [dns, ...shop]);
    const ports = (...numbers: readonly number[]): object => ({
      toPorts: [{ ports: numbers.map((one) => ({ port: String(one), protocol: 'TCP' })) }],
    });
    expect(egressOf(suggestion)).toEqual(
      expect.arrayContaining([
        {
          toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'kube-system', 'k8s-app': 'kube-dns' } }],
          toPorts: [
            {
              ports: [
                { port: '53', protocol: 'UDP' },
                { port: '53', protocol: 'TCP' },
              ],
              rules: { dns: [{ matchPattern: '*' }] },
            },
          ],
        },
        { toFQDNs: [{ matchName: 'api.example.com' }], ...ports(443, 8443) },
        { toFQDNs: [{ matchName: 'api.example.com' }, { matchName: 'cdn.example.net' }], ...ports(443) },
        { toCIDRSet: [{ cidr: '203.0.113.9/32' }], ...ports(443) },
      ]),
    );
    expect(egressOf(suggestion)).toHaveLength(4);
    expect([suggestion.notAllowed, suggestion.byAddress]).toEqual([[], []]);
    expect(formatCommentedManifest(suggestion.objects)).toContain('# api.example.com (203.0.113.1): 2 connections');
  });

  it('are names in policies of administrators', () => {
    const suggestion = suggest('ClusterNetworkPolicy', [dns, ...shop.slice(0, 1)]);
    expect(JSON.stringify(egressOf(suggestion))).toContain('"domainNames":["api.example.com"]');
    expect(suggestion.notAllowed).toEqual([]);
  });

  it('of one label are names for Cilium, and addresses for administrators, whose policies take none', () => {
    const seen = [dns, { to: '203.0.113.1', port: 5000, names: ['registry'] }];
    expect(egressOf(suggest('Cilium', seen))).toEqual(
      expect.arrayContaining([expect.objectContaining({ toFQDNs: [{ matchName: 'registry' }] })]),
    );
    const administrators = suggest('ClusterNetworkPolicy', seen);
    expect(JSON.stringify(egressOf(administrators))).toContain('"networks":["203.0.113.1/32"]');
    expect(administrators.notAllowed).toEqual([]);
  });

  it.each<PolicyApi>(['NetworkPolicy', 'Calico'])(
    'are addresses in policies of %s, which says that they hold no longer than the names do',
    (api) => {
      const suggestion = suggest(api, [dns, ...shop]);
      const text = formatCommentedManifest(suggestion.objects);
      expect(text).toContain(`# names are told by their addresses: ${api} has no words for names`);
      expect(text).toContain('# 203.0.113.2 (api.example.com, cdn.example.net): 1 connection');
      expect(text).not.toContain('FQDN');
      expect(suggestion.notAllowed).toEqual([]);
      expect(suggestion.byAddress.map(({ connection }) => connection.port)).toEqual([443, 8443, 443]);
    },
  );

  it('are addresses where nobody asked DNS, since nobody would learn what the names mean', () => {
    const suggestion = suggest('Cilium', shop);
    expect(JSON.stringify(egressOf(suggestion))).not.toContain('FQDN');
    expect(suggestion.byAddress[0]?.reason).toContain('no question of these pods to DNS was seen');
    expect(suggestion.notAllowed).toEqual([]);
  });

  it('are what policies are audited by', () => {
    const policy = (matchPattern: string): KubeObject =>
      ({
        apiVersion: 'cilium.io/v2',
        kind: 'CiliumNetworkPolicy',
        metadata: { name: 'names', namespace: 'shop' },
        spec: { endpointSelector: {}, egress: [{ toFQDNs: [{ matchPattern }] }] },
      }) as KubeObject;
    const denied = (pattern: string): string[] =>
      auditPolicies({
        objects: [],
        proposed: [policy(pattern)],
        flows: flows(shop),
        reading: { profile: engineProfiles.cilium },
      }).denied.map(({ connection }) => connection.names?.join() ?? 'no name');
    expect(denied('*.example.com')).toEqual(['no name']);
    expect(denied('*.example.net').sort()).toEqual(['api.example.com', 'api.example.com', 'no name']);
  });

  it('come from the flow log of Calico too, and are left out where they are none', () => {
    const text = JSON.stringify({
      start_time: 1_769_860_800,
      end_time: 1_769_860_860,
      action: 'allow',
      reporter: 'src',
      proto: 'tcp',
      source_type: 'wep',
      source_namespace: 'shop',
      source_name: 'web-1',
      dest_type: 'net',
      dest_name: 'pub',
      dest_ip: '203.0.113.1',
      dest_port: 443,
      dest_domains: ['api.example.com', 'registry', '203.0.113.1', '_tcp', '-', 7],
    });
    const read = new FlowLogReader().push(`${text}\n`).flatMap((one) => (one.kind === 'flow' ? [one.flow] : []));
    expect(read.map(({ destination }) => destination.domains)).toEqual([['api.example.com', 'registry']]);
  });
});
