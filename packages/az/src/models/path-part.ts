/** Names in paths of requests. */
import { refused } from '../az-error.ts';

/** A name as a path takes it. Throws for an empty one: the path would be that of a list. */
export function pathPart(name: string, of: string): string {
  if (name === '') throw refused(`The name of the ${of} is empty.`);
  return encodeURIComponent(name);
}
