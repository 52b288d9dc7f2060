/** What becomes a rule, what is left out, and what is said of it. */
import {
  auditPolicies,
  describeConnection,
  FlowLogReader,
  type ObservedFlow,
  policyAuditJson,
  type Suggestion,
  suggestionJson,
  suggestPolicies,
} from '@weir/flows';
import { formatCommentedManifest, type NetworkPolicy, parseManifest } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { describe, expect, it } from 'vitest';

const cluster = `
apiVersion: v1
kind: Node
metadata: { name: n1 }
spec: { podCIDRs: [10.0.0.0/24] }
status: { addresses: [{ type: InternalIP, address: 192.168.0.1 }] }
---
apiVersion: v1
kind: Node
metadata: { name: n2 }
spec: { podCIDRs: [10.0.1.0/24] }
status: { addresses: [{ type: InternalIP, address: 192.168.0.2 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web-7d8f9-abcde, namespace: shop, uid: web, labels: { app: web, pod-template-hash: 7d8f9 }, ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web-7d8f9, uid: r, controller: true }] }
spec: { nodeName: n1, containers: [{ name: c, image: x }] }
status: { podIP: 10.0.0.1 }
---
apiVersion: v1
kind: Pod
metadata: { name: db-0, namespace: shop, uid: db, labels: { app: db, statefulset.kubernetes.io/pod-name: db-0 } }
spec: { nodeName: n2, containers: [{ name: c, image: x }] }
status: { podIP: 10.0.1.1 }
---
apiVersion: v1
kind: Pod
metadata: { name: proxy, namespace: kube-system, uid: proxy }
spec: { nodeName: n2, hostNetwork: true, containers: [{ name: c, image: x }] }
status: { podIP: 192.168.0.2 }
`;
const objects = parseManifest(cluster, 'w.yaml').documents;

const line = (source: object, destination: object, more: object = {}): string =>
  JSON.stringify({
    time: '2026-01-31T12:00:00.000Z',
    node: 'n1',
    verdict: 'allow',
    protocol: 'TCP',
    ingress: { verdict: 'allow' },
    source,
    destination,
    ...more,
  });
const web = { pod: 'shop/web-7d8f9-abcde', ip: '10.0.0.1', port: 40_000 };
const db = { pod: 'shop/db-0', ip: '10.0.1.1', port: 5432 };

function flows(...lines: readonly string[]): ObservedFlow[] {
  const reader = new FlowLogReader();
  return reader.push(lines.map((one) => `${one}\n`).join('')).flatMap((read) => (read.kind === 'flow' ? [read.flow] : []));
}

function suggest(lines: readonly string[], more: Partial<Parameters<typeof suggestPolicies>[0]> = {}): Suggestion {
  return suggestPolicies({
    objects,
    flows: flows(...lines),
    reading: { profile: engineProfiles.kubernetes },
    api: 'NetworkPolicy',
    directions: ['ingress', 'egress'],
    mergePrefixes: {},
    namespaces: [],
    defaultDeny: false,
    ...more,
  });
}

function policy(suggestion: Suggestion, name: string): NetworkPolicy | undefined {
  return suggestion.objects.map(({ object }) => object as NetworkPolicy).find(({ metadata }) => metadata.name === name);
}

