/** The verb of a request, as discovery and roles name it. */
import { booleanParameter } from '../rest/rest-context.ts';
import type { ResourceTarget } from './resource-target.ts';

/** What of a request makes its verb. */
export interface RequestLine {
  readonly method: string;
  readonly query: URLSearchParams;
}

/** The verb of a method on a target; undefined when the method means nothing there. */
export function verbOf(target: ResourceTarget, { method, query }: RequestLine): string | undefined {
  const isCollection = target.name === '';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (booleanParameter(query, 'watch')) return 'watch';
      return isCollection ? 'list' : 'get';
    case 'POST':
      return isCollection || target.subresource !== '' ? 'create' : undefined;
    case 'PUT':
      return isCollection ? undefined : 'update';
    case 'PATCH':
      return isCollection ? undefined : 'patch';
    case 'DELETE':
      return isCollection ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}
