/** What is said of staged policies. */
import { renderStaged, stagedReport } from '@weir/analyze';
import { parseManifest } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { defined, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';

const cluster = `
apiVersion: v1
kind: Namespace
metadata: { name: demo }
---
apiVersion: v1
kind: Pod
metadata: { name: client, namespace: demo, uid: c, labels: { app: client } }
spec: { nodeName: n1, containers: [{ name: c, image: x }] }
status: { podIP: 10.0.0.1 }
---
apiVersion: v1
kind: Pod
metadata: { name: server, namespace: demo, uid: s, labels: { app: server } }
spec: { nodeName: n1, containers: [{ name: c, image: x, ports: [{ containerPort: 80 }] }] }
status: { podIP: 10.0.0.2 }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: demo }
spec: { podSelector: { matchLabels: { app: server } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: client } } }] }] }
`;

const address = (text: string): NonNullable<ReturnType<typeof parseAddress>> => defined(parseAddress(text), 'this is an address');
const flow = { source: address('10.0.0.1'), destination: address('10.0.0.2'), protocol: 6, destinationPort: 80 };

const report = (staged: string): ReturnType<typeof stagedReport> =>
  stagedReport({ objects: parseManifest(`${cluster}---${staged}`, 'w.yaml').documents, profile: engineProfiles.calico, observed: [flow] });

describe('a report about staged policies', () => {
  it('says of a new version of an enforced policy what it takes away, and what it does to flows that were seen', () => {
    const answer = report(`
apiVersion: projectcalico.org/v3
kind: StagedKubernetesNetworkPolicy
metadata: { name: web, namespace: demo }
spec: { podSelector: { matchLabels: { app: server } }, policyTypes: [Ingress] }
`);
    expect(answer.policies).toMatchObject([
      {
        policy: { kind: 'StagedKubernetesNetworkPolicy' },
        replaces: { kind: 'NetworkPolicy', name: 'web' },
        changes: [{ change: 'lost', pairs: 1 }],
      },
    ]);
    expect(answer.observed.changed).toMatchObject([{ now: 'allow', after: 'deny' }]);
    expect(renderStaged(answer).join('\n')).toContain('demo/client → demo/server: all traffic');
  });

  it('says of one that is staged for removal what would be open again', () => {
    const answer = report(`
apiVersion: projectcalico.org/v3
kind: StagedKubernetesNetworkPolicy
metadata: { name: web, namespace: demo }
spec: { stagedAction: Delete }
`);
    expect(answer.policies).toMatchObject([{ action: 'Delete', replaces: { name: 'web' }, changes: [{ change: 'gained' }] }]);
    expect(answer.pairs).toEqual({ lost: 0, gained: 1 });
    expect(answer.observed.changed).toEqual([]);
  });

  it('says of a policy that only repeats what is enforced that it changes nothing, and of none that none is staged', () => {
    const answer = report(`
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: { name: again, namespace: demo }
spec: { order: 2000, selector: "app == 'server'", ingress: [{ action: Deny }] }
`);
    expect(renderStaged(answer)).toContain('  changes no flow');
    expect(renderStaged(report(''))).toEqual(['no policy is staged']);
  });
});