describe('connections that were seen', () => {
  it('become rules for the workloads at both ends, selected by labels that the next pods have too', () => {
    const suggestion = suggest([line(web, db), line({ ...web, port: 40_001 }, db)]);
    expect(policy(suggestion, 'web')?.spec).toEqual({
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Ingress', 'Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ protocol: 'TCP', port: 5432 }] }],
    });
    expect(policy(suggestion, 'db')?.spec?.ingress).toEqual([
      { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ protocol: 'TCP', port: 5432 }] },
    ]);
    expect(suggestion.observed.connections.map(describeConnection)).toEqual([
      'shop/web → shop/db TCP/5432, 2 times at 2026-01-31T12:00:00.000Z',
    ]);
  });

  it('of pods that are gone count for the workload that their names say, and others for nobody', () => {
    const old = { pod: 'shop/web-5c5c5-zzzzz', ip: '10.0.0.9', port: 1 };
    const suggestion = suggest([line(old, db), line({ pod: 'shop/else-5c5c5-zzzzz', ip: '10.0.0.8' }, db), line({ ip: '10.0.0.77' }, db)]);
    expect(policy(suggestion, 'db')?.spec?.ingress).toHaveLength(1);
    expect(policy(suggestion, 'db')?.spec?.ingress?.[0]?.from).toEqual([{ podSelector: { matchLabels: { app: 'web' } } }]);
    const header = suggestion.objects.find(({ object }) => object.metadata.name === 'db')?.header.join('\n');
    expect(header).toContain(
      'without a rule: shop/else-5c5c5-zzzzz → shop/db TCP/5432, 1 time at 2026-01-31T12:00:00.000Z: nobody told what',
    );
    expect(suggestion.withoutWords.map(({ reason }) => reason).sort()).toEqual([
      'nobody told what a pod that had 10.0.0.77 is',
      'nobody told what shop/else-5c5c5-zzzzz is',
    ]);
  });

  it('of nodes are rules about their addresses, but for a pod and its own node', () => {
    const suggestion = suggest([
      line({ node: 'n2', ip: '192.168.0.2' }, { ...web, port: 8080 }),
      line({ node: 'n1', ip: '192.168.0.1' }, { ...web, port: 8080 }),
      line({ pod: 'kube-system/proxy', ip: '192.168.0.2' }, { ...web, port: 9090 }),
    ]);
    expect(policy(suggestion, 'web')?.spec?.ingress).toEqual([
      {
        from: [{ ipBlock: { cidr: '192.168.0.2/32' } }],
        ports: [
          { protocol: 'TCP', port: 8080 },
          { protocol: 'TCP', port: 9090 },
        ],
      },
    ]);
    expect(suggestion.policies[0]?.ingress[0]?.comments[0]).toContain('node n2 (192.168.0.2): 2 connections');
    expect(suggestion.observed.leftOut).toMatchObject({ ownNode: 1 });
    expect(suggestion.notAllowed).toEqual([]);
  });

  it('with addresses outside have them one by one, merged only when asked, and never with those of the cluster', () => {
    const lines = [1, 2, 3].map((i) => line(web, { ip: `203.0.113.${i}`, port: 443 })).concat(line(web, { ip: '192.168.0.99', port: 443 }));
    const blocks = (suggestion: Suggestion): unknown =>
      policy(suggestion, 'web')?.spec?.egress?.[0]?.to?.map(({ ipBlock }) => ipBlock?.cidr);
    expect(blocks(suggest(lines))).toEqual(['192.168.0.99/32', '203.0.113.1/32', '203.0.113.2/32', '203.0.113.3/32']);
    const merged = suggest(lines, { mergePrefixes: { 4: 24 } });
    expect(blocks(merged)).toEqual(['192.168.0.99/32', '203.0.113.0/24']);
    expect(merged.policies[0]?.egress[0]?.comments).toContain(
      '3 addresses in 203.0.113.0/24: 3 connections, the last at 2026-01-31T12:00:00.000Z',
    );
  });

  it('to port 53 are a rule of their own, over TCP too', () => {
    const suggestion = suggest([line(web, { ...db, port: 53 }, { protocol: 'UDP' }), line(web, db)]);
    expect(policy(suggestion, 'web')?.spec?.egress?.map(({ ports }) => ports)).toEqual([
      [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ],
      [{ protocol: 'TCP', port: 5432 }],
    ]);
  });

  it('of the namespaces of the system get no policies unless these are named', () => {
    const dns = parseManifest(
      '{apiVersion: v1, kind: Pod, metadata: {name: dns-0, namespace: kube-system, uid: dns, labels: {k8s-app: kube-dns}}, spec: {nodeName: n1, containers: [{name: c, image: x}]}, status: {podIP: 10.0.0.53}}',
      'dns.yaml',
    ).documents;
    const lines = [line(web, { pod: 'kube-system/dns-0', ip: '10.0.0.53', port: 53 }, { protocol: 'UDP' })];
    const usual = suggest(lines, { objects: [...objects, ...dns] });
    expect([usual.policies.map(({ group }) => group.name), usual.leftAlone]).toEqual([['web'], ['kube-system']]);
    const named = suggest(lines, { objects: [...objects, ...dns], namespaces: ['kube-system'] });
    expect([named.leftAlone, policy(named, 'kube-dns')?.spec?.ingress?.[0]?.ports]).toEqual([
      [],
      [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ],
    ]);
  });

  it('that were let through and denied at different times get a rule that says so', () => {
    const suggestion = suggest([line(web, db), line(web, db, { verdict: 'deny' })]);
    expect(suggestion.policies.map(({ ingress }) => ingress[0]?.comments)).toEqual([
      ['shop/web: 2 connections, the last at 2026-01-31T12:00:00.000Z; some were denied'],
      undefined,
    ]);
  });

  it('get no rule when they were denied at the other end, are answers, or cannot be said in the API', () => {
    const { ingress: _, ...sent } = JSON.parse(line(web, db)) as Record<string, unknown>;
    const suggestion = suggest([
      JSON.stringify({ ...sent, egress: { verdict: 'allow' } }),
      line(web, db, { verdict: 'deny', node: 'n2' }),
      line(web, db, { protocol: 'ICMP', icmp: { type: 8, code: 0 } }),
      JSON.stringify({
        flow: {
          verdict: 'FORWARDED',
          IP: { source: '10.0.1.1', destination: '10.0.0.1' },
          l4: { UDP: { source_port: 53, destination_port: 40_000 } },
          source: {},
          destination: {},
        },
      }),
    ]);
    expect(suggestion.objects).toEqual([]);
    expect(suggestionJson(suggestion)).toMatchObject({
      observed: { leftOut: { answers: 1 } },
      denied: [{ source: 'shop/web', destination: 'shop/db', port: 5432, count: 1 }],
      withoutWords: [{ protocol: 'ICMP', icmp: { type: 8, code: 0 }, reason: 'NetworkPolicy has no words for ICMP type 8 code 0' }],
    });
  });

  it('without ports get rules in APIs that have words for them, and in no other', () => {
    const ping = [
      line(web, db, { protocol: 'ICMP', icmp: { type: 8, code: 0 } }),
      line(web, db, { protocol: 'ICMP', icmp: { type: 3, code: 4 } }),
      line(web, db, { protocol: '47' }),
    ];
    const rulesOf = (suggestion: Suggestion): unknown =>
      suggestion.objects.map(({ object }) => (object as { spec?: { ingress?: unknown } }).spec?.ingress);
    const calico = suggest(ping, { api: 'Calico', reading: { profile: engineProfiles.calico } });
    expect([calico.withoutWords, calico.notAllowed, calico.notWritten]).toEqual([[], [], []]);
    expect(rulesOf(calico)).toMatchObject([
      [
        { protocol: 'ICMP', icmp: { type: 3, code: 4 } },
        { protocol: 'ICMP', icmp: { type: 8, code: 0 } },
        { protocol: 47, source: { selector: 'app == "web"' } },
      ],
      undefined,
    ]);
    const cilium = suggest(ping, { api: 'Cilium', reading: { profile: engineProfiles.cilium } });
    expect(cilium.notAllowed).toEqual([]);
    expect(rulesOf(cilium)).toMatchObject([[{ icmps: [{ fields: [{ type: 8, family: 'IPv4' }] }] }], [{}]]);
    expect(cilium.withoutWords.map(({ reason }) => reason)).toEqual([
      'Cilium has no words for ICMP type 3 code 4',
      'Cilium has no words for 47',
    ]);
  });

  it("of a log with labels need no cluster: Hubble's", () => {
    const end = (namespace: string, app: string, i: number): object => ({
      namespace,
      pod_name: `${app}-${i}`,
      labels: [`k8s:app=${app}`, `k8s:io.kubernetes.pod.namespace=${namespace}`],
    });
    const seen = [1, 2].map((i) =>
      JSON.stringify({
        flow: {
          verdict: 'FORWARDED',
          is_reply: false,
          traffic_direction: 'INGRESS',
          IP: { source: `10.0.0.${i}`, destination: '10.0.1.1' },
          l4: { TCP: { source_port: 4000 + i, destination_port: 80 } },
          source: end('a', 'web', i),
          destination: end('b', 'db', 1),
        },
      }),
    );
    const suggestion = suggest(seen, { objects: [] });
    expect(policy(suggestion, 'db')?.spec?.ingress?.[0]?.from).toEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'a' } }, podSelector: { matchLabels: { app: 'web' } } },
    ]);
    expect(suggestion.notAllowed).toEqual([]);
  });
});

