/** What every controller of the control plane is given, and what it gives back. */
import type { KubeClient } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import type { Logger } from 'pino';
import type { EventRecorder } from './event-recorder.ts';
import type { SharedInformers } from './shared-informers.ts';

/** The world of a controller. */
export interface ControllerContext {
  readonly client: KubeClient;
  readonly informers: SharedInformers;
  readonly events: EventRecorder;
  readonly log: Logger;
}

/** A running controller. */
export interface Controller {
  /** Ends the work; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

/** `namespace/name`, or the name alone for cluster-scoped objects. */
export function objectKey(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === '' ? (name ?? '') : `${namespace}/${name ?? ''}`;
}

/** The two parts of an object key; the namespace is undefined for cluster-scoped objects. */
export function splitObjectKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: undefined, name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
