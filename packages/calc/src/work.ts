/**
 * What the engine has done, in counts that do not depend on the machine: the data of benches.
 */

/** Counts since the engine was made; they only grow. */
export interface Work {
  /** Questions "does this selector match this label set?", for peers and subjects. */
  selectorsEvaluated: number;
  /** Label sets made. */
  labelSetsBuilt: number;
  /** Classes made. */
  classesBuilt: number;
  /** Programs made (a program found by its policies or its content is not made again). */
  programsBuilt: number;
  /** Addresses looked at by a flush. */
  addressesTouched: number;
  /** Label sets whose class was computed from nothing. */
  labelSetsClassified: number;
  /** Policies compiled. */
  policiesCompiled: number;
}

/** No work yet. */
export function newWork(): Work {
  return {
    selectorsEvaluated: 0,
    labelSetsBuilt: 0,
    classesBuilt: 0,
    programsBuilt: 0,
    addressesTouched: 0,
    labelSetsClassified: 0,
    policiesCompiled: 0,
  };
}

/** How many of each thing an engine keeps; all are 0 when every object is gone. */
export interface Sizes {
  readonly namespaces: number;
  readonly pods: number;
  readonly attachments: number;
  readonly labels: number;
  readonly labelSets: number;
  /** Those that have labels. */
  readonly serviceAccounts: number;
  /** Different lists of named ports. */
  readonly portLists: number;
  readonly classes: number;
  readonly selectors: number;
  /** Label keys that selectors in use ask for, of peers and of subjects. */
  readonly keysAsked: number;
  readonly peerSets: number;
  readonly programs: number;
  readonly policies: number;
  /** Tiers, network sets, services, nodes: what policies can refer to. */
  readonly referredObjects: number;
  /** 0 where verdicts do not depend on nodes. */
  readonly nodes: number;
  readonly subjectSelectors: number;
  readonly subjects: number;
  readonly ruleIds: number;
  readonly addresses: number;
  /** Told groups of addresses. */
  readonly addressGroups: number;
  readonly endpoints: number;
  /** Host endpoints of the node; those that have interfaces count twice. */
  readonly hosts: number;
  readonly refusedObjects: number;
}