describe('an audit of proposed policies', () => {
  const proposed = parseManifest(
    `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec: { podSelector: { matchLabels: { app: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 5432 }] }] }
`,
    'proposed.yaml',
  ).documents;
  const seen = flows(
    line(web, db),
    line(web, { ...db, port: 9187 }),
    line(web, { ...db, port: 9187 }, { time: '2026-01-31T13:00:00.000Z' }),
  );
  const reading = { profile: engineProfiles.kubernetes };

  it('tells which connections would be denied, by whom, how often and when', () => {
    expect(policyAuditJson(auditPolicies({ objects, proposed, flows: seen, reading }))).toMatchObject({
      observed: { connections: 2 },
      denied: [
        {
          source: 'shop/web',
          destination: 'shop/db',
          port: 9187,
          count: 2,
          firstSeen: '2026-01-31T12:00:00.000Z',
          lastSeen: '2026-01-31T13:00:00.000Z',
          now: 'allow',
          after: 'deny',
          reason: 'ingress: no rule allows it, and it is isolated by NetworkPolicy shop/db (proposed.yaml:2)',
        },
      ],
      unknown: [],
      unjudged: [],
    });
  });

  it('takes a policy in place of the present one of its name, and tells what would be let through', () => {
    const closed = parseManifest(
      '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: shop}, spec: {podSelector: {}}}',
      'now.yaml',
    ).documents;
    const denied = flows(line(web, db, { verdict: 'deny' }));
    const answer = auditPolicies({ objects: [...objects, ...closed], proposed, flows: denied, reading });
    expect([answer.denied, answer.allowed.map(({ now, after }) => `${now} ${after}`)]).toEqual([[], ['deny allow']]);
  });
});

