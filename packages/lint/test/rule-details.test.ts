/** Where rules end: what is next to a finding and is none, and findings that need more than one look. */
import { cidrRange, defined, parseCidr } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { type LintTextOptions, lintText } from './lint-text.ts';

const pod = (name: string, containers: string, more = ''): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec: { ${more}containers: [${containers}] }
---
`;

const policy = (spec: string, name = 'p'): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
---
`;

const service = (spec: string): string => `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ${spec} }
---
`;

/** Which of these rules find something where. */
function found(rules: readonly string[], text: string, options: LintTextOptions = {}): readonly string[] {
  return lintText(text, { ...options, onlyRules: rules }).map(({ rule, field = '' }) => `${rule} ${field}`.trim());
}

describe('ports', () => {
  const rules = ['unserved-port', 'service-port', 'unknown-port-name'];
  const web = pod(
    'web',
    '{ name: a, image: a, ports: [{ containerPort: 8080 }] }, { name: b, image: b, ports: [{ name: metrics, containerPort: 9090 }] }',
  );
  const bare = pod('web', '{ name: a, image: a }');
  const ingress = (ports: string): string => policy(`{ podSelector: { matchLabels: { app: web } }, ingress: [{ ports: [${ports}] }] }`);

  it('are those of all containers, and of sidecars', () => {
    expect(found(rules, web + ingress('{ port: 8080 }, { port: 9090 }, { port: metrics }'))).toEqual([]);
    const sidecar = pod(
      'web',
      '{ name: a, image: a, ports: [{ containerPort: 1 }] }',
      'initContainers: [{ name: s, image: s, restartPolicy: Always, ports: [{ containerPort: 15090 }] }], ',
    );
    expect(found(rules, sidecar + ingress('{ port: 15090 }'))).toEqual([]);
  });

  it('are told by their protocol', () => {
    expect(found(rules, web + ingress('{ port: 8080, protocol: UDP }'))).toEqual(['unserved-port spec.ingress[0]']);
    expect(found(rules, web + ingress('{ port: metrics, protocol: UDP }'))).toEqual(['unknown-port-name spec.ingress[0]']);
  });

  it('are those of any protocol where Cilium is told none, and named once', () => {
    const asking = (port: string): readonly string[] => {
      const web = `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: shop }
spec: { endpointSelector: { matchLabels: { app: web } }, ingress: [{ fromEndpoints: [{}], toPorts: [{ ports: [${port}] }] }] }
`;
      const rules = ['unserved-port', 'unknown-port-name'];
      return lintText(web, { profile: 'cilium', onlyRules: rules }).map(({ message }) => message);
    };
    expect(asking('{ port: "8080" }')).toEqual([]);
    expect(asking('{ port: http }')).toEqual([]);
    expect(asking('{ port: "8081" }')).toEqual(['no container of pod shop/web declares port 8081; they declare 8080']);
    expect(asking('{ port: htp }')).toEqual(['no container of pod shop/web has a port htp: this port is none']);
    expect(asking('{ port: "8080", protocol: UDP }, { port: "9090" }')).toEqual([
      'no container of pod shop/web declares port 8080 of UDP; they declare 8080',
      'no container of pod shop/web declares port 9090; they declare 8080',
    ]);
  });

  it('are not looked for where containers declare none, or where a range is meant', () => {
    expect(found(rules, bare + ingress('{ port: 7 }'))).toEqual([]);
    expect(found(rules, web + ingress('{ port: 1, endPort: 65535 }, { port: 100, endPort: 200 }'))).toEqual([]);
  });

  it('are those of the destination for egress, and of no address', () => {
    const egress = (to: string): string =>
      policy(`{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [${to}], ports: [{ port: 80 }] }] }`);
    expect(found(rules, web + egress('{ podSelector: { matchLabels: { app: web } } }'))).toEqual(['unserved-port spec.egress[0]']);
    expect(found(rules, web + egress('{ ipBlock: { cidr: 192.0.2.0/24 } }'))).toEqual([]);
  });

  it('are those of pods and not of services, whether containers declare them or not, unless both are allowed', () => {
    const by = (target: string): string => service(`ports: [{ port: 80, targetPort: ${target} }]`);
    expect(found(rules, web + by('8080') + ingress('{ port: 80 }'))).toEqual(['service-port spec.ingress[0]']);
    expect(found(rules, bare + by('8080') + ingress('{ port: 80 }'))).toEqual(['service-port spec.ingress[0]']);
    expect(found(rules, web + by('metrics') + ingress('{ port: 80 }'))).toEqual(['service-port spec.ingress[0]']);
    expect(found(['service-port'], web + by('8080') + ingress('{ port: 80 }, { port: 8080 }'))).toEqual([]);
  });
});

