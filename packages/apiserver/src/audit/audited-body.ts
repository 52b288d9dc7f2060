/** Bodies of requests and answers, as they may be written down. */
import { isJsonObject, listAt } from '@weir/kube';

/** Where secrets go in or out. */
export function holdsSecrets({ group, resource, subresource }: { group: string; resource: string; subresource: string }): boolean {
  if (group === '') return resource === 'secrets' || (resource === 'serviceaccounts' && subresource === 'token');
  return group === 'authentication.k8s.io';
}

/** An object or a list without the history of its fields. */
export function withoutManagedFields(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const { metadata, items } = body;
  return {
    ...body,
    ...(isJsonObject(metadata) ? { metadata: { ...metadata, managedFields: undefined } } : {}),
    ...(Array.isArray(items) ? { items: listAt(body, 'items').map(withoutManagedFields) } : {}),
  };
}