describe('connections of nodes and of the API server', () => {
  const slice = parseManifest(
    '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes, namespace: default}, addressType: IPv4, endpoints: [{addresses: [192.168.0.1]}, {addresses: [198.51.100.7]}]}',
    'slice.yaml',
  ).documents;
  const toNodes = [
    line(web, { node: 'n1', ip: '192.168.0.1', port: 53 }, { protocol: 'UDP' }),
    line(web, { node: 'n2', ip: '192.168.0.2', port: 9100 }),
    line({ node: 'n2', ip: '192.168.0.2' }, { ...web, port: 8080 }),
    line(db, { ip: '192.168.0.1', port: 6443 }),
  ];
  const cilium = (more: Partial<Parameters<typeof suggestPolicies>[0]> = {}): Suggestion =>
    suggest(toNodes, { api: 'Cilium', reading: { profile: engineProfiles.cilium }, ...more });
  const specOf = (suggestion: Suggestion, name: string): unknown => (policy(suggestion, name) as { spec?: unknown } | undefined)?.spec;

  it("are entities in Cilium's words: a pod's own node, other nodes, and the API server wherever it is", () => {
    const suggestion = cilium({ objects: [...objects, ...slice] });
    expect([suggestion.notAllowed, suggestion.notWritten]).toEqual([[], []]);
    expect(specOf(suggestion, 'web')).toMatchObject({
      ingress: [{ fromEntities: ['remote-node'], toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }] }],
    });
    expect(specOf(suggestion, 'db')).toMatchObject({
      ingress: [{}],
      egress: [{ toEntities: ['kube-apiserver'], toPorts: [{ ports: [{ port: '6443', protocol: 'TCP' }] }] }],
    });
    const text = formatCommentedManifest(suggestion.objects);
    expect(text).toMatch(
      /# nodes: Cilium has no words for single ones\n +# node n2 \(192\.168\.0\.2\): 1 connection,[^\n]*\n +- toEntities:\n +- remote-node/,
    );
    const unknown = specOf(cilium(), 'web') as { readonly egress: readonly { readonly toEntities: unknown }[] };
    expect(unknown.egress.map(({ toEntities }) => toEntities)).toEqual([['host'], ['remote-node']]);
    const outside = suggest([line(web, { ip: '198.51.100.7', port: 443 })], {
      objects: [...objects, ...slice],
      api: 'Cilium',
      reading: { profile: engineProfiles.cilium },
    });
    expect(specOf(outside, 'web')).toMatchObject({ egress: [{ toEntities: ['kube-apiserver'] }] });
    expect(outside.notAllowed).toEqual([]);
  });

  it('that a pod opens to its own node get a rule, but with a profile that always allows them', () => {
    const own = [line(web, { node: 'n1', ip: '192.168.0.1', port: 53 }, { protocol: 'UDP' })];
    const suggestion = suggest(own);
    expect(policy(suggestion, 'web')?.spec?.egress?.[0]?.to).toEqual([{ ipBlock: { cidr: '192.168.0.1/32' } }]);
    expect([suggestion.notAllowed, suggestion.observed.leftOut.ownNode]).toEqual([[], 0]);
    expect(suggest(own, { reading: { profile: engineProfiles.azure } }).observed.leftOut.ownNode).toBe(1);
  });

  it("are known by Hubble's labels where nobody gives objects", () => {
    const hubble = (destination: object, ip: string, port: number): string =>
      JSON.stringify({
        flow: {
          verdict: 'FORWARDED',
          is_reply: false,
          traffic_direction: 'EGRESS',
          node_name: 'kind/n1',
          IP: { source: '10.0.0.1', destination: ip },
          l4: { TCP: { source_port: 40_000, destination_port: port, flags: { SYN: true } } },
          source: { namespace: 'a', pod_name: 'web-1', labels: ['k8s:app=web', 'k8s:io.kubernetes.pod.namespace=a'] },
          destination,
        },
      });
    const suggestion = suggest(
      [
        hubble({ identity: 6, labels: ['reserved:remote-node'] }, '192.168.0.2', 9100),
        hubble({ identity: 7, labels: ['reserved:kube-apiserver', 'reserved:remote-node'] }, '192.168.0.3', 6443),
        hubble({ identity: 16_777_217, labels: ['reserved:kube-apiserver', 'reserved:world'] }, '198.51.100.7', 443),
        hubble({ identity: 2, labels: ['reserved:world'] }, '203.0.113.9', 443),
      ],
      { objects: [], api: 'Cilium', reading: { profile: engineProfiles.cilium } },
    );
    expect([suggestion.notAllowed, suggestion.withoutWords]).toEqual([[], []]);
    const egress = (specOf(suggestion, 'web') as { readonly egress: readonly object[] }).egress;
    expect(egress.map((rule) => Object.fromEntries(Object.entries(rule).filter(([field]) => field !== 'toPorts')))).toEqual([
      { toEntities: ['kube-apiserver'] },
      { toCIDRSet: [{ cidr: '203.0.113.9/32' }] },
      { toEntities: ['remote-node'] },
    ]);
  });

  it('to a service whose pods the log does not tell get no rule about its address', () => {
    const service = parseManifest(
      '{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: {clusterIP: 10.96.0.7, ports: [{port: 5432}], selector: {app: db}}}',
      'service.yaml',
    ).documents;
    const suggestion = suggest([line(web, { ip: '10.96.0.7', port: 5432 })], { objects: [...objects, ...service] });
    expect(suggestion.objects).toEqual([]);
    expect(suggestion.withoutWords.map(({ reason }) => reason)).toEqual(['nobody told what the pod behind service shop/db is']);
  });

  it('to a service that Hubble names get no rule about its address either, without any objects', () => {
    const packet = (destination: object, service?: object): string =>
      JSON.stringify({
        flow: {
          verdict: 'FORWARDED',
          IP: { source: '10.0.0.1', destination: '10.96.0.7' },
          l4: { TCP: { source_port: 40_000, destination_port: 5432, flags: { SYN: true } } },
          source: { namespace: 'shop', pod_name: 'web-1', labels: ['k8s:app=web'] },
          destination,
          ...(service === undefined ? {} : { destination_service: service }),
          traffic_direction: 'EGRESS',
        },
      });
    const world = { labels: ['reserved:world'] };
    const named = suggest([packet(world, { namespace: 'shop', name: 'db' })], { objects: [] });
    expect(named.objects).toEqual([]);
    expect(named.withoutWords.map(({ reason }) => reason)).toEqual(['nobody told what the pod behind service shop/db is']);
    expect(JSON.stringify(suggest([packet(world)], { objects: [] }).objects)).toContain('10.96.0.7/32');
  });
});

