/** Keeps the rules of aggregated ClusterRoles: all rules of the roles that their selectors choose (`pkg/controller/clusterroleaggregation`). */
import { isDeepStrictEqual } from 'node:util';
import { isConflict, isNotFound, type ResourcePath } from '@weir/client';
import { type KubeObject, type LabelSelector, matchesLabelSelector } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey } from './controller.ts';
import { KeyedQueue } from './keyed-queue.ts';

interface ClusterRole extends KubeObject {
  readonly rules?: readonly unknown[];
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelector[] };
}

const clusterRolesPath: ResourcePath = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles' };

/** Starts the controller. */
export function startClusterRoleController({ client, informers, log }: ControllerContext): Controller {
  const touchAll = (): void => {
    for (const role of roles.list()) if (role.aggregationRule !== undefined) queue.add(objectKey(role));
  };
  const roles = informers.follow<ClusterRole>(clusterRolesPath, { upsert: touchAll, remove: touchAll });
  const queue = new KeyedQueue({
    work: async (name) => {
      const role = roles.get(undefined, name);
      if (role?.aggregationRule === undefined) return;
      const rules = aggregate(role, roles.list());
      if (isDeepStrictEqual(rules, role.rules ?? [])) return;
      try {
        const { resourceVersion } = role.metadata;
        await client.patch(clusterRolesPath, name, { metadata: { resourceVersion }, rules }, { type: 'merge' });
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    },
    onError: (role, error) => log.warn({ role, error: String(error) }, 'an aggregated role is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

/** The rules of the chosen roles by name, each once. */
function aggregate(role: ClusterRole, all: readonly ClusterRole[]): readonly unknown[] {
  const rules: unknown[] = [];
  const sorted = all.toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    for (const other of sorted) {
      if (other.metadata.name === role.metadata.name || !matchesLabelSelector(selector, other.metadata.labels ?? {})) continue;
      for (const rule of other.rules ?? []) if (!rules.some((each) => isDeepStrictEqual(each, rule))) rules.push(rule);
    }
  }
  return rules;
}
