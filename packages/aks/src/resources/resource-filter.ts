/** The `$filter` of lists of resources, as far as az writes it: comparisons that must all hold. */
import { gatewayError } from '../arm/arm-error.ts';

/** A resource as lists show it. */
export interface ListedResource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
}

type Comparison = (resource: ListedResource) => boolean;

const lengthMax = 2_000;

/** Those that a filter lets through; '' lets all through. Throws 400 for what it does not know. */
export function filterResources(resources: readonly ListedResource[], filter: string): readonly ListedResource[] {
  if (filter.trim() === '') return resources;
  if (filter.length > lengthMax) throw invalid(filter);
  const comparisons = filter.split(/\s+and\s+/i).map(readComparison);
  return resources.filter((resource) => comparisons.every((holds) => holds(resource)));
}

function readComparison(text: string): Comparison {
  const [, field, quoted] = /^\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*$/i.exec(text) ?? [];
  if (field === undefined || quoted === undefined) throw invalid(text);
  const value = quoted.replaceAll("''", "'");
  const same = (own: string): boolean => own.toLowerCase() === value.toLowerCase();
  switch (field.toLowerCase()) {
    case 'name':
      return ({ name }) => same(name);
    case 'location':
      return ({ location }) => same(location);
    case 'resourcetype':
      return ({ type }) => same(type);
    case 'resourcegroup':
      return ({ id }) => same(id.split('/')[4] ?? '');
    case 'tagname':
      return ({ tags = {} }) => Object.keys(tags).some(same);
    case 'tagvalue':
      return ({ tags = {} }) => Object.values(tags).includes(value);
    default:
      throw invalid(text);
  }
}

function invalid(text: string): Error {
  return gatewayError(400, 'InvalidFilterInQueryString', `Invalid $filter '${text.slice(0, 200)}' specified in the query string.`);
}
