/** A request as webhooks and admission policies see it. */
import type { GroupVersionKind, JsonObject, ResourceDefinition } from '@weir/kube';
import type { UserInfo } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { StoreTransaction } from '../storage/object-store.ts';

/** What is done. */
export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One thing that is to be admitted. Objects are of the target's kind, or of its subresource's, as clients see them. */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation;
  readonly target: ResourceTarget;
  /** The name of the object; empty where it is still to be made. */
  readonly name: string;
  /** Absent for deletions. */
  readonly object: Readonly<JsonObject> | undefined;
  /** What is there before; absent for creations. */
  readonly old: Readonly<JsonObject> | undefined;
  /** CreateOptions, UpdateOptions or DeleteOptions; connections have none. */
  readonly options: Readonly<JsonObject> | null;
  readonly dryRun: boolean;
  readonly user: UserInfo;
}

/** The attributes in the transaction in which they are admitted. */
export interface AdmissionSituation {
  readonly attributes: AdmissionAttributes;
  readonly transaction: StoreTransaction;
}

/** The kind of the objects of a request: of the subresource, where it has one of its own. */
export function kindOfTarget({ definition, subresource }: ResourceTarget): GroupVersionKind {
  const own = definition.subresources.find(({ name }) => name === subresource)?.kind;
  return own ?? definition;
}

/** The resource of a definition as reviews and expressions write it. */
export function resourceOf({ group, version, plural }: ResourceDefinition): { group: string; version: string; resource: string } {
  return { group, version, resource: plural };
}
