/** The labels of service accounts, which their pods can be selected by. */
import type { StringMap } from '@weir/kube';

const noLabels: StringMap = Object.freeze({});

/** All service accounts that have labels. */
export class ServiceAccounts {
  readonly #labels: Map<string, StringMap> = new Map();

  /** How many there are. */
  get size(): number {
    return this.#labels.size;
  }

  /** The account's labels; none for one that is not known. */
  labelsOf(namespace: string, name: string): StringMap {
    return this.#labels.get(`${namespace}/${name}`) ?? noLabels;
  }

  /** Says whether that changed anything. */
  set(namespace: string, name: string, labels: StringMap): boolean {
    const before = this.labelsOf(namespace, name);
    if (sameLabels(before, labels)) return false;
    if (Object.keys(labels).length === 0) this.#labels.delete(`${namespace}/${name}`);
    else this.#labels.set(`${namespace}/${name}`, labels);
    return true;
  }
}

function sameLabels(a: StringMap, b: StringMap): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}
