/** Everything fake of a cluster, in an order in which it can be created. */
import type { KubeObject } from '@weir/kube';
import { namespaceBirthright } from '../controllers/namespace-controller.ts';
import type { FakeCounts } from './fake-counts.ts';
import { fakeNamespaceLabels } from './fake-labels.ts';
import { fakeNode, fakeNodeLease } from './fake-node.ts';
import { fakeNamespaceName, fakePod, fakePodsPerNamespace } from './fake-pod.ts';
import { fakePolicy } from './fake-policy.ts';

/** What the objects are made for. */
export interface FakeObjectsOptions {
  readonly counts: FakeCounts;
  readonly dualStack: boolean;
  /** PEM that namespaces carry in `kube-root-ca.crt`. */
  readonly certificateAuthority: string;
}

/** Nodes with their Leases, namespaces with what each is born with, pods, policies. The same counts give the same objects. */
export function* fakeObjects({ counts, dualStack, certificateAuthority }: FakeObjectsOptions): Iterable<KubeObject> {
  const now = new Date();
  for (let i = 0; i < counts.nodes; i++) {
    yield fakeNode(i, dualStack, now);
    yield fakeNodeLease(i);
  }
  const namespaces = Math.max(Math.ceil(counts.pods / fakePodsPerNamespace), counts.policies > 0 ? 1 : 0);
  for (let i = 0; i < namespaces; i++) {
    const name = fakeNamespaceName(i);
    yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: fakeNamespaceLabels(i) } };
    yield* namespaceBirthright(name, certificateAuthority);
  }
  for (let i = 0; i < counts.pods; i++) yield fakePod(i, { counts, dualStack, now });
  for (let i = 0; i < counts.policies; i++) yield fakePolicy(i, namespaces);
}
