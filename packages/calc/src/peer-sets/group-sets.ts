/** The sets in use that are made of groups of addresses, by the groups that they are made of. */
import type { AddressGroupName } from '@weir/model';
import type { ProtocolPort } from '../delta/delta.ts';
import { type GroupSetSpec, groupPortsIn } from '../delta/set-spec.ts';
import type { GroupPlace, SetEntry } from '../entries.ts';

/** An address's part in a set: with `ports` exactly for sets of ports. */
export interface GroupMembership {
  readonly entry: SetEntry;
  readonly ports: readonly ProtocolPort[] | undefined;
}

/** See above. */
export class GroupSets {
  readonly #byGroup: Map<AddressGroupName, Set<SetEntry>> = new Map();
  readonly #changed: Set<AddressGroupName> = new Set();

  /** A set came into use. */
  add(entry: SetEntry, { groups }: GroupSetSpec): void {
    for (const name of groups) {
      const sets = this.#byGroup.get(name);
      if (sets === undefined) this.#byGroup.set(name, new Set([entry]));
      else sets.add(entry);
      this.#changed.add(name);
    }
  }

  /** A set went out of use. */
  delete(entry: SetEntry, { groups }: GroupSetSpec): void {
    for (const name of groups) {
      const sets = this.#byGroup.get(name);
      sets?.delete(entry);
      if (sets?.size === 0) this.#byGroup.delete(name);
      this.#changed.add(name);
    }
  }

  /** The groups that sets in use are made of. */
  get names(): readonly AddressGroupName[] {
    return [...this.#byGroup.keys()];
  }

  /** Whether a set in use is made of the group. */
  has(name: AddressGroupName): boolean {
    return this.#byGroup.has(name);
  }

  /** The groups whose sets changed since the last call. */
  takeChanged(): AddressGroupName[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** The sets that an address with these places is in. */
  membershipsOf(places: readonly GroupPlace[]): GroupMembership[] {
    const served = new Map<SetEntry, ProtocolPort[]>();
    for (const { name, ports } of places) {
      for (const entry of this.#byGroup.get(name) ?? []) {
        const others = served.get(entry);
        if (others === undefined) served.set(entry, [...ports]);
        else others.push(...ports);
      }
    }
    return [...served].flatMap(([entry, ports]): GroupMembership[] => {
      const { spec } = entry;
      if (!('groups' in spec)) return [];
      if (spec.kind === 'address') return [{ entry, ports: undefined }];
      const inside = groupPortsIn(spec, ports);
      return inside.length === 0 ? [] : [{ entry, ports: inside }];
    });
  }
}
