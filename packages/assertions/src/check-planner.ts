/** Whom and what the questions of assertions about one cluster are about: ends in groups, families, traffic. */
import { conditionsOf, type TrafficClass } from '@weir/connectivity';
import type { Endpoint, FlowEnd } from '@weir/model';
import type { Family } from '@weir/net';
import { type Snapshot, serviceBackends } from '@weir/snapshot';
import { EndGrouper, familiesOf, pieceEnd, withFamily } from './alike-ends.ts';
import { AskedTraffic, packetOf } from './asked-traffic.ts';
import type { Assertion, EndPattern } from './assertion.ts';
import type { AskedEnd, AskedFlow, AskedGroup } from './check.ts';
import { EndFinder, type EndProblem, type Found, type FoundEnd } from './end-finder.ts';
import { OutsideCutter } from './outside-pieces.ts';
import type { PortPattern } from './port-pattern.ts';

/** More questions are not asked for one assertion. */
export const flowsMax = 2_000_000;

/** An end that is connected to, with the only ports that it is meant on, where a service says so. */
export interface Target extends AskedEnd {
  readonly onlyOn?: readonly ServedPort[];
}

/** A port of a service: as it is asked for, and where it ends. */
export interface ServedPort {
  readonly asked: PortPattern & { kind: 'range' };
  readonly name?: string;
  readonly port: number;
}

/** What the plans of one file's assertions share. */
export class CheckPlanner {
  readonly snapshot: Snapshot;
  readonly finder: EndFinder;
  readonly grouper: EndGrouper;
  readonly cutter: OutsideCutter;
  readonly traffic: AskedTraffic;
  /** Families that pods or nodes have addresses of; IPv4 where none has any. */
  readonly families: readonly Family[];

  /** `names`: those that the file gives to ends; `eachPort`: see {@link AskedTraffic}. */
  constructor(snapshot: Snapshot, names: ReadonlyMap<string, readonly EndPattern[]>, eachPort: boolean) {
    const { world } = snapshot;
    this.snapshot = snapshot;
    this.finder = new EndFinder(snapshot, names);
    const conditions = conditionsOf([world]);
    this.grouper = new EndGrouper(world, conditions);
    this.cutter = new OutsideCutter(world, conditions);
    this.traffic = new AskedTraffic(world, eachPort);
    const addresses = [...world.endpoints, ...snapshot.nodes].flatMap((each) => each.addresses);
    const known = ([4, 6] as const).filter((family) => addresses.some((address) => address.family === family));
    this.families = known.length === 0 ? [4] : known;
  }

  /** Sources as they are asked about; services are none. */
  sources(found: Found & { kind: 'found' }, assertion: Assertion, perNode: boolean): AskedGroup[] | EndProblem {
    const service = found.ends.find(({ kind }) => kind === 'service');
    if (service !== undefined)
      return this.problem('from', `${service.name} is a service, and services do not connect`, 'name its pods', assertion);
    return this.ends(found, { perNode, ...(assertion.family === undefined ? {} : { family: assertion.family }) });
  }

  /** Pods and nodes in groups, and blocks in parts. */
  ends(
    { ends }: { readonly ends: readonly FoundEnd[] },
    { perNode, family }: { readonly perNode: boolean; readonly family?: Family },
  ): AskedGroup[] {
    const singles = ends.filter((each) => each.kind === 'end');
    const groups = this.grouper.group(singles, { perNode, markOf: () => '' });
    const pieces = ends.flatMap((each) =>
      each.kind !== 'block'
        ? []
        : ([4, 6] as const)
            .filter((one) => (family ?? one) === one && (each.ofOneFamily || this.families.includes(one) || family === one))
            .flatMap((one) => this.cutter.cut(each.ranges, one).map((piece) => [pieceEnd(piece)])),
    );
    return [...groups.map(({ asked }) => asked), ...pieces];
  }

  /** Services as the ends behind them. */
  backends(found: readonly FoundEnd[]): Target[] {
    return found.flatMap((each) => {
      if (each.kind !== 'service') return [];
      const targets = new Map<string, { readonly end: FlowEnd; readonly onlyOn: ServedPort[] }>();
      for (const port of each.service.spec?.ports ?? []) {
        const { protocol = 'TCP', name } = port;
        if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') continue;
        for (const backend of serviceBackends(this.snapshot, each.service, port)) {
          const key = JSON.stringify([backend.end.kind, endKey(backend.end)]);
          const target = targets.get(key) ?? { end: backend.end, onlyOn: [] };
          const asked = { kind: 'range', protocol, range: { first: port.port, last: port.port } } as const;
          target.onlyOn.push({ asked, port: backend.port, ...(name === undefined ? {} : { name }) });
          targets.set(key, target);
        }
      }
      return [...targets.values()].map(({ end, onlyOn }) => ({ end, name: `${nameOfEnd(end)} (service ${each.name})`, onlyOn }));
    });
  }

  /** The families in which two ends can talk and that the assertion is about. */
  familiesBetween(source: FlowEnd, destination: FlowEnd, wanted: Family | undefined): readonly Family[] {
    const [from, to] = [familiesOf(source), familiesOf(destination)];
    const both = from.length === 0 ? to : to.length === 0 ? from : to.filter((family) => from.includes(family));
    const possible = from.length === 0 && to.length === 0 ? this.families : both;
    return wanted === undefined ? possible : possible.includes(wanted) || (from.length === 0 && to.length === 0) ? [wanted] : [];
  }

  /** The questions between two ends, by their traffic, which is one of `among`. */
  flowsBetween(
    source: AskedEnd,
    destination: AskedEnd,
    { among, family }: { readonly among: readonly TrafficClass[]; readonly family: Family },
  ): (traffic: TrafficClass) => AskedFlow {
    // Once for all traffic: there are millions of questions.
    const [from, to] = [withFamily(source.end, family), withFamily(destination.end, family)];
    return (traffic) => ({
      question: { source: from, destination: to, family, ...packetOf(traffic) },
      source,
      destination,
      traffic,
      among,
    });
  }

  /** That an assertion says nothing, at one of its fields. */
  problem(field: string, message: string, action: string, assertion: Pick<Assertion, 'claim'>): EndProblem {
    const { claim } = assertion;
    const patterns = claim.kind === 'flow' ? (field === 'from' ? claim.from : claim.to) : claim.ends;
    return { kind: 'problem', message, action, path: patterns[0]?.path ?? '' };
  }
}

/** The pod that an end is. */
export function endpointOf(end: FlowEnd): Endpoint | undefined {
  return end.kind === 'endpoint' ? end.endpoint : undefined;
}

function endKey(end: FlowEnd): unknown {
  if (end.kind === 'endpoint') return end.endpoint.uid;
  return end.kind === 'node' ? end.node.name : end.address.words;
}

function nameOfEnd(end: FlowEnd): string {
  if (end.kind === 'endpoint') return `${end.endpoint.namespace}/${end.endpoint.name}`;
  return end.kind === 'node' ? `node ${end.node.name}` : 'an address outside';
}
