/** What a rule asks of its peer and of the pod that it is of, ports and protocols left out, asked of one end. */
import {
  type AddressGroupName,
  asksOfEnd,
  type Direction,
  type FlowEnd,
  isGroupOfPorts,
  type Match,
  type PolicyWorld,
  type Rule,
  ruleMatches,
  type Selector,
  type Side,
  selectorTruth,
  type Truth,
  withoutPorts,
} from '@weir/model';
import { addressRangesContain, type Family } from '@weir/net';

/** What is asked of a peer. */
export interface PeerQuestion {
  readonly selector: Selector | undefined;
  /** What is asked beside the selector, services and ports; undefined where nothing is. */
  readonly rest: Side | undefined;
  /** The groups, where some count only on the ports that their members serve. */
  readonly services: readonly AddressGroupName[] | undefined;
  /** Whether it depends on the node that the pod runs on which the rule is of. */
  readonly asksNode: boolean;
}

/** The question of a rule. */
export function peerQuestion({ match }: Rule, direction: Direction): PeerQuestion {
  const peer = direction === 'ingress' ? match.source : match.destination;
  const { selector } = peer;
  // Most rules ask for labels and ports alone, and there are many.
  let isMore = false;
  for (const name in peer) if (name !== 'selector' && name !== 'ports') isMore = true;
  if (!isMore) return { selector, rest: undefined, services: undefined, asksNode: false };
  const services = direction === 'egress' && peer.groups?.some(isGroupOfPorts) === true ? peer.groups : undefined;
  const { selector: _selector, groups, ...others } = withoutPorts(peer);
  const rest = services === undefined && groups !== undefined ? { ...others, groups } : others;
  return { selector, rest: asksOfEnd(rest) ? rest : undefined, services, asksNode: peer.node !== undefined };
}

/** Whether the rule asks more of the pod that it is of than that its policy selects it. */
export function asksOfOwner({ match }: Rule, direction: Direction): boolean {
  return asksOfEnd(direction === 'ingress' ? match.destination : match.source);
}

/** Asks in one world. */
export class EndAsker {
  readonly #world: PolicyWorld;
  readonly #family: Family;
  readonly #direction: Direction;

  constructor({ world, family }: { readonly world: PolicyWorld; readonly family: Family }, direction: Direction) {
    this.#world = world;
    this.#family = family;
    this.#direction = direction;
  }

  /** Whether an end is the peer that is asked for; the owner is asked for its node alone. */
  peerTruth({ selector, rest, services }: PeerQuestion, end: FlowEnd, owner: FlowEnd = end): Truth {
    let truth: Truth = 'yes';
    if (selector !== undefined) truth = end.kind === 'endpoint' ? selectorTruth(this.#world, selector, end.endpoint) : 'no';
    if (truth === 'no') return truth;
    if (services !== undefined) truth = both(truth, this.#servicesTruth(services, end));
    if (truth === 'no' || rest === undefined) return truth;
    // Most blocks are somebody else's, and that is soon said.
    if (rest.nets !== undefined && end.address !== undefined && !addressRangesContain(rest.nets, end.address)) return 'no';
    const isIngress = this.#direction === 'ingress';
    return both(
      truth,
      this.#truth(
        isIngress ? { source: rest, destination: {} } : { source: {}, destination: rest },
        isIngress ? [end, owner] : [owner, end],
      ),
    );
  }

  /** On which ports alone an end is the peer, as a text: those that it serves; '' where on all. */
  servedBy({ services }: PeerQuestion, { address }: FlowEnd): string {
    if (services === undefined || address === undefined) return '';
    const members = services.map((group) => ({ isOfPorts: isGroupOfPorts(group), of: this.#world.inGroup(group, address) }));
    if (members.some(({ isOfPorts, of }) => !isOfPorts && of.length > 0)) return '';
    return [...new Set(members.flatMap(({ of }) => of.map(({ protocol, port }) => `${protocol ?? ''}/${port ?? ''}`)))].sort().join();
  }

  /** Whether an end is the pod that the rule is of. */
  ownTruth({ match }: Rule, owner: FlowEnd): Truth {
    const isIngress = this.#direction === 'ingress';
    const own = withoutPorts(isIngress ? match.destination : match.source);
    return this.#truth(isIngress ? { source: {}, destination: own } : { source: own, destination: {} }, [owner, owner]);
  }

  #servicesTruth(groups: readonly AddressGroupName[], { address }: FlowEnd): Truth {
    if (address === undefined) return 'unknown';
    return groups.some((group) => this.#world.inGroup(group, address).length > 0) ? 'yes' : 'no';
  }

  #truth(match: Match, [source, destination]: readonly [FlowEnd, FlowEnd]): Truth {
    return ruleMatches(
      this.#world,
      { action: 'allow', match, origin: noOrigin },
      { source, destination, protocol: 0, family: this.#family },
    );
  }
}

const noOrigin: Rule['origin'] = { policy: { apiVersion: '', kind: '', name: '' }, direction: 'ingress', ruleIndex: 0 };

function both(one: Truth, other: Truth): Truth {
  if (one === 'no' || other === 'no') return 'no';
  return one === 'yes' ? other : one;
}
