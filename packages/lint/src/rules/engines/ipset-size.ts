/**
 * Sets of the kernel (ipset) that are too many or too large for engines that keep the members of selectors there.
 *
 * Azure's policy manager makes two sets of each label of each pod, whether a policy asks for it or not, and one of each
 * namespace and each name of a port; a set of it has room for 65,536 members, and the kernel for 65,534 sets. Calico makes
 * one of each selector of a rule, with room for `maxIpsetSize` members, unless it enforces with nftables.
 */
import type { StringMap } from '@weir/kube';
import { copiesOf } from '@weir/snapshot';
import { valueAt } from '../../context/field-value.ts';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintPolicy } from '../../context/lint-policy.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';
import { askedEngines } from './asked-engines.ts';

/** What the kernel gives a set (`maxelem`) that nobody has asked more for. */
const usualMembers = 65_536;
/** How many sets there can be: their numbers have 16 bits, of which one means none and one is never given. */
const mostSets = 65_534;
/** Felix's `maxIpsetSize` where nobody has set it. */
const usualMembersOfCalico = 1_048_576;

export const ipsetSize: LintRule = {
  id: 'ipset-size',
  title: 'more sets of addresses, or larger ones, than an engine keeps in the kernel',
  severity: 'warning',
  *check(context) {
    const engines = askedEngines(context);
    if (engines.includes('azure')) yield* ofAzure(context);
    if (engines.includes('calico')) yield* ofCalico(context);
  },
};

function* ofAzure(context: LintContext): Iterable<DraftFinding> {
  const about = context.objects.find(({ object }) => object.kind === 'Node') ?? context.objects[0];
  if (about === undefined) return;
  const members = membersOfAzure(context);
  for (const [set, count] of members) {
    if (count <= usualMembers) continue;
    yield {
      about,
      message: `the set of the pods with ${set} has ${count} members, and Azure's policy manager makes sets of ${usualMembers} at the most: what does not fit is missing`,
      action: 'take another engine: see weir engine recommend',
    };
  }
  const sets = members.size + namespaceSets(context);
  if (sets > mostSets) {
    yield {
      about,
      message: `Azure's policy manager makes about ${sets} sets for the labels of pods and namespaces, two of each; the kernel has ${mostSets}, and what comes later is not enforced`,
      action: 'give pods fewer labels that no other pod has (names of pods, jobs and commits), or take another engine',
    };
  }
}

/** How many members each set of pods has: of namespaces, of the keys and values of labels, of names of ports. */
function membersOfAzure({ snapshot }: LintContext): ReadonlyMap<string, number> {
  const members = new Map<string, number>();
  for (const { namespace, name, labels, namedPorts } of snapshot.endpoints.values()) {
    const copies = copiesOf(snapshot, { namespace, name });
    const ports = namedPorts.map((port) => `a port ${port.name}`);
    for (const set of [`namespace ${namespace}`, ...setsOfLabels(labels.pod), ...ports]) members.set(set, (members.get(set) ?? 0) + copies);
  }
  return members;
}

function namespaceSets({ namespaces }: LintContext): number {
  return new Set([...namespaces.values()].flatMap(({ labels }) => setsOfLabels(labels))).size + 1;
}

function setsOfLabels(labels: StringMap): readonly string[] {
  return Object.entries(labels).flatMap(([key, value]) => [`label ${key}`, `label ${key}=${value}`]);
}

function* ofCalico(context: LintContext): Iterable<DraftFinding> {
  const limit = roomOfCalico(context);
  const counts = new Map<string, { readonly about: LintPolicy; readonly field: string; count: number }>();
  for (const { of, direction, rule } of context.rules) {
    const { selector, nets = [] } = direction === 'ingress' ? rule.match.source : rule.match.destination;
    if (selector === undefined && nets.length === 0) continue;
    const field = fieldOfOrigin(rule.origin);
    // A rule is one of the model for each protocol, with the same set.
    const key = `${of.name} ${field} ${rule.match.protocol ?? ''}`;
    const known = counts.get(key) ?? { about: of, field, count: 0 };
    known.count += nets.length + (selector === undefined ? 0 : addressesOf(context, selector));
    counts.set(key, known);
  }
  const said = new Set<string>();
  for (const { about, field, count } of counts.values()) {
    if (count <= limit || said.has(`${about.name} ${field}`)) continue;
    said.add(`${about.name} ${field}`);
    yield {
      about,
      field,
      message: `this means about ${count} addresses and blocks, and a set of Calico's iptables data plane has ${limit} at the most: what does not fit is missing`,
      action: 'raise maxIpsetSize of the FelixConfiguration, enforce with nftables, or select fewer',
    };
  }
}

function addressesOf({ pods, snapshot }: LintContext, selector: Parameters<LintContext['pods']['matching']>[0]): number {
  let count = 0;
  for (const { namespace, name, addresses } of pods.matching(selector).pods)
    count += copiesOf(snapshot, { namespace, name }) * Math.max(1, addresses.length);
  return count;
}

/** What the FelixConfiguration of all nodes says, where it is there. */
function roomOfCalico({ objects }: LintContext): number {
  const felix = objects.find(({ object }) => object.kind === 'FelixConfiguration' && object.metadata.name === 'default');
  const set = felix === undefined ? undefined : valueAt(felix.object, 'spec.maxIpsetSize');
  return typeof set === 'number' && set > 0 ? set : usualMembersOfCalico;
}
