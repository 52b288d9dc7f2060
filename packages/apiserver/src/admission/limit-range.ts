/** LimitRange: defaults and bounds of what containers, pods and claims ask for (`plugin/pkg/admission/limitranger`). */
import {
  type Amounts,
  amountsOf,
  containerAmounts,
  ensureObject,
  formatQuantity,
  groupResource,
  type JsonObject,
  objectAt,
  objectsAt,
  podAmounts,
  type Quantity,
  setDefault,
  textAt,
} from '@weir/kube';
import { forbidden } from '../errors/api-error.ts';
import { subjectOf } from '../rest/rest-context.ts';
import type { CreateAdmission } from './admission-request.ts';

const limitRangesResource = 'limitranges';
const annotation = 'kubernetes.io/limit-ranger';

/** Gives a new pod's containers the defaults of the namespace's limit ranges; changes the pod. */
export function applyDefaultLimits(admission: CreateAdmission): void {
  const spec = objectAt(admission.object, 'spec');
  const set: string[] = [];
  for (const limit of limitsOf(admission)) {
    if (limit['type'] !== 'Container') continue;
    for (const [field, prefix] of [
      ['containers', 'container'],
      ['initContainers', 'init container'],
    ] as const) {
      for (const container of objectsAt(spec, field)) set.push(...defaultContainer(container, limit, prefix));
    }
  }
  if (set.length === 0) return;
  const annotations = ensureObject(ensureObject(admission.object, 'metadata'), 'annotations');
  annotations[annotation] = `LimitRanger plugin set: ${set.join('; ')}`;
}

/** Sets what a container leaves out; tells what it set, in the words of the annotation. */
function defaultContainer(container: JsonObject, limit: JsonObject, prefix: string): string[] {
  return (
    [
      ['requests', 'defaultRequest', 'request'],
      ['limits', 'default', 'limit'],
    ] as const
  ).flatMap(([part, field, word]) => {
    const values = Object.entries(objectAt(limit, field) ?? {});
    const present = objectAt(objectAt(container, 'resources'), part);
    const absent = values.filter(([name]) => present?.[name] === undefined);
    if (absent.length === 0) return [];
    const list = ensureObject(ensureObject(container, 'resources'), part);
    for (const [name, value] of absent) setDefault(list, name, value);
    const names = absent.map(([name]) => name).sort();
    return [`${names.join(', ')} ${word} for ${prefix} ${textAt(container, 'name')}`];
  });
}

/** Throws 403 when a pod or claim is outside of what a limit range of the namespace allows. */
export function assertWithinLimits(admission: CreateAdmission, old?: Readonly<JsonObject>): void {
  const { target, object } = admission;
  const resource = groupResource(target.definition);
  // What a pod asks for cannot change.
  if (resource === 'pods' && old !== undefined) return;
  if (target.subresource !== '' || (resource !== 'pods' && resource !== 'persistentvolumeclaims')) return;
  const spec = objectAt(object, 'spec');
  for (const limit of limitsOf(admission)) {
    const errors = resource === 'pods' ? podErrors(spec, limit) : claimErrors(spec, limit);
    const messages = [...new Set(errors)];
    const [first] = messages;
    if (first === undefined) continue;
    const message = messages.length === 1 ? first : `[${messages.join(', ')}]`;
    throw forbidden(subjectOf(target, textAt(objectAt(object, 'metadata'), 'name')), message);
  }
}

function limitsOf({ transaction, target }: CreateAdmission): readonly JsonObject[] {
  return Array.from(transaction.list({ resource: limitRangesResource, namespace: target.namespace })).flatMap(({ object }) =>
    objectsAt(objectAt(object.json, 'spec'), 'limits'),
  );
}

function podErrors(spec: JsonObject | undefined, limit: JsonObject): string[] {
  const type = textAt(limit, 'type');
  if (type === 'Pod') {
    const own = { requests: podAmounts(spec, 'requests'), limits: podAmounts(spec, 'limits') };
    return boundErrors(limit, own);
  }
  if (type !== 'Container') return [];
  return [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')].flatMap((container) =>
    boundErrors(limit, { requests: containerAmounts(container, 'requests'), limits: containerAmounts(container, 'limits') }),
  );
}

function claimErrors(spec: JsonObject | undefined, limit: JsonObject): string[] {
  const type = textAt(limit, 'type');
  if (type !== 'PersistentVolumeClaim') return [];
  const requests = amountsOf(objectAt(objectAt(spec, 'resources'), 'requests'));
  const bounds = [
    ['minimum', amountsOf(objectAt(limit, 'min')), (a: Quantity, b: Quantity) => a.nanos < b.nanos],
    ['maximum', amountsOf(objectAt(limit, 'max')), (a: Quantity, b: Quantity) => a.nanos > b.nanos],
  ] as const;
  return bounds.flatMap(([word, bound, isOutside]) =>
    Array.from(bound).flatMap(([name, enforced]) => {
      const request = requests.get(name);
      const usage = `${word} ${name} usage per ${type} is ${formatQuantity(enforced)}`;
      if (request === undefined) return [`${usage}.  No request is specified`];
      return isOutside(request, enforced) ? [`${usage}, but request is ${formatQuantity(request)}`] : [];
    }),
  );
}

interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

function boundErrors(limit: JsonObject, asked: Asked): string[] {
  const type = textAt(limit, 'type');
  const each = (field: string, check: (name: string, enforced: Quantity, usage: string) => string | undefined): string[] =>
    Array.from(amountsOf(objectAt(limit, field))).flatMap(([name, enforced]) => {
      const word = field === 'min' ? 'minimum' : 'maximum';
      return check(name, enforced, `${word} ${name} usage per ${type} is ${formatQuantity(enforced)}`) ?? [];
    });
  return [
    ...each('min', (name, enforced, usage) => {
      const { request, max } = askedOf(asked, name);
      if (request === undefined) return `${usage}.  No request is specified`;
      if (request.nanos < enforced.nanos) return `${usage}, but request is ${formatQuantity(request)}`;
      return max !== undefined && max.nanos < enforced.nanos ? `${usage}, but limit is ${formatQuantity(max)}` : undefined;
    }),
    ...each('max', (name, enforced, usage) => {
      const { request, max } = askedOf(asked, name);
      if (max === undefined) return `${usage}.  No limit is specified`;
      if (max.nanos > enforced.nanos) return `${usage}, but limit is ${formatQuantity(max)}`;
      return request !== undefined && request.nanos > enforced.nanos ? `${usage}, but request is ${formatQuantity(request)}` : undefined;
    }),
    ...each('maxLimitRequestRatio', (name, enforced) => ratioError(askedOf(asked, name), enforced, { name, type })),
  ];
}

interface AskedOf {
  readonly request: Quantity | undefined;
  readonly max: Quantity | undefined;
}

function askedOf(asked: Asked, name: string): AskedOf {
  return { request: asked.requests.get(name), max: asked.limits.get(name) };
}

function ratioError({ request, max }: AskedOf, enforced: Quantity, { name, type }: { name: string; type: string }): string | undefined {
  const ratio = `${name} max limit to request ratio per ${type} is ${formatQuantity(enforced)}`;
  if (request === undefined || request.nanos === 0n) return `${ratio}, but no request is specified or request is 0`;
  if (max === undefined || max.nanos === 0n) return `${ratio}, but no limit is specified or limit is 0`;
  const provided = Number(max.nanos) / Number(request.nanos);
  return provided > Number(enforced.nanos) / 1e9 ? `${ratio}, but provided ratio is ${provided.toFixed(6)}` : undefined;
}
