/**
 * The text form of field selectors, as in `?fieldSelector=metadata.name=x,status.phase!=Running`.
 *
 * Language and words are those of apimachinery `fields.ParseSelector`: commas separate, empty parts
 * are skipped, and a part splits at its only `!=`, else its only `==`, else its only `=`. Which
 * fields a kind has is the API server's table, not this file's.
 */
import type { SelectorTextResult } from './label-selector-text.ts';

/** One requirement: the field has, or does not have, the value. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: 'Equals' | 'NotEquals';
  readonly value: string;
}

const operators = [
  ['!=', 'NotEquals'],
  ['==', 'Equals'],
  ['=', 'Equals'],
] as const;

/** Reads a field selector; the empty text has no requirements and matches everything. */
export function parseFieldSelectorText(text: string): SelectorTextResult<FieldRequirement> {
  const requirements: FieldRequirement[] = [];
  let offset = 0;
  for (const part of text.split(',')) {
    if (part !== '') {
      const requirement = parsePart(part);
      if (requirement === undefined) return { kind: 'refused', message: `invalid selector: '${text}'; can't understand '${part}'`, offset };
      requirements.push(requirement);
    }
    offset += part.length + 1;
  }
  return { kind: 'parsed', requirements };
}

/** Whether the fields satisfy all requirements; an absent field reads as the empty text. */
export function matchesFieldRequirements(
  requirements: readonly FieldRequirement[],
  valueOf: (field: string) => string | undefined,
): boolean {
  return requirements.every(({ field, operator, value }) => ((valueOf(field) ?? '') === value) === (operator === 'Equals'));
}

function parsePart(part: string): FieldRequirement | undefined {
  for (const [symbol, operator] of operators) {
    const [field, value, ...more] = part.split(symbol);
    if (field !== undefined && value !== undefined && more.length === 0) return { field, operator, value };
  }
  return undefined;
}
