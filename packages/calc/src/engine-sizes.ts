/** How much an engine keeps, part by part. */
import type { Classes } from './classes/classes.ts';
import type { PolicyEntry } from './entries.ts';
import type { Hosts } from './hosts/hosts.ts';
import type { PeerSets } from './peer-sets/peer-sets.ts';
import type { Policies } from './policies/policies.ts';
import type { PolicyObjects } from './policies/policy-objects.ts';
import type { Subjects } from './policies/subjects.ts';
import type { AddressGroups } from './population/address-groups.ts';
import type { Locals } from './population/locals.ts';
import type { NodeAddresses } from './population/node-addresses.ts';
import type { Population } from './population/population.ts';
import type { RefusedObjects } from './population/refused-objects.ts';
import type { Programs } from './programs/programs.ts';
import type { RuleIds } from './programs/rule-ids.ts';
import type { Sizes } from './work.ts';

/** The parts of an engine that keep something. */
export interface EngineParts {
  readonly population: Population;
  readonly classes: Classes;
  readonly sets: PeerSets;
  readonly programs: Programs;
  readonly policies: Policies;
  readonly objects: PolicyObjects;
  readonly nodes: NodeAddresses;
  readonly subjects: Subjects;
  readonly ruleIds: RuleIds<PolicyEntry>;
  readonly groups: AddressGroups;
  readonly locals: Locals;
  readonly hosts: Hosts;
  readonly refused: RefusedObjects;
}

/** The sizes of all parts. */
export function sizesOf(parts: EngineParts): Sizes {
  const { namespaces, pods, attachments, labelSets, addresses, accounts } = parts.population;
  return {
    namespaces: namespaces.size,
    pods,
    attachments: attachments.length,
    labels: labelSets.labels.size,
    labelSets: labelSets.size,
    serviceAccounts: accounts.size,
    portLists: labelSets.portLists,
    classes: parts.classes.size,
    selectors: parts.sets.selectors,
    keysAsked: parts.sets.interest.size + parts.policies.keysAsked,
    peerSets: parts.sets.size,
    programs: parts.programs.size + parts.programs.parts,
    policies: parts.objects.size,
    referredObjects: parts.objects.referredSize,
    nodes: parts.nodes.size,
    subjectSelectors: parts.policies.selectors,
    subjects: parts.subjects.size + parts.subjects.groups,
    ruleIds: parts.ruleIds.size,
    addresses: addresses.size,
    addressGroups: parts.groups.size,
    endpoints: parts.locals.size,
    hosts: parts.hosts.size,
    refusedObjects: parts.refused.size,
  };
}
