/** Server-side apply. */
import type { JsonObject } from '@weir/kube';
import type { ResourceTarget } from '../server/resource-target.ts';
import { applyMergePatch } from './merge-patch.ts';

/** One apply. */
export interface ApplyOptions {
  readonly target: ResourceTarget;
  readonly applied: JsonObject;
  readonly live: Readonly<JsonObject> | undefined;
  readonly manager: string;
  readonly force: boolean;
  readonly time: string;
}

/** Merges. */
export function applyServerSide(options: ApplyOptions): JsonObject {
  return applyMergePatch(options.live ?? {}, options.applied) as JsonObject;
}
