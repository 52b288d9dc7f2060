/**
 * Nobody gives more than they have (`pkg/registry/rbac`): whoever writes a role must hold all that it allows, or may
 * `escalate`; whoever binds one must hold it, or may `bind` it.
 */
import { type JsonObject, objectAt, textAt } from '@weir/kube';
import { forbidden } from '../errors/api-error.ts';
import { subjectOf } from '../rest/rest-context.ts';
import type { UserInfo } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { StoreTransaction } from '../storage/object-store.ts';
import { type Authorizer, type PolicyRule, superuserGroup } from './access.ts';
import { formatRule, rulesIn, uncovered } from './policy-rule.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** A role or a binding on its way into the store. */
export interface RoleWrite {
  readonly authorizer: Authorizer;
  readonly user: UserInfo;
  readonly target: ResourceTarget;
  readonly transaction: StoreTransaction;
  readonly object: Readonly<JsonObject>;
}

/** Throws 403 when the write gives more than its author has; objects of other kinds pass. */
export function assertNoEscalation(write: RoleWrite): void {
  const { target, user } = write;
  if (target.definition.group !== rbacGroup || target.subresource !== '' || user.groups.includes(superuserGroup)) return;
  if (target.definition.kind === 'Role' || target.definition.kind === 'ClusterRole') assertHolds(write, rulesIn(write.object), 'escalate');
  else assertMayBind(write);
}

function assertMayBind(write: RoleWrite): void {
  const role = objectAt(write.object, 'roleRef');
  const isCluster = textAt(role, 'kind') === 'ClusterRole';
  const plural = isCluster ? 'clusterroles' : 'roles';
  const name = textAt(role, 'name');
  const namespace = isCluster ? '' : write.target.namespace;
  const access = {
    kind: 'resource',
    verb: 'bind',
    group: rbacGroup,
    resource: plural,
    subresource: '',
    namespace: write.target.namespace,
    name,
  } as const;
  if (write.authorizer.decide(write.user, access).allowed) return;
  const found = write.transaction.get({ resource: `${plural}.${rbacGroup}`, namespace, name });
  // A role that is not there gives nothing now, but might later.
  if (found === undefined) {
    throw forbidden(subjectOf(write.target, nameOf(write.object)), `${plural}.${rbacGroup} ${JSON.stringify(name)} not found`);
  }
  assertHolds(write, rulesIn(found.json), undefined);
}

function assertHolds({ authorizer, user, target, object }: RoleWrite, asked: readonly PolicyRule[], verb: string | undefined): void {
  const { definition, namespace } = target;
  const name = nameOf(object);
  if (verb !== undefined) {
    const access = { kind: 'resource', verb, group: rbacGroup, resource: definition.plural, subresource: '', namespace, name } as const;
    if (authorizer.decide(user, access).allowed) return;
  }
  const missing = uncovered(asked, authorizer.rulesOf(user, namespace));
  if (missing.length === 0) return;
  const groups = user.groups.map((each) => JSON.stringify(each)).join(' ');
  const who = `user ${JSON.stringify(user.username)} (groups=[${groups}])`;
  throw forbidden(
    subjectOf(target, name),
    `${who} is attempting to grant RBAC permissions not currently held:\n${missing.map(formatRule).join('\n')}`,
  );
}

function nameOf(object: Readonly<JsonObject>): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}
