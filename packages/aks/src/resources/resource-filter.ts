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

/** One comparison: a field in small letters, and what it must be equal to. */
interface Comparison {
  readonly field: string;
  readonly value: string;
}

const lengthMax = 2_000;
const fields = new Set(['name', 'location', 'resourcetype', 'resourcegroup', 'tagname', 'tagvalue']);

/** Those that a filter lets through; '' lets all through. Throws 400 for what it does not know. */
export function filterResources<R extends ListedResource>(resources: readonly R[], filter: string): readonly R[] {
  if (filter.trim() === '') return resources;
  if (filter.length > lengthMax) throw invalid(filter);
  const comparisons = filter.split(/\s+and\s+/i).map(readComparison);
  return resources.filter((resource) => hasTag(resource, comparisons) && comparisons.every((each) => holds(resource, each)));
}

function readComparison(text: string): Comparison {
  const [, field = '', quoted] = /^\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*$/i.exec(text) ?? [];
  if (quoted === undefined || !fields.has(field.toLowerCase())) throw invalid(text);
  return { field: field.toLowerCase(), value: quoted.replaceAll("''", "'") };
}

function holds({ id, name, type, location }: ListedResource, { field, value }: Comparison): boolean {
  const own = { name, location, resourcetype: type, resourcegroup: id.split('/')[4] ?? '' }[field];
  return own === undefined || isSame(own, value);
}

/** A name and a value are of one tag. */
function hasTag({ tags = {} }: ListedResource, comparisons: readonly Comparison[]): boolean {
  const [name, value] = ['tagname', 'tagvalue'].map((field) => comparisons.find((each) => each.field === field)?.value);
  if (name === undefined && value === undefined) return true;
  return Object.entries(tags).some(([key, own]) => (name === undefined || isSame(key, name)) && (value === undefined || own === value));
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function invalid(text: string): Error {
  return gatewayError(400, 'InvalidFilterInQueryString', `Invalid $filter '${text.slice(0, 200)}' specified in the query string.`);
}
