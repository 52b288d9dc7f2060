/** Labels that a selector matches: one set for each of its alternatives, with as few labels as it asks for. */
import { type LabelKey, type LabelSpace, type LabelsBySpace, normaliseSelector, type Selector, selectorMatchesLabels } from '@weir/model';
import { unreachable } from '@weir/net';

/** More alternatives than that are not spelled out. */
const alternativesMax = 16;

/** What stands for a value that may be any. */
const anyValue = 'any';

/** Labels by space; empty where nothing matches, or none was found. */
export function labelsForSelector(selector: Selector): LabelsBySpace[] {
  const found = new Map<string, LabelsBySpace>();
  for (const wanted of alternatives(normaliseSelector(selector))) {
    const labels = labelsOf(wanted);
    // Negations, and values that two conditions ask for together, may not hold.
    if (selectorMatchesLabels(selector, labels)) found.set(JSON.stringify(labels), labels);
  }
  return [...found.values()];
}

interface WantedLabel {
  readonly label: LabelKey;
  readonly value: string;
}

/** The labels that are enough for each alternative, as far as labels are wanted and not unwanted. */
function alternatives(selector: Selector): readonly (readonly WantedLabel[])[] {
  switch (selector.kind) {
    case 'in':
      return selector.values.map((value) => [{ label: selector.label, value }]);
    case 'text':
      return [[{ label: selector.label, value: selector.value }]];
    case 'exists':
      return [[{ label: selector.label, value: anyValue }]];
    case 'or':
      return selector.of.flatMap(alternatives).slice(0, alternativesMax);
    case 'and':
      return selector.of.reduce<readonly (readonly WantedLabel[])[]>(
        (found, part) => found.flatMap((wanted) => alternatives(part).map((more) => [...wanted, ...more])).slice(0, alternativesMax),
        [[]],
      );
    case 'none':
      return [];
    case 'all':
    case 'notIn':
    case 'absent':
    case 'not':
      return [[]];
    default:
      return unreachable(selector);
  }
}

function labelsOf(wanted: readonly WantedLabel[]): LabelsBySpace {
  const labels: Record<LabelSpace, Record<string, string>> = { pod: {}, namespace: {}, serviceAccount: {}, reserved: {} };
  for (const { label, value } of wanted) {
    // Of two conditions for one label a value that was asked for is better than any.
    if (value !== anyValue || labels[label.space][label.key] === undefined) labels[label.space][label.key] = value;
  }
  return labels;
}
