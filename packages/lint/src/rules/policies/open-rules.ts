/** Rules that let everybody in, or let pods reach everything. */
import type { Service } from '@weir/kube';
import { appliesToPods, type Direction, type Endpoint, type Match, type Side } from '@weir/model';
import { familyRange, formatPortRange, subtractAddressRanges } from '@weir/net';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin } from '../../context/lint-policy.ts';
import { servicesOfPod } from '../../context/pod-ports.ts';
import { unmatchedSelector } from '../../context/unmatched-selector.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule about ingress. */
export const openIngress: LintRule = {
  id: 'open-ingress',
  title: 'a rule that lets in the whole world',
  severity: 'warning',
  check: (context) => openRules(context, 'ingress'),
};

/** The rule about egress. */
export const openEgress: LintRule = {
  id: 'open-egress',
  title: 'a rule that lets pods reach everything',
  severity: 'info',
  check: (context) => openRules(context, 'egress'),
};

function* openRules(context: LintContext, wanted: Direction): Iterable<DraftFinding> {
  const said = new Set<string>();
  for (const { of, policy, direction, rule } of context.rules) {
    if (direction !== wanted || rule.action !== 'allow' || policy.staged) continue;
    const peer = direction === 'ingress' ? rule.match.source : rule.match.destination;
    if (!isEverybody(peer) || isNarrowed(rule.match, direction)) continue;
    const field = fieldOfOrigin(rule.origin);
    if (said.has(`${of.name} ${field}`)) continue;
    said.add(`${of.name} ${field}`);
    const ports = portsText(rule.match);
    const isOutside = peer.outside === true || (peer.nets !== undefined && !context.profile.ipBlockMatchesPods);
    const who = isOutside ? 'outside of the cluster' : 'inside and outside of the cluster';
    if (direction === 'egress') {
      // Names are asked of whoever answers: a rule for port 53 alone is how DNS is let through.
      if (ports === '53') continue;
      const message = `${appliesToPods(policy) ? 'pods' : 'nodes'} may reach everything, ${who}${ports === '' ? '' : `, on port ${ports}`}`;
      yield { about: of, field, message, action: 'name what they need: pods by their labels, others by their blocks of addresses' };
      continue;
    }
    const isOfNodes = !appliesToPods(policy);
    // Of a policy that selects nobody by mistake that is said, and whom it means is not known.
    if (!isOfNodes && unmatchedSelector(context, policy.subject) !== undefined) continue;
    if (!isOfNodes && isEntryPoint(context, context.pods.matching(policy.subject).pods)) continue;
    const message = `everybody is let in${isOfNodes ? ' to nodes' : ''}, from ${who}${ports === '' ? '' : `, on port ${ports}`}`;
    const action = `name who may come: pods by their labels, others by their blocks of addresses${isOfNodes ? '' : '; no service makes these pods an entry point'}`;
    // On the ports that are meant, everybody may well be meant too.
    yield { about: of, field, message, action, ...(ports === '' ? {} : { severity: 'info' }) };
  }
}

/** No condition at all, or every address of a family. */
export function isEverybody({ ports: _ports, namedPorts: _names, clusterPorts: _numbers, ...peer }: Side): boolean {
  const { nets, outside: _outside, ...others } = peer;
  if (Object.values(others).some((value) => value !== undefined)) return false;
  return nets === undefined || ([4, 6] as const).some((family) => subtractAddressRanges([familyRange(family)], nets).length === 0);
}

/** Whether the rule is about messages, or about a part of the pods that the policy selects. */
function isNarrowed({ icmp, source, destination }: Match, direction: Direction): boolean {
  const own = direction === 'ingress' ? destination : source;
  return icmp !== undefined || own.selector !== undefined || own.nets !== undefined;
}

function portsText({ destination: { ports = [], namedPorts = [] } }: Match): string {
  return [...ports.map(formatPortRange), ...namedPorts].join(', ');
}

/** Whether each of the pods is behind a service that is for others than the cluster, or behind an Ingress or a Gateway. */
function isEntryPoint(context: LintContext, pods: readonly Endpoint[]): boolean {
  if (pods.length === 0) return false;
  const open = context.once('entry services', () => new Set(entryServices(context)));
  return pods.every((pod) => servicesOfPod(context, pod).some((service) => open.has(service)));
}

function entryServices({ snapshot, objects }: LintContext): readonly Service[] {
  const named = new Set(objects.flatMap(({ object }) => backendsOf(object)));
  return snapshot.services.filter(({ metadata, spec }) => {
    const isOutward = spec?.type === 'LoadBalancer' || spec?.type === 'NodePort' || (spec?.externalIPs ?? []).length > 0;
    return isOutward || named.has(`${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`);
  });
}

/** The services that an Ingress or a route of a Gateway names, wherever in it. */
function backendsOf(object: { readonly kind?: string; readonly metadata: { readonly namespace?: string } }): readonly string[] {
  const { kind = '', metadata } = object;
  if (kind !== 'Ingress' && !kind.endsWith('Route')) return [];
  const names: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if ((key === 'service' || key === 'backendRefs' || key === 'to') && typeof member === 'object') names.push(...namesIn(member));
      walk(member);
    }
  };
  walk('spec' in object ? object.spec : undefined);
  return names.map((name) => `${metadata.namespace ?? 'default'}/${name}`);
}

function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' ? [value.name] : [];
}
