/** A small shop for tests of assertions, in manifests: workloads without addresses, a service, a policy for its database. */
import { type AssertionResult, readAssertions, runAssertions } from '@weir/assertions';
import { formatDiagnostic, parseManifest } from '@weir/kube';
import { type LoadSnapshotOptions, loadSnapshot, type Snapshot } from '@weir/snapshot';

const deployment = (kind: string, name: string, replicas: number, port: string): string => `
apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec: { replicas: ${replicas}, template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: c, image: c, ports: [${port}] }] } } }
`;

const shopManifests = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: shop } }
---
apiVersion: v1
kind: Namespace
metadata: { name: tools }
---${deployment('Deployment', 'web', 3, '{ name: http, containerPort: 8080 }')}
---${deployment('StatefulSet', 'db', 2, '{ name: sql, containerPort: 5432 }')}
---
apiVersion: v1
kind: Pod
metadata: { name: probe, namespace: tools, labels: { app: probe } }
spec: { containers: [{ name: c, image: probe }] }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { selector: { app: db }, ports: [{ name: sql, port: 15432, targetPort: sql }] }
---
apiVersion: v1
kind: Service
metadata: { name: nothing, namespace: shop }
spec: { selector: { app: nothing }, ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress:
  - from: [{ podSelector: { matchLabels: { app: web } } }]
    ports: [{ port: sql }]
`;

/** The shop, and what else there is, as an engine reads it. */
export function shop(more = '', options: LoadSnapshotOptions = {}): Snapshot {
  return loadSnapshot(parseManifest(`${shopManifests}---\n${more}`, 'shop.yaml').documents, options);
}

/** The results of assertions, written as the list below `tests:`. */
export function results(snapshot: Snapshot, tests: string, before = ''): readonly AssertionResult[] {
  const { files, diagnostics } = readAssertions(`${before}\ntests:\n${tests}`, 'shop.weir-test.yaml');
  if (diagnostics.length > 0) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return files.flatMap((file) => runAssertions(snapshot, file, { eachPort: true }));
}

/** What came of each assertion, and in short why. */
export function outcomes(snapshot: Snapshot, tests: string, before = ''): readonly string[] {
  return results(snapshot, tests, before).map(({ outcome, failures, problem }) =>
    [outcome, ...failures.map(({ message }) => message), ...(problem === undefined ? [] : [`${problem.message}: ${problem.action}`])].join(
      '; ',
    ),
  );
}
