/** Objects on their way into the store, as admission sees them. */
import type { JsonObject } from '@weir/kube';
import type { RestContext } from '../rest/rest-context.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { StoreTransaction } from '../storage/object-store.ts';

/** A new object on its way into the store. */
export interface CreateAdmission {
  readonly context: RestContext;
  readonly transaction: StoreTransaction;
  readonly target: ResourceTarget;
  readonly object: JsonObject;
}

/** A changed object on its way into the store. */
export interface UpdateAdmission extends CreateAdmission {
  readonly old: Readonly<JsonObject>;
}
