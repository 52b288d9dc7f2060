import { type KubeObject, parseManifest } from '@weir/kube';
import { cidrRange, defined, parseCidr } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { type MatrixReport, type MatrixReportOptions, matrixMarkdown, reportMatrix } from '../src/index.ts';

const cluster = `
apiVersion: v1
kind: Node
metadata: { name: n1 }
status: { addresses: [{ type: InternalIP, address: 10.0.0.1 }] }
---
apiVersion: v1
kind: Node
metadata: { name: n2 }
status: { addresses: [{ type: InternalIP, address: 10.0.0.2 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web, tier: front } }
    spec: { containers: [{ name: c, image: web, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: old, namespace: shop }
spec:
  selector: { matchLabels: { app: old } }
  template:
    metadata: { labels: { app: old, tier: front } }
    spec: { containers: [{ name: c, image: web, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: controller, namespace: ingress }
spec:
  selector: { matchLabels: { app: controller } }
  template:
    metadata: { labels: { app: controller } }
    spec: { containers: [{ name: c, image: controller }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress:
  - from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress } } }, { ipBlock: { cidr: 198.51.100.0/24 } }]
    ports: [{ port: http }]
`;

function service(name: string, spec: string): string {
  return `---\napiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: ${spec}\n`;
}

function reportOf(objects: string, options: MatrixReportOptions = {}): MatrixReport {
  const documents: readonly { object: KubeObject }[] = parseManifest(`${cluster}${objects}`, 'cluster.yaml').documents;
  // Where it is not known where pods have their addresses, any block may hold some.
  const podRanges = [cidrRange(defined(parseCidr('10.244.0.0/16'), 'a block'))];
  return reportMatrix(
    loadSnapshot(
      documents.map(({ object }) => object),
      { podRanges },
    ),
    options,
  );
}

describe('a service in the matrix', () => {
  it('is reached where its pods are reached on the port that they have', () => {
    const { services } = reportOf(service('web', '{ selector: { app: web }, ports: [{ port: 80, targetPort: http }] }'));
    expect(services).toEqual([
      {
        service: 'shop/web',
        type: 'ClusterIP',
        port: 80,
        protocol: 'TCP',
        families: [4],
        backends: [{ end: 'shop/web', members: 'shop/web', port: 8080 }],
        reachedFrom: ['ingress/controller'],
        partlyFrom: [],
        perhapsFrom: [],
      },
    ]);
  });

  it('is reached in part where only some of its pods are', () => {
    const [reach] = reportOf(service('front', '{ selector: { tier: front }, ports: [{ port: 80, targetPort: 8080 }] }')).services;
    expect(reach?.backends.map(({ end }) => end)).toEqual(['shop/old', 'shop/web']);
    expect(reach?.reachedFrom).toEqual(['ingress/controller']);
    expect(reach?.partlyFrom).toEqual(['shop/old', 'shop/web', 'every node (2)']);
  });

  it('without pods is reached from nowhere', () => {
    const [reach] = reportOf(service('none', '{ selector: { app: nobody }, ports: [{ port: 80 }] }')).services;
    expect(reach).toMatchObject({ backends: [], reachedFrom: [], partlyFrom: [], perhapsFrom: [] });
  });

  it('names its own backends, also where they are a part of an end', () => {
    const twin = (name: string): string =>
      `---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name}, namespace: shop }\nspec: { selector: {}, template: { metadata: { labels: { app: ${name} } }, spec: { containers: [] } } }\n`;
    const onHost =
      '---\napiVersion: v1\nkind: Pod\nmetadata: { name: agent, namespace: shop, labels: { app: agent } }\nspec: { nodeName: n2, hostNetwork: true, containers: [{ name: c, ports: [{ name: metrics, containerPort: 9100 }] }] }\n';
    const outside =
      '---\napiVersion: v1\nkind: Endpoints\nmetadata: { name: api, namespace: shop }\nsubsets: [{ addresses: [{ ip: 203.0.113.7 }], ports: [{ port: 6443 }] }]\n';
    const closed =
      '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: closed, namespace: shop }\nspec: { podSelector: { matchLabels: { app: web } }, policyTypes: [Egress] }\n';
    const services = [
      service('one', '{ selector: { app: one }, ports: [{ port: 80 }] }'),
      service('agent', '{ selector: { app: agent }, ports: [{ port: 80, targetPort: metrics }] }'),
      service('api', '{ ports: [{ port: 443 }] }'),
    ];
    const report = reportOf(`${twin('one')}${twin('two')}${onHost}${outside}${closed}${services.join('')}`);
    expect(report.services.map(({ service: name, backends }) => [name, ...backends])).toEqual([
      ['shop/agent', { end: 'every node (2)', members: 'node n2', port: 9100 }],
      ['shop/api', { end: '0.0.0.0/0 except 198.51.100.0/24', members: '203.0.113.7', port: 6443 }],
      ['shop/one', { end: 'shop/one, shop/two', members: 'shop/one', port: 80 }],
    ]);
    expect(report.services[1]?.reachedFrom).not.toContain('shop/web');
    expect(report.services[1]?.reachedFrom).toContain('ingress/controller');
  });

  it('is told in the families that it has addresses of', () => {
    const pod =
      '---\napiVersion: v1\nkind: Pod\nmetadata: { name: both, namespace: shop, labels: { app: both } }\nspec: { containers: [] }\nstatus: { podIPs: [{ ip: 10.244.0.9 }, { ip: "fd00::9" }] }\n';
    const families = (spec: string): unknown[] =>
      reportOf(`${pod}${service('both', `{ selector: { app: both }, ports: [{ port: 80 }], ${spec} }`)}`).services.flatMap(
        (one) => one.families,
      );
    expect(families('clusterIP: 10.96.0.9')).toEqual([4]);
    expect(families('clusterIPs: [10.96.0.9, "fd01::9"]')).toEqual([4, 6]);
    expect(families('ipFamilies: [IPv6]')).toEqual([6]);
    expect(families('ipFamilyPolicy: PreferDualStack')).toEqual([4, 6]);
    expect(families('clusterIP: None')).toEqual([4]);
  });

  it('of which a filter leaves no pod is left out, and one without any pod only where its namespace is not asked for', () => {
    const objects = `${service('web', '{ selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }')}${service('none', '{ selector: { app: nobody }, ports: [{ port: 80 }] }')}---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
`;
    const told = (namespace: string): unknown[] => {
      const { services, entryPoints } = reportOf(objects, { include: (endpoint) => endpoint.namespace === namespace });
      return [...services.map((one) => one.service), ...entryPoints.map(({ kind, facts }) => [kind, ...facts])];
    };
    expect(told('ingress')).toEqual([]);
    expect(told('shop')).toEqual([
      'shop/none',
      'shop/web',
      ['Ingress', expect.stringContaining('which pods the controller has is not known')],
    ]);
  });

  it('is left out where a filter leaves nothing of it', () => {
    const objects = service('web', '{ selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }');
    expect(reportOf(objects, { filter: { to: ['shop/old'] } }).services).toEqual([]);
    expect(reportOf(objects, { filter: { to: ['shop/web'] } }).services).toHaveLength(1);
  });
});

