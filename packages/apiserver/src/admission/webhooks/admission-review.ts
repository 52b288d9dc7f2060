/** admission.k8s.io/v1 AdmissionReview: the question to a webhook, and what may be in its answer. */
import { apiVersionOf, isJsonObject, type JsonObject, objectAt, type ResourceDefinition, stringMap, textAt } from '@weir/kube';
import { type AdmissionAttributes, kindOfTarget, resourceOf } from '../admission-attributes.ts';
import { plainKind, userValue } from '../admission-values.ts';

/** What a webhook said. */
export interface WebhookAnswer {
  readonly allowed: boolean;
  readonly warnings: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  /** A JSON patch, or undefined. */
  readonly patch: unknown;
  /** A meta/v1 Status, when it came with one. */
  readonly status: Readonly<JsonObject> | undefined;
}

/** The request of a review, but for its uid. `matched`: the version under which the webhook wants to see the object. */
export function reviewRequest(attributes: AdmissionAttributes, matched: ResourceDefinition): JsonObject {
  const { target, operation, name, object, old, options, dryRun, user } = attributes;
  const asked = plainKind(kindOfTarget(target));
  // Subresources with a kind of their own have one version.
  const kind = target.definition === matched ? asked : plainKind(matched);
  return {
    kind,
    resource: resourceOf(matched),
    ...(target.subresource === '' ? {} : { subResource: target.subresource, requestSubResource: target.subresource }),
    requestKind: asked,
    requestResource: resourceOf(target.definition),
    ...(name === '' ? {} : { name }),
    ...(target.namespace === '' ? {} : { namespace: target.namespace }),
    operation,
    userInfo: userValue(user),
    object: convert(object, target.definition, matched),
    oldObject: convert(old, target.definition, matched),
    dryRun,
    options,
  };
}

/** The object in another version of its kind. */
export function convert(object: Readonly<JsonObject> | undefined, from: ResourceDefinition, to: ResourceDefinition): JsonObject | null {
  if (object === undefined) return null;
  if (from === to) return object;
  const copy = structuredClone(object) as JsonObject;
  const stored = from.conversion === undefined ? copy : from.conversion.toStored(copy);
  const converted = to.conversion === undefined ? stored : to.conversion.fromStored(stored);
  return { ...converted, apiVersion: apiVersionOf(to), kind: to.kind };
}

/** The whole question. */
export function reviewText(request: Readonly<JsonObject>, uid: string): string {
  return JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request: { uid, ...request } });
}

/** Reads an answer; throws an Error that says why it is none. `mutates`: whether it may hold a patch. */
export function readReview(text: string, uid: string, mutates: boolean): WebhookAnswer {
  const review = parseJson(text);
  if (!isJsonObject(review)) throw new Error("couldn't get version/kind; json parse error: the answer is no JSON object");
  if (review['apiVersion'] !== 'admission.k8s.io/v1' || review['kind'] !== 'AdmissionReview') {
    throw new Error(
      `received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${textAt(review, 'apiVersion')}, Kind=${textAt(review, 'kind')}`,
    );
  }
  const response = objectAt(review, 'response');
  if (response === undefined) throw new Error('received invalid webhook response: webhook response was absent');
  if (response['uid'] !== uid) {
    throw new Error(
      `received invalid webhook response: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(textAt(response, 'uid'))}`,
    );
  }
  return {
    allowed: response['allowed'] === true,
    warnings: Array.isArray(response['warnings']) ? response['warnings'].map(String) : [],
    annotations: stringMap(response, 'auditAnnotations'),
    patch: patchOf(response, mutates),
    status: objectAt(response, 'status'),
  };
}

function patchOf(response: JsonObject, mutates: boolean): unknown {
  const patch = textAt(response, 'patch');
  const type = response['patchType'];
  if (!mutates) {
    if (patch !== '') throw new Error('received invalid webhook response: validating webhook may not return response.patch');
    if (type !== undefined && type !== null)
      throw new Error('received invalid webhook response: validating webhook may not return response.patchType');
    return undefined;
  }
  if (patch === '') {
    if (type !== undefined && type !== null)
      throw new Error('received invalid webhook response: webhook returned response.patchType but not response.patch');
    return undefined;
  }
  if (type === undefined || type === null)
    throw new Error('received invalid webhook response: webhook returned response.patch but not response.patchType');
  if (type !== 'JSONPatch')
    throw new Error(`received invalid webhook response: webhook returned invalid response.patchType of ${JSON.stringify(type)}`);
  return parseJson(Buffer.from(patch, 'base64').toString());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`received invalid webhook response: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
