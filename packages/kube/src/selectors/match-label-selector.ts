/**
 * Whether labels satisfy a meta/v1 LabelSelector, with the exact meaning of absent keys.
 *
 * In and Exists need the key; NotIn and DoesNotExist hold when it is absent (apimachinery
 * `labels.Requirement.Matches`). Keys are looked up as own properties, so a label named like a
 * member of every object (`constructor`) is no surprise.
 */
import { unreachable } from '@weir/net';
import type { LabelSelector, LabelSelectorRequirement } from '../objects/label-selector.ts';
import type { StringMap } from '../objects/object-meta.ts';

/** Whether all of the selector holds; an empty selector matches every set of labels. */
export function matchesLabelSelector(selector: LabelSelector, labels: StringMap): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labelValue(labels, key) !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((requirement) => matchesRequirement(requirement, labels));
}

/** The value of a label, or undefined when the key is absent. */
export function labelValue(labels: StringMap, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function matchesRequirement(requirement: LabelSelectorRequirement, labels: StringMap): boolean {
  const value = labelValue(labels, requirement.key);
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && (requirement.values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(requirement.values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return unreachable(requirement.operator);
  }
}
