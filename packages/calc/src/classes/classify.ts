/**
 * Label sets → classes, at a flush.
 *
 * Label sets that are new or relabelled are matched from nothing, through the index. All others
 * only move by the sets that came into use or went out of it, and only those that the selectors of
 * these sets can reach are looked at.
 */

import type { ClassEntry, LabelSet, Member, SetEntry } from '../entries.ts';
import type { PeerSets } from '../peer-sets/peer-sets.ts';
import type { AddressTable } from '../population/address-table.ts';
import type { Population } from '../population/population.ts';
import type { Classes } from './classes.ts';

/** What classifying works on. */
export interface Classifier {
  readonly population: Population;
  readonly sets: PeerSets;
  readonly classes: Classes;
}

interface PendingChange {
  readonly added: Member[];
  readonly removed: SetEntry[];
}

/** Brings every label set's class up to date; gives the classes that gained or lost label sets. */
export function classify({ population, sets, classes }: Classifier): Set<ClassEntry> {
  const touched = new Set<ClassEntry>();
  if (sets.hasChanged) classes.byView.clear();
  const changes = pendingChanges(population, sets);
  for (const [labelSet, change] of changes) move(labelSet, classes.after(labelSet.class, change), touched, population.addresses);
  classes.endOfChanges();
  const view = sets.interest.view();
  for (const labelSet of population.unclassified) {
    const found = classes.byView.of(view(labelSet), () => classes.of(sets.membersOf(labelSet)));
    move(labelSet, found, touched, population.addresses);
  }
  classes.byView.trim();
  population.unclassified.clear();
  for (const { class: last } of population.gone) {
    if (last === undefined) continue;
    last.refs--;
    touched.add(last);
  }
  population.gone.clear();
  return touched;
}

/** What the sets that came and went mean for label sets that keep their labels. */
function pendingChanges(population: Population, sets: PeerSets): Map<LabelSet, PendingChange> {
  const { labelSets, namespaces, unclassified } = population;
  const changes = new Map<LabelSet, PendingChange>();
  const changed = sets.takeChanged();
  if (unclassified.size === labelSets.size) return changes;
  const changeOf = (labelSet: LabelSet): PendingChange => {
    let change = changes.get(labelSet);
    if (change === undefined) changes.set(labelSet, (change = { added: [], removed: [] }));
    return change;
  };
  for (const { used, added, removed } of changed) {
    if (added.length === 0 && removed.length === 0) continue;
    for (const labelSet of sets.labelSetsFor(used, labelSets, namespaces)) {
      if (unclassified.has(labelSet)) continue;
      for (const entry of added) {
        const member = sets.memberOf(entry, labelSet);
        if (member !== undefined) changeOf(labelSet).added.push(member);
      }
      if (labelSet.class !== undefined && removed.length > 0) changeOf(labelSet).removed.push(...removed);
    }
  }
  return changes;
}

function move(labelSet: LabelSet, to: ClassEntry | undefined, touched: Set<ClassEntry>, addresses: AddressTable): void {
  const from = labelSet.class;
  if (from === to) return;
  labelSet.class = to;
  if (from !== undefined) {
    from.refs--;
    touched.add(from);
  }
  if (to !== undefined) {
    to.refs++;
    touched.add(to);
  }
  for (const { slots } of labelSet.members) for (const slot of slots) addresses.dirty.add(slot);
}
