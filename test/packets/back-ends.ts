/** The back ends that worlds of real packets are tried on, and what each of them cannot express. */
import {
  createEbpfDataplane,
  createHnsDataplane,
  createIptablesDataplane,
  createNftablesDataplane,
  type Dataplane,
  type EstablishedMode,
} from '@weir/dataplane';
import { inNetns } from '@weir/kernel';
import type { LabelSelector, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '@weir/kube';
import { type EnforcementTarget, type EngineName, enforcementTarget, systemOf } from '@weir/model';
import { defined } from '@weir/net';
import { followingHns } from '../../packages/lab/test/hns-emulator/emulated-node.ts';
import type { LinkedPod } from './packet-network.ts';

/** The node that a data plane is for. */
export interface BackEndNode {
  readonly netns: string;
  /** What the names of links to pods begin with. */
  readonly podInterface: string;
  /** The pods of the node that have their links at the moment. */
  readonly pods: () => readonly LinkedPod[];
  /** Told when the data plane had to replace what it had made. */
  readonly onReplace: (error: Error) => void;
  /** The engine to behave like; absent: kubernetes. */
  readonly target?: EnforcementTarget | undefined;
  /** What becomes of connections that a new state denies; absent: keep. */
  readonly established?: EstablishedMode;
}

/** A back end. */
export interface BackEnd {
  readonly name: Dataplane['name'];
  /** What policies are read with; absent: kubernetes on Linux, whatever the back end. */
  readonly target?: EnforcementTarget;
  readonly open: (node: BackEndNode) => Dataplane;
  /** Another policy in place of one that the back end refuses by contract; every other one as it is. */
  readonly expressible: (policy: NetworkPolicy) => NetworkPolicy;
}

const asItIs = (policy: NetworkPolicy): NetworkPolicy => policy;

export const nftablesBackEnd: BackEnd = {
  name: 'nftables',
  open: ({ netns, ...node }) => inNode(netns, () => createNftablesDataplane(linuxOptions(node))),
  expressible: asItIs,
};

export const iptablesBackEnd: BackEnd = {
  name: 'iptables',
  open: ({ netns, ...node }) => inNode(netns, () => createIptablesDataplane({ ...linuxOptions(node), position: positionOf(node) })),
  expressible: asItIs,
};

/** Of the tests' own, so that they know where to look, also inside of a node. */
export const ebpfPinDirectory = '/run/weirt-bpf';

export const ebpfBackEnd: BackEnd = {
  name: 'ebpf',
  open: ({ netns, ...node }) => inNode(netns, () => createEbpfDataplane({ ...linuxOptions(node), pinDirectory: ebpfPinDirectory })),
  expressible: asItIs,
};

export const hnsBackEnd: BackEnd = {
  name: 'hns',
  open: ({ netns, pods, target }) =>
    inNode(netns, () => createHnsDataplane({ door: followingHns(pods), expandUnsupported: target?.expandsUnsupported ?? false })),
  expressible: withoutWindowsLimits,
};

/** All of them. */
export const backEnds: readonly BackEnd[] = [nftablesBackEnd, iptablesBackEnd, ebpfBackEnd, hnsBackEnd];

/** The back end of a node that behaves like the engine. */
export function behavingLike(backEnd: BackEnd, engine: EngineName, expandsUnsupported = false): BackEnd {
  return { ...backEnd, target: enforcementTarget(engine, systemOf(backEnd.name), expandsUnsupported) };
}

/** The back end, ending connections that a new state denies. */
export function cutting(backEnd: BackEnd): BackEnd {
  return { ...backEnd, open: (node) => backEnd.open({ ...node, established: 'cut' }) };
}

type LinuxNode = Pick<BackEndNode, 'podInterface' | 'onReplace' | 'target' | 'established'>;

function linuxOptions({ podInterface, onReplace, target, established = 'keep' }: LinuxNode) {
  const sparesOwnNode = target?.profile.podReachesOwnNode.includes('linux') ?? false;
  return {
    podInterfaces: [podInterface],
    onReplace,
    established,
    podToOwnNode: sparesOwnNode ? ('always' as const) : ('by-policy' as const),
  };
}

function positionOf({ target }: LinuxNode): 'first' | 'after-kube-proxy' {
  return target?.profile.nodePortBypassesIngress === true ? 'after-kube-proxy' : 'first';
}

/** Makes something of the node's: what is opened there stays there. */
export function inNode<T>(netns: string, make: () => T): T {
  let made: T | undefined;
  inNetns(netns, () => {
    made = make();
  });
  return defined(made, 'it is made');
}

/** Without the four features that Windows lacks: named ports, SCTP, negative selectors of peers, `except`. */
function withoutWindowsLimits(policy: NetworkPolicy): NetworkPolicy {
  const { spec } = policy;
  if (spec === undefined) return policy;
  const ports = (list: readonly NetworkPolicyPort[]): NetworkPolicyPort[] =>
    list.map((each) => ({
      ...each,
      ...(typeof each.port === 'string' && { port: 80 }),
      ...(each.protocol === 'SCTP' && { protocol: 'TCP' }),
    }));
  const peers = (list: readonly NetworkPolicyPeer[]): NetworkPolicyPeer[] =>
    list.map(({ ipBlock, podSelector, namespaceSelector }) => ({
      ...(ipBlock && { ipBlock: { cidr: ipBlock.cidr } }),
      ...(podSelector && { podSelector: positive(podSelector) }),
      ...(namespaceSelector && { namespaceSelector: positive(namespaceSelector) }),
    }));
  return {
    ...policy,
    spec: {
      ...spec,
      ...(spec.ingress && {
        ingress: spec.ingress.map((rule) => ({
          ...(rule.from && { from: peers(rule.from) }),
          ...(rule.ports && { ports: ports(rule.ports) }),
        })),
      }),
      ...(spec.egress && {
        egress: spec.egress.map((rule) => ({
          ...(rule.to && { to: peers(rule.to) }),
          ...(rule.ports && { ports: ports(rule.ports) }),
        })),
      }),
    },
  };
}

/** The selector that asks for what it forbids. */
function positive(selector: LabelSelector): LabelSelector {
  const opposite = { NotIn: 'In', DoesNotExist: 'Exists', In: 'In', Exists: 'Exists' } as const;
  const expressions = selector.matchExpressions?.map((each) => ({ ...each, operator: opposite[each.operator] }));
  return { ...selector, ...(expressions && { matchExpressions: expressions }) };
}
