/**
 * Pods that may reach something and can ask nobody for its name: default deny of egress without DNS, or with UDP alone.
 *
 * Only pods that have some egress are found: for one that may reach nothing at all a name is of no use.
 */
import {
  appliesToPods,
  type DirectionVerdict,
  type Endpoint,
  judgeDirection,
  type Outcome,
  type Policy,
  type PolicyRef,
  podName,
  type Rule,
} from '@weir/model';
import {
  addressRangesContain,
  addToGroup,
  type Family,
  familyRange,
  type ProtocolNumber,
  portRangesContain,
  protocolNumber,
} from '@weir/net';
import { clusterDnsOf, nodeLocalDns } from '../../context/cluster-dns.ts';
import { valueAt } from '../../context/field-value.ts';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintPolicy } from '../../context/lint-policy.ts';
import { isOfCilium } from '../../context/policy-apis.ts';
import type { DraftFinding, FieldChange, LintRule } from '../../lint-rule.ts';
import { isWithinRanges } from './covers-side.ts';

/** The rule about pods without DNS. */
export const egressWithoutDns: LintRule = {
  id: 'egress-without-dns',
  title: 'a policy that restricts egress of pods and leaves them no DNS',
  severity: 'warning',
  *check(context) {
    const byPolicy = new Map<LintPolicy, Endpoint[]>();
    for (const { pods, policies, udp } of restrictedPods(context)) {
      if (udp !== 'deny') continue;
      // Of several that restrict the same pods, the one that the others stand beside: that of most pods.
      const blamed = policies.flatMap((ref) => context.policyOf(ref) ?? []);
      const [first] = blamed.map((of) => ({ of, reach: reachOf(context, of) })).sort((a, b) => b.reach - a.reach);
      if (first !== undefined) for (const pod of pods) addToGroup(byPolicy, first.of, pod);
    }
    for (const [about, pods] of byPolicy) {
      yield {
        about,
        message: `${whose(pods)} may reach something, and cannot ask for its name: UDP 53 to the DNS of the cluster is denied`,
        action: 'allow UDP and TCP 53 to the pods of the DNS, most often k8s-app=kube-dns in namespace kube-system',
      };
    }
  },
};

/** The rule about DNS over UDP alone. */
export const dnsWithoutTcp: LintRule = {
  id: 'dns-without-tcp',
  title: 'DNS that is allowed over UDP and not over TCP',
  severity: 'warning',
  *check(context) {
    const said = new Set<string>();
    for (const { udp, tcp, by } of restrictedPods(context)) {
      if (udp !== 'allow' || tcp !== 'deny' || by === undefined) continue;
      const about = context.policyOf(by.origin.policy);
      const { peerIndex: _peer, peers: _peers, ...origin } = by.origin;
      const field = fieldOfOrigin(origin);
      if (about === undefined || said.has(`${about.name} ${field}`)) continue;
      said.add(`${about.name} ${field}`);
      const change = alsoOverTcp(about, field);
      yield {
        about,
        field,
        message: 'DNS is allowed over UDP alone: answers that are too long for a packet are asked for again over TCP, and that is denied',
        action: 'allow TCP 53 too',
        ...(change === undefined ? {} : { fix: { description: 'Allow TCP 53 too', isSafe: false, changes: [change] } }),
      } satisfies DraftFinding;
    }
  },
};

/** The entry for TCP beside that for UDP, where the API lists ports with their protocols; Calico has one protocol a rule. */
function alsoOverTcp(about: LintPolicy, rule: string): FieldChange | undefined {
  const { kind, apiVersion } = about.object;
  if (kind === 'NetworkPolicy' && apiVersion === 'networking.k8s.io/v1') {
    return { kind: 'append', list: `${rule}.ports`, value: { protocol: 'TCP', port: 53 } };
  }
  if (!isOfCilium(about)) return undefined;
  const lists = valueAt(about.object, `${rule}.toPorts`);
  const at = Array.isArray(lists) ? lists.findIndex((list: unknown) => asksCiliumFor53(list)) : -1;
  return at < 0 ? undefined : { kind: 'append', list: `${rule}.toPorts[${at}].ports`, value: { port: '53', protocol: 'TCP' } };
}

function asksCiliumFor53(list: unknown): boolean {
  const ports = typeof list === 'object' && list !== null ? valueAt(list, 'ports') : undefined;
  return Array.isArray(ports) && ports.some((port: unknown) => typeof port === 'object' && port !== null && valueAt(port, 'port') === '53');
}

/** Pods under the same policies, and whether they can ask for names. */
interface RestrictedPods {
  readonly pods: readonly Endpoint[];
  /** The one whose rule denies them DNS, else those that isolate their egress. */
  readonly policies: readonly PolicyRef[];
  readonly udp: Outcome;
  readonly tcp: Outcome;
  /** The rule that allows UDP, or denies it, where one does. */
  readonly by?: Rule;
}

