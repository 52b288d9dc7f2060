/**
 * The engine's door: objects that cannot be read stay outside.
 *
 * Behind it nothing has to reckon with values that no API server stores, and nothing is half done when
 * one turns up. Who stays outside counts as not there: a pod is in no set of peers and closed where it
 * is local, a namespace is unknown. (Policies have a door of their own, which isolates: `policies.ts`.)
 */
import { checkNamespaceShape, checkPodShape, formatFieldError, type KubeObject } from '@weir/kube';

/** An object that could not be read. */
export interface RefusedObject {
  readonly kind: 'Pod' | 'Namespace';
  /** Empty for a namespace. */
  readonly namespace: string;
  readonly name: string;
  /** What is wrong with its first unreadable field. */
  readonly reason: string;
}

/** A value of a hostile object is not quoted beyond this number of characters. */
const reasonLimit = 200;

const checks = { Pod: checkPodShape, Namespace: checkNamespaceShape } as const;

/** The objects outside, until a readable version comes or they are gone. */
export class RefusedObjects {
  readonly #refused: Map<string, RefusedObject> = new Map();

  /** How many there are. */
  get size(): number {
    return this.#refused.size;
  }

  /** All of them. */
  all(): readonly RefusedObject[] {
    return [...this.#refused.values()];
  }

  /** Why the object stays outside; undefined when it does not. */
  reasonOf(kind: RefusedObject['kind'], namespace: string, name: string): string | undefined {
    return this.#refused.get(`${kind}/${namespace}/${name}`)?.reason;
  }

  /** Whether the object, which is in `namespace`, may enter; if not it is remembered. */
  admits(kind: RefusedObject['kind'], namespace: string, object: KubeObject): boolean {
    const { name = '' } = object.metadata;
    const [error] = checks[kind](object);
    if (error === undefined) {
      this.forget(kind, namespace, name);
      return true;
    }
    this.#refused.set(`${kind}/${namespace}/${name}`, { kind, namespace, name, reason: formatFieldError(error).slice(0, reasonLimit) });
    return false;
  }

  /** The object is gone. */
  forget(kind: RefusedObject['kind'], namespace: string, name: string): void {
    if (this.#refused.size > 0) this.#refused.delete(`${kind}/${namespace}/${name}`);
  }
}
