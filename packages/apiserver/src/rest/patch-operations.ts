/** JSON patches of objects, from clients and from webhooks: what is no list of operations, or too long a one, is refused. */
import { goTypeOfValue, isJsonObject, type JsonObject } from '@weir/kube';
import { type ApiError, badRequest, failure, unexplained } from '../errors/api-error.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import type { PatchError } from '../patch/patch-error.ts';
import { assertBoundedDepth } from './json-depth.ts';

/** More operations than this are refused, as upstream does. */
const jsonPatchOperationsLimit = 10_000;

/** The object with the operations applied; owns its first argument. Throws 400, 413, or a PatchError for one that does not fit. */
export function patchByOperations(object: JsonObject, patch: unknown): JsonObject {
  if (!Array.isArray(patch)) throw badRequest(`json: cannot unmarshal ${goTypeOfValue(patch)} into Go value of type []interface {}`);
  const operations = patch as readonly unknown[];
  if (!operations.every(isJsonObject)) {
    const other = operations.find((each) => !isJsonObject(each));
    throw badRequest(`json: cannot unmarshal ${goTypeOfValue(other)} into Go value of type jsonpatch.Operation`);
  }
  if (operations.length > jsonPatchOperationsLimit) {
    throw failure({
      code: 413,
      reason: 'RequestEntityTooLarge',
      message: `Request entity too large: The allowed maximum operations in a JSON patch is ${jsonPatchOperationsLimit}, got ${operations.length}`,
    });
  }
  const patched = applyJsonPatch(object, operations);
  // Operations can build deeper than any of them is.
  assertBoundedDepth(patched);
  if (!isJsonObject(patched)) throw notAnObject(patched);
  return patched;
}

/** The answer to a patch, or the result of one, that is no object. */
export function notAnObject(patch: unknown): ApiError {
  return badRequest(`json: cannot unmarshal ${goTypeOfValue(patch)} into Go value of type map[string]interface {}`);
}

/** The answer to a patch that cannot be applied. */
export function rejectedPatch({ message, fault }: PatchError): ApiError {
  if (fault === 'malformed') return badRequest(message);
  if (fault === 'unexplained') return unexplained(message);
  return failure({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: { causes: [{ reason: 'UnexpectedServerResponse', message }] },
  });
}
