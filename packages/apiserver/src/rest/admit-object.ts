/** What webhooks and policies say to objects on their way into the store, and out of it. */
import { type JsonObject, objectAt, textAt } from '@weir/kube';
import type { AdmissionAttributes, AdmissionOperation, AdmissionSituation } from '../admission/admission-attributes.ts';
import type { RequestAdmission } from '../admission/request-admission.ts';
import type { UserInfo } from '../server/api-message.ts';
import { fillType, fitObject } from './read-body.ts';
import type { WriteScope } from './write-scope.ts';

/** Objects before and after, in the version that the client speaks. */
interface Change {
  readonly object: Readonly<JsonObject> | undefined;
  readonly old?: Readonly<JsonObject> | undefined;
}

/** An object after all mutating webhooks, defaulted. Without any it is the argument itself. */
export function mutatedObject(scope: WriteScope, object: JsonObject, old?: Readonly<JsonObject>): JsonObject {
  const { admission, user, target } = scope;
  if (admission === undefined || user === undefined) return object;
  const operation = old === undefined ? 'CREATE' : 'UPDATE';
  const options = { fieldValidation: 'Ignore', repeated: [] } as const;
  return admission.mutate(situationOf(scope, { admission, user, operation }, { object, old }), (patched) => {
    fillType(patched, target.definition);
    return target.definition.defaults(fitObject(patched, target.definition, options).object);
  });
}

/** Throws what a policy or a webhook denies; the change is given only when somebody asks. */
export function assertAdmitted(
  scope: WriteScope,
  change: () => { readonly object: JsonObject; readonly old?: Readonly<JsonObject> },
): void {
  const { admission, user } = scope;
  if (admission === undefined || user === undefined) return;
  const { object, old } = change();
  const operation = old === undefined ? 'CREATE' : 'UPDATE';
  admission.validate(situationOf(scope, { admission, user, operation }, { object, old }));
}

/** Throws when a policy or a webhook keeps an object from being deleted. */
export function assertDeletionAdmitted(scope: WriteScope, old: () => Readonly<JsonObject>): void {
  assertActionAdmitted(scope, 'DELETE', () => ({ object: undefined, old: old() }));
}

/** The same for what is done through a subresource: its object (a Scale, an Eviction, a Binding) is not what is stored. */
export function assertActionAdmitted(scope: WriteScope, operation: AdmissionOperation, change: () => Change): void {
  const { admission, user } = scope;
  if (admission === undefined || user === undefined) return;
  admission.admitUnchanged(situationOf(scope, { admission, user, operation }, change()));
}

interface Asker {
  readonly admission: RequestAdmission;
  readonly user: UserInfo;
  readonly operation: AdmissionOperation;
}

function situationOf(scope: WriteScope, { user, operation }: Asker, { object, old }: Change): AdmissionSituation {
  const { target, dryRun, record, transaction } = scope;
  const attributes: AdmissionAttributes = {
    operation,
    target,
    name: target.name || textAt(objectAt(object, 'metadata'), 'name'),
    object,
    old,
    options: optionsOf(operation, { dryRun, manager: record?.manager }),
    dryRun,
    user,
  };
  return { attributes, transaction };
}

const optionKinds: Readonly<Record<Exclude<AdmissionOperation, 'CONNECT'>, string>> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
};

function optionsOf(
  operation: AdmissionOperation,
  { dryRun, manager }: { readonly dryRun: boolean; readonly manager: string | undefined },
): JsonObject | null {
  if (operation === 'CONNECT') return null;
  return {
    kind: optionKinds[operation],
    apiVersion: 'meta.k8s.io/v1',
    ...(manager === undefined ? {} : { fieldManager: manager }),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
}
