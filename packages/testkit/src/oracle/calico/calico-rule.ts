/**
 * Whether a rule of Calico is about a flow: "all criteria AND; list items OR", positive and negated ones must both hold.
 *
 * A named port is one that the pod at that end declares, of the pods that the end's positive selectors mean. A rule with
 * blocks of one family alone in some field is skipped for the other.
 */
import { blockHolds } from '../address-number.ts';
import type { ResolvedEnd } from '../inhabitants.ts';
import { asBlock, type CalicoIdentities } from './calico-identities.ts';
import type { CalicoFlow, CalicoRuleSection, EntitySection, IcmpSection } from './calico-objects.ts';
import { type LabelPredicate, readSelectorText } from './calico-selector-text.ts';

/** A flow with what lives at its ends. */
export interface CalicoQuestion {
  readonly flow: CalicoFlow;
  readonly source: ResolvedEnd;
  readonly destination: ResolvedEnd;
}

/** One end of a rule, read. */
interface ReadEntity {
  readonly entity: EntitySection;
  /** All of them must hold for one and the same pod or set; empty: anybody, also who has no labels. */
  readonly wanted: readonly LabelPredicate[];
  readonly unwanted: LabelPredicate | undefined;
}

/** A rule of a policy of this namespace, or without one of the cluster. */
export class ReadRule {
  readonly action: CalicoRuleSection['action'];
  readonly #rule: CalicoRuleSection;
  readonly #source: ReadEntity;
  readonly #destination: ReadEntity;
  readonly #identities: CalicoIdentities;

  constructor(rule: CalicoRuleSection, namespace: string | undefined, identities: CalicoIdentities) {
    this.action = rule.action;
    this.#rule = rule;
    this.#source = readEntity(rule.source ?? {}, namespace);
    this.#destination = readEntity(rule.destination ?? {}, namespace);
    this.#identities = identities;
  }

  /** Whether the rule is about it. */
  isAbout({ flow, source, destination }: CalicoQuestion): boolean {
    const { protocol, notProtocol, icmp, notICMP } = this.#rule;
    const number = numberOfFlow(flow, source.address.family);
    if (!this.#isOfFamily(source.address.family)) return false;
    if (protocol !== undefined && numberOf(protocol) !== number) return false;
    if (notProtocol !== undefined && numberOf(notProtocol) === number) return false;
    if (icmp !== undefined && !isMessage(icmp, flow)) return false;
    if (notICMP !== undefined && isMessage(notICMP, flow)) return false;
    const sent = { port: flow.sourcePort, protocol: flow.protocol };
    return this.#isEnd(this.#source, source, sent) && this.#isEnd(this.#destination, destination, { ...sent, port: flow.port });
  }

  /** "ICMP ⇒ v4 and ICMPv6 ⇒ v6 are implied." */
  #isOfFamily(family: 4 | 6): boolean {
    const { ipVersion, protocol, source = {}, destination = {} } = this.#rule;
    if (ipVersion !== undefined && ipVersion !== family) return false;
    if (ipVersion === undefined && protocol !== undefined) {
      if (numberOf(protocol) === 1 && family === 6) return false;
      if (numberOf(protocol) === 58 && family === 4) return false;
    }
    const fields = [source.nets, source.notNets, destination.nets, destination.notNets];
    return fields.every((nets = []) => nets.length === 0 || nets.some((net) => net.includes(':') === (family === 6)));
  }

  #isEnd(
    { entity, wanted, unwanted }: ReadEntity,
    end: ResolvedEnd,
    { port, protocol }: { readonly port: number | undefined; readonly protocol: string },
  ): boolean {
    const identities = this.#identities.at(end);
    if (wanted.length > 0 && !identities.some((labels) => wanted.every((holds) => holds(labels)))) return false;
    if (unwanted !== undefined && identities.some(unwanted)) return false;
    const { nets = [], notNets = [], ports = [], notPorts = [] } = entity;
    const isIn = (net: string): boolean => blockHolds(asBlock(net), end.address);
    if (nets.length > 0 && !nets.some(isIn)) return false;
    if (notNets.some(isIn)) return false;
    const carriers = this.#identities.carriersAt(end).filter(({ labels }) => wanted.every((holds) => holds(labels)));
    const named = carriers.flatMap((carrier) => carrier.ports);
    const isPort = (text: number | string): boolean => {
      if (port === undefined) return false;
      const [first = '', last = first] = String(text).split(':');
      if (/^[0-9]+$/.test(first)) return port >= Number(first) && port <= Number(last);
      return named.some((own) => own.name === text && own.number === port && own.protocol === protocol);
    };
    return (ports.length === 0 || ports.some(isPort)) && !notPorts.some(isPort);
  }
}

/**
 * A policy of a namespace means its own one where it names none, as soon as it asks for labels at all; `notSelector` is
 * asked of everybody.
 */
function readEntity(entity: EntitySection, namespace: string | undefined): ReadEntity {
  const { selector = '', notSelector = '', namespaceSelector = '', serviceAccounts } = entity;
  const asksForLabels = selector !== '' || notSelector !== '' || namespaceSelector !== '' || serviceAccounts !== undefined;
  const wanted: LabelPredicate[] = [];
  if (namespaceSelector !== '') wanted.push(readSelectorText(namespaceSelector, 'pcns.'));
  else if (namespace !== undefined && asksForLabels) wanted.push((labels) => labels.get('projectcalico.org/namespace') === namespace);
  if (selector !== '') wanted.push(readSelectorText(selector));
  const { names = [], selector: accounts = '' } = serviceAccounts ?? {};
  if (names.length > 0) wanted.push((labels) => names.some((name) => labels.get('projectcalico.org/serviceaccount') === name));
  if (accounts !== '') wanted.push(readSelectorText(accounts, 'pcsa.'));
  return { entity, wanted, unwanted: notSelector === '' ? undefined : readSelectorText(notSelector) };
}

const protocolNumbers: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmpv6: 58, udplite: 136 };

/** "Protocol parsing ignores case." */
function numberOf(protocol: string | number): number {
  return typeof protocol === 'number' ? protocol : (protocolNumbers[protocol.toLowerCase()] ?? Number(protocol));
}

function numberOfFlow({ protocol }: CalicoFlow, family: 4 | 6): number {
  return numberOf(protocol === 'ICMP' && family === 6 ? 'icmpv6' : protocol);
}

/** "notICMP {type, code} negates the conjunction." */
function isMessage({ type, code }: IcmpSection, { icmp }: CalicoFlow): boolean {
  return icmp !== undefined && icmp.type === type && (code === undefined || icmp.code === code);
}