describe('blocks', () => {
  const rules = ['service-address-in-block', 'pod-address-in-block'];
  const to = (cidr: string): string =>
    policy(`{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: ${cidr} } }] }] }`);
  const ranges = (text: string): NonNullable<LintTextOptions['podRanges']> => [cidrRange(defined(parseCidr(text), text))];

  it('may hold addresses of services beside others', () => {
    const web = service('clusterIP: 10.0.0.9, ports: [{ port: 80 }]');
    expect(found(rules, web + to('10.0.0.9/32'))).toEqual(['service-address-in-block spec.egress[0].to[0]']);
    expect(found(rules, web + to('10.0.0.0/16'))).toEqual(['service-address-in-block spec.egress[0].to[0]']);
    expect(found(rules, web + to('10.0.0.0/8'))).toEqual([]);
    const node =
      'apiVersion: v1\nkind: Node\nmetadata: { name: node-1 }\nstatus: { addresses: [{ type: InternalIP, address: 10.0.7.1 }] }\n---\n';
    expect(found(rules, web + node + to('10.0.0.0/16'))).toEqual([]);
  });

  it('lie in the ranges that nodes, ServiceCIDRs or the options tell', () => {
    expect(found(rules, to('10.96.3.0/24'), { serviceRanges: ranges('10.96.0.0/12') })).toEqual([
      'service-address-in-block spec.egress[0].to[0]',
    ]);
    expect(found(rules, to('10.244.3.0/24'), { podRanges: ranges('10.244.0.0/16') })).toEqual([
      'pod-address-in-block spec.egress[0].to[0]',
    ]);
    const node =
      'apiVersion: v1\nkind: Node\nmetadata: { name: node-1 }\nspec: { podCIDR: 10.244.0.0/24, podCIDRs: [10.244.0.0/24] }\n---\n';
    expect(found(rules, node + to('10.244.0.16/28'))).toEqual(['pod-address-in-block spec.egress[0].to[0]']);
    expect(found(rules, to('10.0.0.0/8'), { podRanges: ranges('10.244.0.0/16'), serviceRanges: ranges('10.96.0.0/12') })).toEqual([]);
  });

  it('are those of every policy API', () => {
    const calico = `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: p }
spec: { selector: all(), types: [Egress], egress: [{ action: Allow, destination: { nets: [10.96.0.10/32] } }] }
`;
    const administrators = `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: p }
spec: { tier: Admin, priority: 1, subject: { namespaces: {} }, egress: [{ action: Accept, to: [{ networks: [10.96.0.10/32] }] }] }
`;
    const cilium = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: shop }
spec: { endpointSelector: {}, egress: [{ toCIDR: [10.96.0.10/32] }] }
`;
    const reading = { serviceRanges: ranges('10.96.0.0/12') };
    expect(found(rules, calico, reading)).toEqual(['service-address-in-block spec.egress[0]']);
    expect(found(rules, administrators, reading)).toEqual(['service-address-in-block spec.egress[0].to[0]']);
    expect(found(rules, cilium, { ...reading, profile: 'cilium' })).toEqual(['service-address-in-block spec.egress[0].toCIDR[0]']);
  });

  it('of IPv6 are looked at too', () => {
    const web = service('clusterIP: "fd00:10::9", ports: [{ port: 80 }]');
    expect(found(rules, web + to('"fd00:10::9/128"'))).toEqual(['service-address-in-block spec.egress[0].to[0]']);
    expect(found(rules, web + to('"fd00::/8"'))).toEqual([]);
  });
});

describe('what is open', () => {
  const rules = ['open-ingress', 'open-egress'];
  const web = pod('web', '{ name: a, image: a }');

  it('is a rule without peers, for all addresses, or for the entity all; not one for all pods', () => {
    const ingress = (from: string): string => policy(`{ podSelector: {}, ingress: [${from}] }`);
    for (const from of [
      '{}',
      '{ from: [] }',
      '{ from: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }',
      '{ from: [{ ipBlock: { cidr: "::/0" } }] }',
    ]) {
      expect(found(rules, web + ingress(from))).toHaveLength(1);
    }
    const narrower = '{ from: [{ namespaceSelector: {} }, { ipBlock: { cidr: 0.0.0.0/0, except: [10.0.0.0/8] } }] }';
    expect(found(rules, web + ingress(narrower))).toEqual([]);
  });

  it('with Cilium is from outside alone for the entity world, and for blocks', () => {
    const cilium = (peer: string): string => `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: shop }
spec: { endpointSelector: {}, ingress: [{ ${peer} }] }
`;
    const messages = (peer: string): readonly string[] =>
      lintText(web + cilium(peer), { profile: 'cilium', onlyRules: rules }).map(({ message }) => message);
    expect(messages('fromEntities: [world]')).toEqual(['everybody is let in, from outside of the cluster']);
    expect(messages('fromEntities: [all]')).toEqual(['everybody is let in, from inside and outside of the cluster']);
    expect(messages('fromEntities: [cluster]')).toEqual([]);
  });

  it('is not told of a policy that selects nobody by mistake, as whom it means is not known', () => {
    const policy = (app: string): string => `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec: { podSelector: { matchLabels: { app: ${app} } }, ingress: [{}] }
`;
    const found = (app: string): readonly string[] =>
      lintText(policy(app), { onlyRules: ['open-ingress', 'selects-nothing'] }).map(({ rule }) => rule);
    expect(found('web')).toEqual(['open-ingress']);
    expect(found('wbe')).toEqual(['selects-nothing']);
  });

  it('is meant where a service or an Ingress makes the pods an entry point', () => {
    const open = policy('{ podSelector: {}, ingress: [{}] }');
    expect(found(rules, web + service('ports: [{ port: 80 }]') + open)).toEqual(['open-ingress spec.ingress[0]']);
    expect(found(rules, web + service('type: NodePort, ports: [{ port: 80 }]') + open)).toEqual([]);
    const ingress = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec: { rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }
---
`;
    expect(found(rules, web + service('ports: [{ port: 80 }]') + ingress + open)).toEqual([]);
    const other = pod('db', '{ name: a, image: a }');
    expect(found(rules, web + other + service('type: NodePort, ports: [{ port: 80 }]') + open)).toEqual(['open-ingress spec.ingress[0]']);
  });
});

