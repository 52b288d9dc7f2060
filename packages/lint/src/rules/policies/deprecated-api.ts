/** Policies in versions of their APIs that are given up. */
import type { LintObject } from '../../context/lint-object.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule about versions that are no longer served. */
export const deprecatedApi: LintRule = {
  id: 'deprecated-api',
  title: 'a policy in a version of its API that is given up',
  severity: 'warning',
  *check({ objects }) {
    // A cluster gives objects in the version that it stores.
    for (const of of objects) if (of.positionOf !== undefined) yield* deprecated(of);
  },
};

function deprecated(of: LintObject): readonly DraftFinding[] {
  const { apiVersion = '', kind = '' } = of.object;
  const say = (message: string, action: string, severity?: DraftFinding['severity']): readonly DraftFinding[] => [
    { about: of, field: 'apiVersion', message, action, ...(severity === undefined ? {} : { severity }) },
  ];
  if (apiVersion === 'policy.networking.k8s.io/v1alpha1' && kind.endsWith('AdminNetworkPolicy')) {
    const next = 'ClusterNetworkPolicy of policy.networking.k8s.io/v1alpha2';
    return say(`${kind} is given up for ${next}`, `write it as ${next}: weir convert --to cluster does`);
  }
  if (kind === 'NetworkPolicy' && apiVersion.startsWith('extensions/')) {
    return say(
      'no API server since Kubernetes 1.16 knows this version, and nothing is enforced',
      'write apiVersion: networking.k8s.io/v1',
      'error',
    );
  }
  if (apiVersion === 'crd.projectcalico.org/v1' && kind.endsWith('NetworkPolicy')) {
    return say(
      'this is how Calico stores its policies, and nothing checks what is written there',
      'write apiVersion: projectcalico.org/v3',
    );
  }
  return [];
}