function restrictedPods(context: LintContext): readonly RestrictedPods[] {
  return context.once('dns of restricted pods', () => {
    const groups = new Map<string, { pods: Endpoint[]; policies: PolicyRef[]; rules: Rule[] }>();
    const numbers = new Map<Policy, number>();
    const numberOf = (policy: Policy): number => {
      let number = numbers.get(policy);
      if (number === undefined) numbers.set(policy, (number = numbers.size));
      return number;
    };
    for (const endpoint of context.pods.all) {
      if (!asksTheCluster(context, endpoint)) continue;
      const selecting = context.snapshot.world
        .selecting(endpoint)
        .flatMap(({ policies }) => policies.filter(({ egress }) => egress !== undefined));
      const policies = selecting.filter(({ egress }) => egress?.isolates === true).map(({ ref }) => ref);
      const rules = selecting.flatMap(({ egress }) => egress?.rules ?? []);
      // Administrators isolate nobody: what they do not want they deny by a rule.
      const restricts = policies.length > 0 || rules.some(({ action }) => action === 'deny');
      // Who is isolated reaches what is allowed; who is not reaches what nobody denies.
      const reaches = rules.some(({ action }) => action === 'allow') || (policies.length === 0 && !rules.some(deniesEverything));
      if (!restricts || !reaches) continue;
      const key = `${endpoint.namespace} ${selecting.map(numberOf).join()}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { pods: [endpoint], policies, rules });
      else group.pods.push(endpoint);
    }
    return [...groups.values()].flatMap(({ pods, policies, rules }): RestrictedPods[] => {
      const [first] = pods;
      if (first === undefined) return [];
      const [udp, tcp] = [protocolNumber.UDP, protocolNumber.TCP].map((protocol) => askDns(context, first, rules, protocol));
      if (udp === undefined || tcp === undefined) return [];
      const denying = udp.outcome === 'deny' && udp.by !== undefined ? [udp.by.origin.policy] : policies;
      return [{ pods, policies: denying, udp: udp.outcome, tcp: tcp.outcome, ...(udp.by === undefined ? {} : { by: udp.by }) }];
    });
  });
}

/** Whether nothing but what comes before the rule goes out. */
function deniesEverything({ action, match: { protocol, family, destination } }: Rule): boolean {
  const { nets, ...asked } = destination;
  const isAnybody = nets === undefined || ([4, 6] as const).some((one) => isWithinRanges([familyRange(one)], nets));
  return (
    action === 'deny' &&
    protocol === undefined &&
    family === undefined &&
    isAnybody &&
    Object.values(asked).every((value) => value === undefined)
  );
}

/** Those of the DNS itself, and of whoever asks the node's servers, need none of the cluster. */
function asksTheCluster({ snapshot }: LintContext, endpoint: Endpoint): boolean {
  const policy = snapshot.pods.get(podName(endpoint))?.spec?.dnsPolicy ?? 'ClusterFirst';
  return policy === 'ClusterFirst' && endpoint.namespace !== 'kube-system';
}

/** The best answer of those that answer, and the rule that gives it. */
function askDns(context: LintContext, source: Endpoint, rules: readonly Rule[], protocol: ProtocolNumber): { outcome: Outcome; by?: Rule } {
  const { ends, isKnown, world } = clusterDnsOf(context);
  const [address] = source.addresses;
  const family: Family = address?.family ?? 4;
  const from = { kind: 'endpoint', endpoint: source, ...(address === undefined ? {} : { address }) } as const;
  const verdicts = ends.map((destination) =>
    judgeDirection(world, { source: from, destination, protocol, destinationPort: 53, family }, 'egress'),
  );
  const allowed = verdicts.find(({ verdict }) => verdict === 'allow');
  if (allowed !== undefined) return { outcome: 'allow', ...ruleOf(allowed) };
  const cached = rules.find((rule) => rule.action === 'allow' && asksForPort(rule, protocol) && isOfCache(rule));
  if (cached !== undefined) return { outcome: 'allow', by: cached };
  // An assumed DNS has not all the labels that the real one has: a rule for its port is meant for it.
  const meant = isKnown ? undefined : rules.find((rule) => rule.action === 'allow' && asksForPort(rule, protocol));
  if (meant !== undefined) return { outcome: 'allow', by: meant };
  const [denied] = verdicts.filter(({ verdict }) => verdict === 'deny');
  if (verdicts.some(({ verdict }) => verdict === 'unknown')) return { outcome: 'unknown' };
  return { outcome: 'deny', ...(denied === undefined ? {} : ruleOf(denied)) };
}

function ruleOf({ decidedBy }: DirectionVerdict): { readonly by?: Rule } {
  return decidedBy?.reason === 'rule' ? { by: decidedBy.rule } : {};
}

function asksForPort({ match }: Rule, protocol: ProtocolNumber): boolean {
  const { ports = [], namedPorts = [] } = match.destination;
  if (match.protocol !== undefined && match.protocol !== protocol) return false;
  return portRangesContain(ports, 53) || namedPorts.some((name) => name.startsWith('dns') || name.startsWith('domain'));
}

function isOfCache({ match: { destination } }: Rule): boolean {
  return destination.nets !== undefined && addressRangesContain(destination.nets, nodeLocalDns);
}

function reachOf(context: LintContext, { compiled }: LintPolicy): number {
  return Math.max(0, ...compiled.filter(appliesToPods).map(({ subject }) => context.pods.matching(subject).pods.length));
}

function whose(pods: readonly Endpoint[]): string {
  const names = pods.slice(0, 3).map(podName).join(', ');
  return pods.length <= 3 ? `${pods.length === 1 ? 'pod' : 'pods'} ${names}` : `pods ${names} and ${pods.length - 3} more`;
}
