/**
 * Role-based access: users have roles by bindings, roles have rules, whatever no rule allows is forbidden
 * (`plugin/pkg/auth/authorizer/rbac`).
 *
 * Bindings are read from the store and kept by subject until a role or a binding changes.
 */
import { type JsonObject, objectAt, objectsAt, textAt } from '@weir/kube';
import { addToGroup } from '@weir/net';
import type { UserInfo } from '../server/api-message.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type Access, type AccessDecision, type Authorizer, type PolicyRule, superuserGroup } from './access.ts';
import { allows, rulesIn } from './policy-rule.ts';

/** A role that a subject has, in one namespace or (empty) everywhere. */
interface Grant {
  readonly namespace: string;
  readonly rules: readonly PolicyRule[];
  readonly reason: string;
}

const rbacGroup = 'rbac.authorization.k8s.io';
const stored = {
  roles: `roles.${rbacGroup}`,
  clusterRoles: `clusterroles.${rbacGroup}`,
  bindings: `rolebindings.${rbacGroup}`,
  clusterBindings: `clusterrolebindings.${rbacGroup}`,
} as const;

/** The rules of the superuser group, for those who ask what they may do. */
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] },
  { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] },
];

/** Decides by the roles and bindings of a store. */
export class RoleAuthorizer implements Authorizer {
  readonly #store: ObjectStore;
  #grants: ReadonlyMap<string, readonly Grant[]> | undefined;

  constructor(store: ObjectStore) {
    this.#store = store;
    const watched: readonly string[] = Object.values(stored);
    store.subscribe(({ key }) => {
      if (watched.includes(key.resource)) this.#grants = undefined;
    });
  }

  decide(user: UserInfo, access: Access): AccessDecision {
    if (user.groups.includes(superuserGroup)) return { allowed: true, reason: '' };
    const namespace = access.kind === 'resource' ? access.namespace : '';
    for (const grant of this.#grantsOf(user)) {
      // A role that was given in a namespace says nothing of cluster-scoped things, nor of all namespaces at once.
      if (grant.namespace !== '' && (grant.namespace !== namespace || access.kind === 'path')) continue;
      if (grant.rules.some((rule) => allows(rule, access))) return { allowed: true, reason: grant.reason };
    }
    return { allowed: false, reason: '' };
  }

  rulesOf(user: UserInfo, namespace: string): readonly PolicyRule[] {
    if (user.groups.includes(superuserGroup)) return everything;
    return this.#grantsOf(user).flatMap((grant) => (grant.namespace === '' || grant.namespace === namespace ? grant.rules : []));
  }

  #grantsOf({ username, groups }: UserInfo): readonly Grant[] {
    this.#grants ??= this.#read();
    const all = this.#grants;
    return [`User ${username}`, ...groups.map((group) => `Group ${group}`)].flatMap((subject) => all.get(subject) ?? []);
  }

  #read(): ReadonlyMap<string, readonly Grant[]> {
    const grants = new Map<string, Grant[]>();
    for (const resource of [stored.clusterBindings, stored.bindings]) {
      for (const { key, object } of this.#store.list({ resource })) {
        const binding = object.json;
        const role = objectAt(binding, 'roleRef');
        const rules = this.#rulesOfRole(role, key.namespace);
        if (rules === undefined) continue;
        for (const subject of objectsAt(binding, 'subjects')) {
          const name = subjectName(subject, key.namespace);
          if (name === undefined) continue;
          const reason = reasonOf(key, role, subject);
          addToGroup(grants, name, { namespace: key.namespace, rules, reason });
        }
      }
    }
    return grants;
  }

  /** Undefined when the role is not there: the binding gives nothing then. */
  #rulesOfRole(role: JsonObject | undefined, namespace: string): readonly PolicyRule[] | undefined {
    const name = textAt(role, 'name');
    const isCluster = textAt(role, 'kind') === 'ClusterRole';
    const found = this.#store.get(
      isCluster ? { resource: stored.clusterRoles, namespace: '', name } : { resource: stored.roles, namespace, name },
    );
    return found === undefined ? undefined : rulesIn(found.json);
  }
}

/** The subject as {@link RoleAuthorizer} looks it up; a service account is a user with a name of its own. */
function subjectName(subject: JsonObject, bindingNamespace: string): string | undefined {
  const name = textAt(subject, 'name');
  switch (subject['kind']) {
    case 'User':
    case 'Group':
      return `${subject['kind']} ${name}`;
    case 'ServiceAccount':
      return `User system:serviceaccount:${textAt(subject, 'namespace') || bindingNamespace}:${name}`;
    default:
      return undefined;
  }
}

function reasonOf(key: { namespace: string; name: string }, role: JsonObject | undefined, subject: JsonObject): string {
  const binding = key.namespace === '' ? `ClusterRoleBinding "${key.name}"` : `RoleBinding "${key.name}/${key.namespace}"`;
  const name =
    subject['kind'] === 'ServiceAccount' ? `${textAt(subject, 'name')}/${textAt(subject, 'namespace')}` : textAt(subject, 'name');
  return `RBAC: allowed by ${binding} of ${textAt(role, 'kind')} "${textAt(role, 'name')}" to ${textAt(subject, 'kind')} "${name}"`;
}
