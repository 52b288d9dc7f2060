/** The ends of one family in a report: what of each class is asked for, and its name once it is told. */
import { type EndClasses, outsideRanges } from '@weir/connectivity';
import type { FlowEnd } from '@weir/model';
import { type Address, type AddressRange, addressRangesContain, type Family } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { EndNames } from './end-names.ts';
import type { MatrixReportOptions } from './matrix-filter.ts';
import type { MatrixEnd } from './matrix-report.ts';
import { matrixUnits, podsOf, type Unit } from './matrix-units.ts';

/** What is made into a report. */
export interface FamilyInput {
  readonly snapshot: Snapshot;
  readonly options: MatrixReportOptions;
  readonly family: Family;
  readonly names: EndNames;
}

/** See above. */
export class FamilyEnds {
  readonly #input: FamilyInput;
  readonly #ends: EndClasses;
  readonly #units: readonly (readonly Unit[])[];
  readonly #ranges: ReadonlyMap<number, readonly AddressRange[]>;
  readonly #named: Map<string, MatrixEnd> = new Map();
  readonly #nodeCount: number;

  constructor(input: FamilyInput, ends: EndClasses) {
    this.#input = input;
    this.#ends = ends;
    this.#units = matrixUnits(input.snapshot, ends, input.options.filter ?? {});
    this.#ranges = outsideRanges(ends, [input.snapshot.world]);
    this.#nodeCount = new Set(ends.nodes.members().flatMap((at) => nodeNames(ends.classes[at]?.ends ?? []))).size;
  }

  /** The ends that were named so far. */
  named(): MatrixEnd[] {
    return [...this.#named.values()];
  }

  /** The units of classes. */
  unitsOf(classes: readonly number[]): Unit[] {
    return classes.flatMap((at) => this.#units[at] ?? []);
  }

  /** One end of all the units, which are of one kind. */
  nameOf(units: readonly Unit[]): string {
    const key = units.map((unit) => `${unit.at} ${unit.inFocus} ${unit.isSource} ${unit.isDestination}`).join();
    const end = this.#named.get(key) ?? this.#nameEnd(units);
    this.#named.set(key, end);
    return end.name;
  }

  /** The class of addresses outside that holds this one; undefined for an address of another family, or that is nobody's outside. */
  outsideAt(address: Address): number | undefined {
    if (address.family !== this.#input.family) return undefined;
    return [...this.#ranges].find(([, ranges]) => addressRangesContain(ranges, address))?.[0];
  }

  /** Pods, nodes and addresses in words, which may be a part of an end. */
  textOf(members: readonly FlowEnd[]): string {
    return this.#input.names.textOf(members);
  }

  /**
   * What connections there are to tell between two sets of units: sources with destinations. With a focus that is what goes
   * out of it, and what comes in to it from elsewhere.
   */
  rectangles(sources: readonly Unit[], destinations: readonly Unit[]): (readonly [readonly Unit[], readonly Unit[]])[] {
    const { focus = [], direction } = this.#input.options.filter ?? {};
    const from = sources.filter(({ isSource }) => isSource);
    const to = destinations.filter(({ isDestination }) => isDestination);
    if (focus.length === 0) return [[from, to]];
    const inFocus = (units: readonly Unit[], wanted = true): readonly Unit[] => units.filter((unit) => unit.inFocus === wanted);
    if (direction === 'egress') return [[inFocus(from), to]];
    if (direction === 'ingress') return [[from, inFocus(to)]];
    return [
      [inFocus(from), to],
      [inFocus(from, false), inFocus(to)],
    ];
  }

  #nameEnd(units: readonly Unit[]): MatrixEnd {
    const { names, family } = this.#input;
    const kind = units[0]?.kind;
    if (kind === 'pods') return names.pods(units.flatMap(podsOf), this.#ends);
    if (kind === 'nodes') {
      const nodes = [...new Set(units.flatMap((unit) => nodeNames(unit.ends)))];
      return names.nodes(nodes, nodes.length === this.#nodeCount, family);
    }
    const ranges = units.flatMap(({ at }) => this.#ranges.get(at) ?? []);
    return names.outside(ranges, this.#hostsIn(ranges), family);
  }

  #hostsIn(ranges: readonly AddressRange[]): string[] {
    const isIn = (address: Address): boolean => address.family === this.#input.family && addressRangesContain(ranges, address);
    return [...(this.#input.options.hosts ?? [])].flatMap(([name, addresses]) => (addresses.some(isIn) ? [name] : []));
  }
}

function nodeNames(ends: readonly FlowEnd[]): string[] {
  return ends.flatMap((end) => (end.kind === 'node' ? [end.node.name] : []));
}
