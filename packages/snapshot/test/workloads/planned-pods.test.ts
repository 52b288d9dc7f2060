/** Workloads without pods take part as planned pods; pods know their workloads. */
import { explainFlow } from '@weir/analyze';
import { parseManifest } from '@weir/kube';
import { computeMatrix, matrixOutcome } from '@weir/matrix';
import { protocolNumber } from '@weir/net';
import { copiesOf, loadSnapshot, type Snapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';

function snapshotOf(text: string): Snapshot {
  const { documents, diagnostics } = parseManifest(text, 'world.yaml');
  expect(diagnostics).toEqual([]);
  return loadSnapshot(documents);
}

const shop = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: frontend, namespace: shop }
spec:
  replicas: 3
  selector: { matchLabels: { app: frontend } }
  template:
    metadata: { labels: { app: frontend } }
    spec: { containers: [{ name: web, image: web, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: database, namespace: shop }
spec:
  selector: { matchLabels: { app: database } }
  template:
    metadata: { labels: { app: database } }
    spec: { serviceAccountName: keeper, containers: [{ name: db, image: db, ports: [{ containerPort: 5432 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: database, namespace: shop }
spec:
  podSelector: { matchLabels: { app: database } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: frontend } } }], ports: [{ port: 5432 }] }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: frontend, namespace: shop }
spec: { podSelector: { matchLabels: { app: frontend } }, ingress: [{ ports: [{ port: http }] }] }
`;

const tcp = (port: number): { protocol: 6; port: number } => ({ protocol: protocolNumber.TCP, port });

describe('a workload without pods', () => {
  it('is a pod of its name, with the labels, ports and account of its template', () => {
    const snapshot = snapshotOf(shop);
    expect([...snapshot.endpoints.keys()]).toEqual(['shop/frontend', 'shop/database']);
    expect(snapshot.endpoints.get('shop/database')?.labels.reserved).toMatchObject({ serviceAccount: 'keeper', name: 'database' });
    expect(snapshot.endpoints.get('shop/frontend')?.namedPorts).toEqual([{ name: 'http', protocol: 6, port: 8080 }]);
    expect(snapshot.endpoints.get('shop/frontend')?.addresses).toEqual([]);
    const asked = { source: 'shop/frontend', destination: 'shop/database', protocol: 'TCP' } as const;
    expect(explainFlow(snapshot, { ...asked, port: 5432 })).toMatchObject({ verdicts: [{ verdict: 'allow' }] });
    expect(explainFlow(snapshot, { ...asked, port: 5433 })).toMatchObject({ verdicts: [{ verdict: 'deny' }] });
  });

  it('stands for as many pods as it will have, which policies keep apart from one another', () => {
    const snapshot = snapshotOf(shop);
    const [frontend, database] = snapshot.world.endpoints;
    expect([frontend, database].map((pod) => pod && copiesOf(snapshot, pod))).toEqual([3, 1]);
    const matrix = computeMatrix(snapshot, { ports: [tcp(8080), tcp(9090)] });
    const at = matrix.classOf.get('shop/frontend') ?? -1;
    expect(matrix.outcomes[at]?.[at]).toEqual(['allow', 'deny']);
    expect(matrixOutcome(matrix, 'shop/database', 'shop/database', 1)).toBe('allow');
    const alone = matrix.classOf.get('shop/database') ?? -1;
    expect(matrix.outcomes[alone]?.[alone]).toEqual(['allow', 'allow']);
  });

  it('has as many copies as its autoscaler may give it, and a DaemonSet more than one', () => {
    const snapshot = snapshotOf(`${shop}---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: database, namespace: shop }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: StatefulSet, name: database }, maxReplicas: 7 }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: log, namespace: shop }
spec: { template: { metadata: { labels: { app: log } }, spec: { containers: [{ name: log, image: log }] } } }
`);
    expect(snapshot.world.endpoints.map((pod) => copiesOf(snapshot, pod))).toEqual([3, 7, 2]);
    expect(snapshot.workloads.get('shop/log')).toEqual({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      namespace: 'shop',
      name: 'log',
      planned: true,
    });
  });

  it('is told from a pod and from another workload of the same name', () => {
    const snapshot = snapshotOf(`${shop}---
