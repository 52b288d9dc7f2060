/**
 * ResourceQuota: what a namespace may hold (`apiserver/pkg/admission/plugin/resourcequota`).
 *
 * What is used is counted from the stored objects inside the write transaction, so two creations at once cannot both take
 * the last place, and there is no second book that could disagree. `status.used` is the quota controller's, for people.
 */
import {
  addAll,
  amountsOf,
  countedResource,
  formatQuantity,
  groupResource,
  isInScope,
  type JsonObject,
  objectAt,
  type Quantity,
  subtractQuantities,
  textAt,
  unstatedResources,
  usageOf,
  zeroQuantity,
} from '@weir/kube';
import { forbidden } from '../errors/api-error.ts';
import { subjectOf } from '../rest/rest-context.ts';
import type { CreateAdmission } from './admission-request.ts';

const quotasResource = 'resourcequotas';
/** Kinds whose changes may count more than before. */
const growing = new Set(['services', 'persistentvolumeclaims']);

/** Throws 403 when the object, new or changed, does not fit into a quota of its namespace. */
export function assertWithinQuota(admission: CreateAdmission, old?: Readonly<JsonObject>): void {
  const { target, transaction, object, context } = admission;
  const resource = groupResource(target.definition);
  if (!target.definition.namespaced || target.subresource !== '' || resource.startsWith('events')) return;
  if (old !== undefined && !growing.has(resource)) return;
  for (const { object: quota } of transaction.list({ resource: quotasResource, namespace: target.namespace })) {
    const counts = Object.keys(hardOf(quota.json)).some((name) => countedResource(name) === resource);
    if (counts && isInScope(quota.json, resource, object)) assertFits(admission, { quota: quota.json, old, nowMs: context.now() });
  }
}

interface QuotaCheck {
  readonly quota: Readonly<JsonObject>;
  readonly old: Readonly<JsonObject> | undefined;
  readonly nowMs: number;
}

function assertFits({ target, transaction, object }: CreateAdmission, { quota, old, nowMs }: QuotaCheck): void {
  const resource = groupResource(target.definition);
  const subject = subjectOf(target, textAt(objectAt(object, 'metadata'), 'name'));
  const name = textAt(objectAt(quota, 'metadata'), 'name');
  const hard = amountsOf(hardOf(quota));
  const missing = resource === 'pods' ? unstatedResources(object, hard.keys()) : new Map<string, readonly string[]>();
  if (missing.size > 0) {
    const stated = Array.from(missing, ([what, containers]) => `${what} for: ${containers.join(',')}`).join('; ');
    throw forbidden(subject, `failed quota: ${name}: must specify ${stated}`);
  }
  const before = old === undefined ? new Map<string, Quantity>() : usageOf(resource, old, nowMs);
  const wanted = new Map<string, Quantity>();
  for (const [what, amount] of usageOf(resource, object, nowMs)) {
    const more = subtractQuantities(amount, before.get(what) ?? zeroQuantity);
    if (hard.has(what) && more.nanos > 0n) wanted.set(what, more);
  }
  if (wanted.size === 0) return;
  const used = new Map<string, Quantity>();
  for (const stored of transaction.list({ resource: target.definition.storageKey, namespace: target.namespace })) {
    if (isInScope(quota, resource, stored.object.json)) addAll(used, usageOf(resource, stored.object.json, nowMs));
  }
  const usedOf = (what: string): Quantity => used.get(what) ?? zeroQuantity;
  const limitOf = (what: string): Quantity => hard.get(what) ?? zeroQuantity;
  const exceeded = [...wanted].filter(([what, more]) => usedOf(what).nanos + more.nanos > limitOf(what).nanos).map(([what]) => what);
  if (exceeded.length === 0) return;
  const text = (amountOf: (what: string) => Quantity): string =>
    exceeded
      .toSorted()
      .map((what) => `${what}=${formatQuantity(amountOf(what))}`)
      .join(',');
  const requested = text((what) => wanted.get(what) ?? zeroQuantity);
  throw forbidden(subject, `exceeded quota: ${name}, requested: ${requested}, used: ${text(usedOf)}, limited: ${text(limitOf)}`);
}

function hardOf(quota: Readonly<JsonObject>): JsonObject {
  return objectAt(objectAt(quota, 'spec'), 'hard') ?? {};
}
