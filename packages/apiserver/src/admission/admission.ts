/**
 * Admission: what depends on other objects, or is set by the server whatever the client said.
 *
 * One function per kind that needs one; they run inside the write transaction, after defaulting and
 * before validation. What only refuses (bounds, quotas) runs after it.
 */
import { customResourceDefinitionResource, groupResource, isTerminating, type JsonObject, objectAt, textAt } from '@weir/kube';
import { forbidden, methodNotAllowed, notFound, pathNotFound } from '../errors/api-error.ts';
import { namespacesResource, subjectOf } from '../rest/rest-context.ts';
import type { CreateAdmission, UpdateAdmission } from './admission-request.ts';
import { assertWithinLimits } from './limit-range.ts';
import { admitPod } from './pod-admission.ts';
import { checkPolicyTypes } from './policies/type-checking.ts';
import { assertWithinQuota } from './resource-quota.ts';
import { allocateService } from './services/allocate-service.ts';
import { admitClaim, admitVolume, assertMayGrow } from './storage-admission.ts';

/** Admits a new object, before webhooks see it; returns what goes on. */
export function admitCreate(admission: CreateAdmission): JsonObject {
  assertKindTakesObjects(admission);
  assertNamespaceTakesObjects(admission);
  switch (groupResource(admission.target.definition)) {
    case 'pods':
      return admitPod(admission);
    case 'persistentvolumes':
      return admitVolume(admission);
    case 'persistentvolumeclaims':
      return admitClaim(admission);
    default:
      return admission.object;
  }
}

/** What the server adds to a new object once it is as everybody wants it; returns what is to be stored. */
export function completeCreate(admission: CreateAdmission): JsonObject {
  return completed(admission, undefined);
}

/** The same for a change. */
export function completeUpdate(admission: UpdateAdmission): JsonObject {
  return completed(admission, admission.old);
}

function completed(admission: CreateAdmission, old: Readonly<JsonObject> | undefined): JsonObject {
  switch (groupResource(admission.target.definition)) {
    case 'services':
      return allocate(admission, old);
    case 'validatingadmissionpolicies.admissionregistration.k8s.io':
      return checkPolicyTypes(admission.object, admission.context.registry);
    default:
      return admission.object;
  }
}

/** What may refuse a new or changed object after it has been found valid: bounds and quotas of its namespace. */
export function assertAdmissible(admission: CreateAdmission, old?: Readonly<JsonObject>): void {
  if (groupResource(admission.target.definition) === 'persistentvolumeclaims') assertMayGrow(admission, old);
  assertWithinLimits(admission, old);
  assertWithinQuota(admission, old);
}

function allocate({ object, transaction, context }: CreateAdmission, old: Readonly<JsonObject> | undefined): JsonObject {
  return allocateService(object, { transaction, serviceCidrs: context.serviceCidrs, old });
}

/** A custom kind may have gone since the request came, or be on its way out. */
function assertKindTakesObjects({ transaction, target: { definition } }: CreateAdmission): void {
  if (definition.custom === undefined) return;
  const key = { resource: customResourceDefinitionResource.storageKey, namespace: '', name: definition.storageKey };
  const found = transaction.get(key);
  if (found === undefined) throw pathNotFound();
  // Definitions are large: most need not be parsed for this.
  if (!Buffer.from(found.bytes).includes('"deletionTimestamp":') || !isTerminating(found.json)) return;
  throw methodNotAllowed('create not allowed while custom resource definition is terminating');
}

/** The namespace must be there and must not be on its way out. */
function assertNamespaceTakesObjects({ target, transaction, object }: CreateAdmission): void {
  if (!target.definition.namespaced) return;
  const { namespace } = target;
  const found = transaction.get({ resource: namespacesResource, namespace: '', name: namespace });
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces', name: namespace });
  if (!isTerminating(found.json)) return;
  throw forbidden(
    subjectOf(target, textAt(objectAt(object, 'metadata'), 'name')),
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }],
  );
}