describe('what no policy protects', () => {
  const deployment = (name: string, namespace: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec: { selector: { matchLabels: { app: ${name} } }, template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: c, image: c }] } } }
---
`;
  const rules = ['unprotected-pod', 'namespace-without-policy'];
  const objects = (text: string): readonly string[] =>
    lintText(text, { onlyRules: rules }).map(({ rule, object = '', place }) => `${rule} ${object} ${place?.line ?? 0}`);

  it('is named by the workload that makes it, at its place', () => {
    const text = deployment('web', 'shop') + deployment('db', 'shop') + policy('{ podSelector: { matchLabels: { app: web } } }');
    expect(objects(text)).toEqual(['unprotected-pod Deployment shop/db 8']);
  });

  it('is one finding for a namespace without any policy, but for those of Kubernetes', () => {
    const text =
      deployment('web', 'shop') +
      policy('{ podSelector: {} }') +
      deployment('a', 'bank') +
      deployment('b', 'bank') +
      deployment('c', 'kube-system');
    expect(objects(text)).toEqual(['namespace-without-policy Deployment bank/a 13']);
  });

  it('is nothing where there is no policy at all', () => {
    expect(objects(deployment('web', 'shop'))).toEqual([]);
  });
});

describe('what is there twice', () => {
  it('is told as such for policies of the same meaning, in whatever order they are written', () => {
    const one = policy('{ podSelector: { matchExpressions: [{ key: app, operator: In, values: [a, b] }] } }', 'one');
    const two = policy(
      '{ podSelector: { matchExpressions: [{ key: app, operator: In, values: [b, a] }] }, policyTypes: [Ingress] }',
      'two',
    );
    expect(found(['duplicate-policy'], one + two)).toEqual(['duplicate-policy']);
    expect(found(['duplicate-policy'], one + two.replace('[b, a]', '[b]'))).toEqual([]);
  });

  it('is an error for two objects of one name, wherever the second stands', () => {
    const text = policy('{ podSelector: {} }') + policy('{ podSelector: { matchLabels: { app: a } } }');
    expect(lintText(text).map(({ rule, severity, place }) => [rule, severity, place?.line])).toEqual([['duplicate-object', 'error', 6]]);
  });

  it('is no duplicate where a rule logs, which it does each time', () => {
    const calico = (action: string): string => `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec: { selector: all(), types: [Ingress], ingress: [{ action: ${action} }, { action: ${action} }] }
