/** Kinds whose objects are not stored: what is there is made of other objects, for each question anew. */
import { type JsonObject, objectName, type ResourceDefinition } from '@weir/kube';
import { notFound } from '../errors/api-error.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { EncodedObject } from '../storage/encoded-object.ts';
import { renderList, renderObject } from '../table/render-object.ts';
import { matchesOptions, parseListOptions } from './list-options.ts';
import { parseRepresentation } from './representation.ts';
import { type RestContext, subjectOf } from './rest-context.ts';
import { storedObjects } from './stored-version.ts';

/** GET of one of them, or of all. They are few: a list has no pages. */
export function readMadeObjects(context: RestContext, target: ResourceTarget, request: ApiRequest): ApiResponse {
  const { definition, name } = target;
  const representation = parseRepresentation(request.headers['accept'], request.query);
  const rendering = { definition, representation, nowMs: context.now() };
  const made = madeObjects(context, definition);
  if (name === '') {
    const options = parseListOptions(request.query, definition);
    const selected = made.filter((object) => matchesOptions(object, options, definition));
    return renderList(
      selected.map((object) => EncodedObject.of(object)),
      { resourceVersion: String(context.store.revision) },
      rendering,
    );
  }
  const found = made.find((object) => objectName(object) === name);
  if (found === undefined) throw notFound(subjectOf(target));
  return renderObject(EncodedObject.of(found), 200, rendering);
}

function madeObjects({ store }: RestContext, definition: ResourceDefinition): readonly JsonObject[] {
  return Array.from(definition.made?.(storedObjects(store)) ?? []);
}
