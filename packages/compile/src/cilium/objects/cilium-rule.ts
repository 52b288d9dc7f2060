/** The rules of a spec under the names that both directions share, each with its place. */
import type { LabelSelector } from '@weir/kube';
import type { Direction } from '@weir/model';
import type {
  CiliumCidrRule,
  CiliumDomain,
  CiliumEgressRule,
  CiliumIngressRule,
  CiliumPolicy,
  CiliumServiceReference,
  CiliumSpec,
} from './cilium-policy.ts';

/** Whom a rule is about; a list that is there and empty means nobody. */
interface CiliumPeers {
  readonly Endpoints?: readonly LabelSelector[];
  readonly CIDR?: readonly string[];
  readonly CIDRSet?: readonly CiliumCidrRule[];
  readonly Entities?: readonly string[];
  readonly Nodes?: readonly LabelSelector[];
  readonly Groups?: readonly object[];
  readonly Services?: readonly CiliumServiceReference[];
  readonly FQDNs?: readonly CiliumDomain[];
}

/** The kinds of peers, in the order of the API's fields. */
export const peerKinds = ['Endpoints', 'CIDR', 'CIDRSet', 'Entities', 'Nodes', 'Groups', 'Services', 'FQDNs'] as const;

/** One rule: what it does, to whom and what. */
export interface CiliumRule extends Pick<CiliumIngressRule, 'toPorts' | 'icmps' | 'authentication'> {
  readonly direction: Direction;
  readonly isDeny: boolean;
  readonly index: number;
  /** The list of rules that it is in: `ingress`, `egressDeny`, `specs[1].ingress`. */
  readonly section: string;
  /** The path of the rule: `spec.ingressDeny[0]`. */
  readonly path: string;
  /** `from` or `to`: what the fields of peers begin with. */
  readonly prefix: 'from' | 'to';
  readonly peers: CiliumPeers;
  readonly requires?: readonly LabelSelector[];
}

const sections = [
  { section: 'ingress', direction: 'ingress', isDeny: false },
  { section: 'ingressDeny', direction: 'ingress', isDeny: true },
  { section: 'egress', direction: 'egress', isDeny: false },
  { section: 'egressDeny', direction: 'egress', isDeny: true },
] as const;

/** The rules of all sections of a spec at a path. */
export function rulesOf(spec: CiliumSpec, path: string): readonly CiliumRule[] {
  return sections.flatMap(({ section, direction, isDeny }) =>
    (spec[section] ?? []).map((rule, index): CiliumRule => {
      const list = path === 'spec' ? section : `${path}.${section}`;
      const place = { direction, isDeny, index, section: list, path: `${path}.${section}[${index}]` };
      return direction === 'ingress' ? ingressRule(rule, place) : egressRule(rule, place);
    }),
  );
}

/** Whether a spec says anything about a direction. */
export function speaksOf(spec: CiliumSpec, direction: Direction): boolean {
  const [allow = [], deny = []] = direction === 'ingress' ? [spec.ingress, spec.ingressDeny] : [spec.egress, spec.egressDeny];
  return allow.length > 0 || deny.length > 0;
}

/** What an object is called in messages: `CiliumNetworkPolicy demo/name`. */
export function nameOfPolicy({ kind = '', metadata: { namespace, name = '' } }: CiliumPolicy): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

type Place = Pick<CiliumRule, 'direction' | 'isDeny' | 'index' | 'section' | 'path'>;

function ingressRule(rule: CiliumIngressRule, place: Place): CiliumRule {
  const { fromEndpoints, fromCIDR, fromCIDRSet, fromEntities, fromNodes, fromGroups, fromRequires, ...shared } = rule;
  return {
    ...shared,
    ...place,
    prefix: 'from',
    peers: present({
      Endpoints: fromEndpoints,
      CIDR: fromCIDR,
      CIDRSet: fromCIDRSet,
      Entities: fromEntities,
      Nodes: fromNodes,
      Groups: fromGroups,
    }),
    ...(fromRequires === undefined ? {} : { requires: fromRequires }),
  };
}

function egressRule(rule: CiliumEgressRule, place: Place): CiliumRule {
  const { toEndpoints, toCIDR, toCIDRSet, toEntities, toNodes, toGroups, toServices, toFQDNs, toRequires, ...shared } = rule;
  return {
    ...shared,
    ...place,
    prefix: 'to',
    peers: present({
      Endpoints: toEndpoints,
      CIDR: toCIDR,
      CIDRSet: toCIDRSet,
      Entities: toEntities,
      Nodes: toNodes,
      Groups: toGroups,
      Services: toServices,
      FQDNs: toFQDNs,
    }),
    ...(toRequires === undefined ? {} : { requires: toRequires }),
  };
}

/** Only the lists that are there. */
function present(peers: { readonly [Kind in keyof CiliumPeers]: CiliumPeers[Kind] | undefined }): CiliumPeers {
  return Object.fromEntries(Object.entries(peers).filter(([, list]) => list !== undefined));
}
