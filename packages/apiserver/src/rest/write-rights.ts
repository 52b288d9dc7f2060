/** What a writer may do beyond the verb of the request, by what the object says. */
import { deepEqual, type JsonObject } from '@weir/kube';
import { assertOwnNode } from '../admission/node-restriction.ts';
import { accessTo, assertAllowed } from '../authorization/authorize-request.ts';
import { assertNoEscalation } from '../authorization/escalation.ts';
import type { WriteScope } from './write-scope.ts';

/** A PUT or an apply that creates needs the right to create as well. */
export function assertMayCreate({ context, target, user }: WriteScope): void {
  if (user !== undefined) assertAllowed(context.authorizer, user, accessTo(target, 'create'));
}

/** A node writes itself and no other. */
export function assertOwnNodeOnly({ target, user }: WriteScope, object: JsonObject, old?: Readonly<JsonObject>): void {
  const { group, kind } = target.definition;
  if (user !== undefined && group === '' && kind === 'Node') assertOwnNode({ user, object, old });
}

/** Roles and bindings give rights: only those that their author has, and nothing is asked where they stay the same. */
export function assertNoMoreRights(scope: WriteScope, object: JsonObject, old?: Readonly<JsonObject>): void {
  const { context, transaction, target, user } = scope;
  if (user === undefined || (old !== undefined && deepEqual(rightsOf(object), rightsOf(old)))) return;
  assertNoEscalation({ authorizer: context.authorizer, user, target, transaction, object });
}

function rightsOf(object: Readonly<JsonObject>): unknown {
  return [object['rules'], object['aggregationRule'], object['roleRef'], object['subjects']];
}
