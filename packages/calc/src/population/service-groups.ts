/**
 * The groups of services, kept from their EndpointSlices.
 *
 * A service has many slices and one of them changes at a time: the others' members are not read again.
 */
import { serviceGroupOf, sliceMembers } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import type { AddressGroupName, GroupMember } from '@weir/model';
import type { AddressGroups } from './address-groups.ts';

/** All services. */
export class ServiceGroups {
  /** The members of each slice, by service. */
  readonly #slices: Map<AddressGroupName, Map<string, readonly GroupMember[]>> = new Map();
  readonly #groupOf: Map<string, AddressGroupName> = new Map();
  readonly #dirty: Set<AddressGroupName> = new Set();

  /** A slice appeared or changed. */
  upsert(slice: KubeObject): void {
    const { namespace, name = '' } = slice.metadata;
    const group = serviceGroupOf(slice);
    if (group === undefined || this.#groupOf.get(`${namespace ?? ''}/${name}`) !== group) this.delete(namespace, name);
    if (group === undefined) return;
    const place = `${namespace ?? ''}/${name}`;
    this.#groupOf.set(place, group);
    const slices = this.#slices.get(group);
    const members = sliceMembers(slice);
    if (slices === undefined) this.#slices.set(group, new Map([[place, members]]));
    else slices.set(place, members);
    this.#dirty.add(group);
  }

  /** A slice is gone. */
  delete(namespace: string | undefined, name: string): void {
    const place = `${namespace ?? ''}/${name}`;
    const group = this.#groupOf.get(place);
    if (group === undefined) return;
    this.#groupOf.delete(place);
    const slices = this.#slices.get(group);
    slices?.delete(place);
    if (slices?.size === 0) this.#slices.delete(group);
    this.#dirty.add(group);
  }

  /** Tells the groups of what has changed since the last call. */
  settle(groups: AddressGroups): void {
    for (const group of this.#dirty) {
      const slices = this.#slices.get(group);
      if (slices === undefined) groups.delete(group);
      else groups.upsert(group, [...slices.values()].flat());
    }
    this.#dirty.clear();
  }
}