apiVersion: v1
kind: Pod
metadata: { name: frontend, namespace: shop, labels: { app: other } }
spec: { containers: [{ name: c, image: i }] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: frontend, namespace: shop }
spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template: { metadata: { labels: { app: nightly } }, spec: { containers: [{ name: c, image: i }] } } } } }
`);
    expect([...snapshot.endpoints.keys()]).toEqual([
      'shop/frontend',
      'shop/frontend[Deployment]',
      'shop/database',
      'shop/frontend[CronJob]',
    ]);
    expect(
      explainFlow(snapshot, { source: 'shop/frontend[Deployment]', destination: 'shop/database', protocol: 'TCP', port: 5432 }),
    ).toMatchObject({
      verdicts: [{ verdict: 'allow' }],
    });
  });

  it('is none where it is a Job that has ended', () => {
    const job = (conditions: string): string => `
apiVersion: batch/v1
kind: Job
metadata: { name: seed, namespace: shop }
spec: { parallelism: 4, completions: 3, template: { spec: { containers: [{ name: c, image: i }] } } }
status: { conditions: [${conditions}] }
`;
    expect([...snapshotOf(job('{ type: Complete, status: "True" }')).pods.keys()]).toEqual([]);
    const running = snapshotOf(job(''));
    expect(running.workloads.get('shop/seed')?.replicas).toBe(3);
    expect(running.pods.get('shop/seed')?.metadata.labels).toEqual({ 'job-name': 'seed', 'batch.kubernetes.io/job-name': 'seed' });
  });
});

describe('a live pod', () => {
  const pod = (name: string, owner: string, labels: string): string => `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { ${labels} }, ownerReferences: [{ ${owner}, uid: u, controller: true }] }
spec: { containers: [{ name: c, image: i }] }
`;
  const ofReplicaSet = pod(
    'frontend-abc12-x',
    'apiVersion: apps/v1, kind: ReplicaSet, name: frontend-abc12',
    'app: frontend, pod-template-hash: abc12',
  );

  it('belongs to the Deployment behind its ReplicaSet, which is planned no more', () => {
    const replicaSet = `---
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: frontend-abc12, namespace: shop, ownerReferences: [{ apiVersion: apps/v1, kind: Deployment, name: frontend, uid: u, controller: true }] }
spec: { replicas: 1, template: { metadata: { labels: { app: frontend } }, spec: { containers: [{ name: c, image: i }] } } }
`;
    for (const text of [shop + ofReplicaSet, shop + ofReplicaSet + replicaSet]) {
      const snapshot = snapshotOf(text);
      expect([...snapshot.pods.keys()]).toEqual(['shop/frontend-abc12-x', 'shop/database']);
      expect(snapshot.workloads.get('shop/frontend-abc12-x')).toEqual({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        namespace: 'shop',
        name: 'frontend',
        replicas: 1,
        planned: false,
      });
    }
  });

  it('is known by the names of what is not among the objects', () => {
    const snapshot = snapshotOf(
      [
        ofReplicaSet,
        pod('night-29000000-x', 'apiVersion: batch/v1, kind: Job, name: night-29000000', 'a: b'),
        pod('seed-x', 'apiVersion: batch/v1, kind: Job, name: seed', 'a: b'),
        pod('pg-1', 'apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: pg', 'a: b'),
        pod('canary-5f5-x', 'apiVersion: apps/v1, kind: ReplicaSet, name: canary-5f5', 'rollouts-pod-template-hash: 5f5'),
        pod('kube-proxy-n1', 'apiVersion: v1, kind: Node, name: n1', 'a: b'),
      ].join(''),
    );
    expect([...snapshot.workloads.values()].map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'Deployment frontend',
      'CronJob night',
      'Job seed',
      'Cluster pg',
      'Rollout canary',
    ]);
  });

  it('that says of no controller is taken for one of the workload that it is called after', () => {
    const snapshot = snapshotOf(`${shop}---
apiVersion: v1
kind: Pod
metadata: { name: frontend-1, namespace: shop, labels: { app: frontend, extra: x } }
spec: { containers: [{ name: c, image: i }] }
`);
    expect([...snapshot.pods.keys()]).toEqual(['shop/frontend-1', 'shop/database']);
  });
});