describe('names that rules let through', () => {
  it('are told where nobody resolved them, for their addresses are in no row', () => {
    const policy =
      '---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: f, namespace: shop }\nspec: { endpointSelector: {}, egress: [{ toFQDNs: [{ matchName: example.com }, { matchPattern: "*.example.org" }] }] }\n';
    expect(reportOf(policy).summary.unresolvedNames).toEqual(['*.example.org', 'example.com']);
    expect(matrixMarkdown(reportOf(policy))).toContain(
      'connections to names that nobody resolved are not listed, and policies allow some:',
    );
    expect(reportOf('').summary.unresolvedNames).toEqual([]);
  });
});

describe('an entry point in the matrix', () => {
  const spec = (policy: string): string =>
    `{ type: LoadBalancer, externalTrafficPolicy: ${policy}, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }`;

  it('lets in clients by their own address with externalTrafficPolicy Local', () => {
    expect(reportOf(service('web', spec('Local'))).entryPoints).toMatchObject([
      { kind: 'LoadBalancer', name: 'shop/web', port: 80, seenAs: 'client', admitted: ['198.51.100.0/24'] },
    ]);
  });

  it('depends on the node that is asked with externalTrafficPolicy Cluster, and goes past policies with an engine that lets it', () => {
    const [entry] = reportOf(service('web', spec('Cluster'))).entryPoints;
    expect(entry).toMatchObject({ seenAs: 'client or node', admitted: ['198.51.100.0/24'] });
    expect(entry?.facts.join()).toContain("else that node's address");
    const [open] = reportOf(service('old', spec('Cluster').replace('app: web', 'app: old'))).entryPoints;
    expect(open?.admitted).toEqual(['0.0.0.0/0', 'every node (2)']);
  });

  const ways = `${service('web', '{ selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }')}---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop, namespace: shop }
spec:
  rules:
  - host: shop.example
    http:
      paths:
      - { path: /, pathType: Prefix, backend: { service: { name: web, port: { name: http } } } }
      - { path: /gone, pathType: Prefix, backend: { service: { name: gone, port: { number: 80 } } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: shop }
spec: { hostnames: [shop.example], rules: [{ backendRefs: [{ name: web, port: 80 }] }] }
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: { name: shop, namespace: shop }
spec: { host: shop.example, to: { kind: Service, name: web }, port: { targetPort: 8080 } }
`;

  it('is an Ingress or a route, whose controller is let in or not', () => {
    const { entryPoints } = reportOf(ways);
    expect(entryPoints.map(({ kind, path, service: to, port }) => [kind, path, to, port])).toEqual([
      ['HTTPRoute', undefined, 'shop/web', 80],
      ['Ingress', '/', 'shop/web', 80],
      ['Ingress', '/gone', 'shop/gone', undefined],
      ['Route', undefined, 'shop/web', 80],
    ]);
    for (const { service: to, seenAs, hosts, admitted, facts } of entryPoints) {
      expect({ seenAs, hosts }).toEqual({ seenAs: 'controller', hosts: ['shop.example'] });
      expect(admitted).toEqual(to === 'shop/web' ? ['ingress/controller'] : []);
      expect(facts.join()).toContain(to === 'shop/web' ? 'only where a rule names its labels' : 'there is no service shop/gone');
    }
  });

  it('says whether a controller that is named is let in', () => {
    const ofController = (name: string): unknown => reportOf(ways, { controllers: [name] }).entryPoints[0];
    expect(ofController('ingress/controller')).toMatchObject({ admitted: ['ingress/controller'], facts: [] });
    expect(ofController('shop/old')).toMatchObject({ admitted: [], facts: ["the controller's pods are not let in"] });
  });

  it('lets in any pod of another namespace where no policy is in the way', () => {
    const open = reportOf(ways.replaceAll('app: web', 'app: old')).entryPoints[0];
    expect(open?.admitted).toContain('[another namespace]/[any pod]');
  });
});