`;
    expect(found(['duplicate-entry'], calico('Log'))).toEqual([]);
    expect(found(['duplicate-entry'], calico('Deny'))).toEqual(['duplicate-entry spec.ingress[1]']);
  });
});

describe('what is refused', () => {
  it('is told which field was probably meant', () => {
    const actions = (spec: string): readonly string[] =>
      lintText(policy(spec), { onlyRules: ['refused-policy'] }).map(({ action }) => action);
    expect(actions('{ podSelectr: {} }')).toEqual([expect.stringMatching(/^did you mean podSelector\? correct the field/)]);
    expect(actions('{ podSelector: {}, ingress: [{ form: [] }] }')).toEqual([expect.stringMatching(/^did you mean from\? /)]);
    expect(actions('{ podSelector: {}, colour: red }')).toEqual([expect.stringMatching(/^correct the field/)]);
  });

  it('is found at its object where that names no namespace, and told as refused once', () => {
    const text = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p }
spec: { endpointSelector: {}, egress: }
`;
    const found = lintText(text, { profile: 'cilium', onlyRules: ['refused-policy', 'broken-manifest', 'empty-cilium-list'] });
    expect(found.map(({ rule, object, field }) => [rule, object, field])).toEqual([
      ['refused-policy', 'CiliumNetworkPolicy default/p', 'spec'],
    ]);
  });

  it('is said once of each place that is no YAML', () => {
    const text = 'a: b\n  c: d\n';
    expect(lintText(text).map(({ rule, place }) => [rule, place?.line])).toEqual([['broken-manifest', 1]]);
  });
});

describe('rules for nodes', () => {
  it('are open to nodes, of which no service is in front', () => {
    const text = `apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: { name: ssh }
spec:
  nodeSelector: {}
  ingress: [{ toPorts: [{ ports: [{ port: "22", protocol: TCP }] }] }]
`;
    expect(lintText(text, { profile: 'cilium', onlyRules: ['open-ingress'] }).map(({ message, action }) => [message, action])).toEqual([
      [
        'everybody is let in to nodes, from inside and outside of the cluster, on port 22',
        'name who may come: pods by their labels, others by their blocks of addresses',
      ],
    ]);
  });
});