describe('ClusterNetworkPolicies', () => {
  it('deny pods everything from pods that was not seen, and leave alone what they have no words for', () => {
    const suggestion = suggest([line(web, db), line({ ip: '203.0.113.9' }, { ...db, port: 443 })], { api: 'ClusterNetworkPolicy' });
    expect([suggestion.notAllowed, suggestion.notWritten]).toEqual([[], []]);
    const podsOf = (app: string): object => ({
      pods: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
        podSelector: { matchLabels: { app } },
      },
    });
    expect(
      suggestion.objects.filter(({ object }) => object.metadata.name?.startsWith('shop-db')).map(({ object }) => object),
    ).toMatchObject([
      {
        metadata: { name: 'shop-db' },
        spec: {
          tier: 'Baseline',
          subject: podsOf('db'),
          ingress: [{ action: 'Accept', from: [podsOf('web')], protocols: [{ tcp: { destinationPort: { number: 5432 } } }] }],
        },
      },
      {
        metadata: { name: 'shop-db-rest' },
        spec: {
          subject: podsOf('db'),
          ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }],
          egress: [{ action: 'Deny', to: [{ networks: ['0.0.0.0/0', '::/0'] }] }],
        },
      },
    ]);
    expect(suggestion.objects[0]?.header.join('\n')).toContain('from nodes and from outside of the cluster all stays allowed');
    // Who was seen stands beside what allows it, and not beside what denies the rest.
    const told = suggestion.objects.map(({ object, comments }) => `${object.metadata.name}: ${comments.length}`);
    expect(told).toEqual(['shop-db: 1', 'shop-db-rest: 0', 'shop-web: 1', 'shop-web-rest: 0']);
  });
});
