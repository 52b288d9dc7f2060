/**
 * The connections that are others than they were, between classes of ends of two snapshots.
 *
 * ```
 *   policies alone differ ─▶ pods that they select, and peers that they treat otherwise (policy-edits/) ┐
 *   few pods differ       ─▶ these, and everybody as they ask about them (end-focus.ts) ─────────────────┼▶ blocks of equal pairs
 *   else                  ─▶ everybody, as anybody asks about them (joint-ends.ts) ──────────────────────┘
 * ```
 */
import type { Family } from '@weir/net';
import type { Side } from './both-sides.ts';
import { type ChangedBlock, changedBlocks } from './changed-blocks.ts';
import { changedPolicies } from './changed-policies.ts';
import { ClassPairs } from './class-pairs.ts';
import { asksMoreThanEnds, isAboutAll, isOtherPod } from './comparison-scope.ts';
import { focusOf } from './end-focus.ts';
import { type ComparedSides, type JointClass, jointClasses } from './joint-ends.ts';
import { type PairedPod, pairPods } from './paired-pods.ts';
import { EditedPairs, type EditLimits } from './policy-edits/edited-pairs.ts';

/** The comparison of one family. */
export interface ConnectionComparison {
  readonly family: Family;
  readonly classes: readonly JointClass[];
  /** How many parties there are in all, of which the classes may hold those alone whose connections may change. */
  readonly parties: Readonly<Record<Side, ReadonlySet<string>>>;
  readonly blocks: readonly ChangedBlock[];
}

/** What was measured to take the least time. */
const usualLimits: EditLimits = { fewOwners: 64, fewPairs: 200_000 };

/** Compares. */
export function compareConnections(compared: ComparedSides, limits: EditLimits = usualLimits): ConnectionComparison {
  const pods = pairPods(compared.before, compared.after);
  const before = partiesOn(pods, 'before');
  const parties = { before, after: compared.before.world.endpoints === compared.after.world.endpoints ? before : partiesOn(pods, 'after') };
  return { family: compared.family, parties, ...comparePairs(compared, pods, limits) };
}

/** Of pods that many edits share. */
const known: Readonly<Record<Side, WeakMap<readonly PairedPod[], ReadonlySet<string>>>> = { before: new WeakMap(), after: new WeakMap() };

function partiesOn(pods: readonly PairedPod[], side: Side): ReadonlySet<string> {
  let parties = known[side].get(pods);
  if (parties === undefined) {
    const found = new Set<string>();
    for (const pod of pods) if (pod[side] !== undefined) found.add(pod.party);
    known[side].set(pods, (parties = found));
  }
  return parties;
}

function comparePairs(
  compared: ComparedSides,
  pods: readonly PairedPod[],
  limits: EditLimits,
): Pick<ConnectionComparison, 'classes' | 'blocks'> {
  const worlds = { before: compared.before.world, after: compared.after.world };
  const everybody = (): Pick<ConnectionComparison, 'classes' | 'blocks'> => {
    const classes = jointClasses(compared, { pods, worlds });
    return { classes, blocks: changedBlocks(new ClassPairs(compared, classes).changes()) };
  };
  if (isAboutAll(compared)) return everybody();
  const policies = changedPolicies(worlds.before, worlds.after);
  if (!pods.some(isOtherPod)) {
    const { classes, changes } = new EditedPairs(compared, { pods, changed: policies, limits }).compare();
    return { classes, blocks: changedBlocks(changes) };
  }
  const focus = asksMoreThanEnds(compared) ? undefined : focusOf(compared, pods, policies);
  if (focus === undefined) return everybody();
  return { classes: focus.classes, blocks: changedBlocks(new ClassPairs(compared, focus.classes, focus).changes()) };
}
