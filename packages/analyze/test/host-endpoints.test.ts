/** `why` with host endpoints among the manifests: Calico's, which are objects, and nodes as Cilium has them. */
import { parseManifest } from '@weir/kube';
import { computeMatrix, matrixOutcome } from '@weir/matrix';
import { engineProfiles, renderVerdict, verdictToJson } from '@weir/model';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow, type FlowRequest } from '../src/index.ts';

const cluster = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {role: edge}}
status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {role: worker}}
status: {addresses: [{type: InternalIP, address: 192.0.2.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec: {nodeName: n2, containers: [{name: c, image: i}]}
status: {podIP: 10.1.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: neighbour, namespace: shop}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {podIP: 10.1.0.3}
`;

const calico = `
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: n1-eth0, labels: {role: edge}}
spec:
  node: n1
  interfaceName: eth0
  profiles: [projectcalico-default-allow]
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: no-kubelet}
spec:
  selector: role == "edge"
  ingress:
  - action: Deny
    protocol: TCP
    destination: {ports: [10250]}
  - action: Allow
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: no-web}
spec:
  selector: role == "edge"
  applyOnForward: true
  preDNAT: true
  ingress:
  - action: Deny
    protocol: TCP
    destination: {ports: [8080]}
`;

function snapshotOf(manifest: string, engine: 'calico' | 'cilium' | 'azure' = 'calico'): Snapshot {
  const { documents, diagnostics } = parseManifest([cluster, manifest].join('\n---\n'), 'all.yaml');
  expect(diagnostics).toEqual([]);
  return loadSnapshot(documents, { profile: engineProfiles[engine] });
}

function why(snapshot: Snapshot, source: string, destination: string, port: number): string[] {
  const request: FlowRequest = { source, destination, protocol: 'TCP', port };
  const answer = explainFlow(snapshot, request);
  return answer.kind === 'answered' ? answer.verdicts.flatMap((verdict) => renderVerdict(verdict)) : [answer.message];
}

describe('why, for interfaces of nodes', () => {
  it('takes a node or a host endpoint by its name, and names family, policy, rule and place', () => {
    const snapshot = snapshotOf(calico);
    expect(snapshot.diagnostics).toEqual([]);
    const lines = why(snapshot, 'n2', 'n1', 10250);
    expect(lines[0]).toBe('deny: node n2 (192.0.2.2) → node n1 (192.0.2.1) TCP/10250');
    expect(lines.join('\n')).toMatch(
      /ingress of host endpoint n1-eth0 \(node n1, normal policies\): denied, rule ingress\[0\] of GlobalNetworkPolicy no-kubelet \(all\.yaml:\d+\) matches/,
    );
    expect(why(snapshot, 'n2', 'n1-eth0', 80)[0]).toBe('allow: node n2 (192.0.2.2) → node n1 (192.0.2.1) TCP/80');
  });

  it('asks endpoints on the way to pods, before the translation of addresses too', () => {
    const lines = why(snapshotOf(calico), '198.51.100.1', 'shop/web', 8080);
    expect(lines.join('\n')).toMatch(
      /^deny: .*\n.*\n {2}ingress of host endpoint n1-eth0 \(node n1, policies with preDNAT\): denied, rule ingress\[0\] of GlobalNetworkPolicy no-web/,
    );
    expect(why(snapshotOf(calico), '198.51.100.1', 'shop/web', 80)[0]).toMatch(/^allow: /);
  });

  it('reads failsafe ports and what becomes of pods at their own node from FelixConfiguration, those of a node over those of all', () => {
    const felix = (name: string, spec: string): string => `
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: {name: ${name}}
spec: ${spec}`;
    const open = snapshotOf([calico, felix('default', '{failsafeInboundHostPorts: [{protocol: TCP, port: 10250}]}')].join('\n---\n'));
    expect(why(open, 'n2', 'n1', 10250).join('\n')).toContain('allowed, it is a failsafe port, which no policy closes');
    const all = felix('default', '{defaultEndpointToHostAction: Drop}');
    expect(why(snapshotOf(all), 'shop/web', 'n1', 80)[0]).toMatch(/^deny: /);
    const one = felix('node.n1', '{defaultEndpointToHostAction: Accept}');
    expect(why(snapshotOf([all, one].join('\n---\n')), 'shop/web', 'n1', 80)[0]).toMatch(/^allow: /);
  });

  it('is in JSON as a list of what is said at each interface', () => {
    const answer = explainFlow(snapshotOf(calico), { source: 'n2', destination: 'n1', protocol: 'TCP', port: 10250 });
    const [verdict] = answer.kind === 'answered' ? answer.verdicts : [];
    expect(verdict === undefined ? undefined : verdictToJson(verdict).hosts).toMatchObject([
      {
        node: 'n1',
        hostEndpoint: 'n1-eth0',
        direction: 'ingress',
        family: 'normal',
        verdict: 'deny',
        decidedBy: { name: 'no-kubelet', file: 'all.yaml' },
      },
    ]);
  });

  it('says of HostEndpoints that an engine without them does not read them', () => {
    const { diagnostics } = snapshotOf(calico, 'azure');
    expect(diagnostics.map(({ code, object }) => `${code} ${object}`)).toContain('unread-policy HostEndpoint n1-eth0');
  });

  it('judges nodes themselves with Cilium', () => {
    const policy = `
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: edge-only}
spec:
  nodeSelector: {matchLabels: {role: edge}}
  ingress:
  - fromEntities: [remote-node]
`;
    const snapshot = snapshotOf(policy, 'cilium');
    expect(why(snapshot, 'n2', 'n1', 80)[0]).toMatch(/^allow: /);
    expect(why(snapshot, '198.51.100.1', 'n1', 80).join('\n')).toMatch(
      /^deny: .*\n.*\n {2}ingress of host endpoint n1 \(node n1, normal policies\): denied, it is isolated and no rule allows this/,
    );
    expect(why(snapshot, '198.51.100.1', 'n2', 80)[0]).toMatch(/^allow: /);
  });
});

describe('a matrix with host endpoints', () => {
  it('tells pods of different nodes apart', () => {
    const forward = `
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: n1-eth0, labels: {role: edge}}
spec: {node: n1, interfaceName: eth0}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: closed}
spec: {selector: role == "edge", applyOnForward: true, ingress: [{action: Deny}]}
`;
    const matrix = computeMatrix(snapshotOf(forward), { ports: [{ protocol: 6, port: 80 }] });
    expect(matrixOutcome(matrix, 'shop/client', 'shop/web', 0)).toBe('deny');
    expect(matrixOutcome(matrix, 'shop/neighbour', 'shop/web', 0)).toBe('allow');
    expect(matrixOutcome(matrix, 'shop/web', 'shop/client', 0)).toBe('allow');
  });
});
