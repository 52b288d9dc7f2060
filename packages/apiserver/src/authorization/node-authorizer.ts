/**
 * What a node may do because of what it is (`plugin/pkg/auth/authorizer/node`, with selectors): its own Node and
 * Lease, its own pods, and of Secrets, ConfigMaps, claims and service accounts those that its pods refer to. All else
 * is a matter of roles.
 */
import { unreachable } from '@weir/net';
import type { UserInfo } from '../server/api-message.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { Access, AccessDecision, Authorizer, PolicyRule, ResourceAccess } from './access.ts';
import { NodePods } from './node-pods.ts';
import { nodeNameOf } from './node-user.ts';
import { type ReferencedResource, referenceText } from './pod-references.ts';

const reading = ['get', 'list', 'watch'];
const changing = ['patch', 'update'];
const leaseNamespace = 'kube-node-lease';

/** Resources of which a node gets some, by name in the group that they are in. */
type NodeResource = 'pods' | 'nodes' | 'leases' | ReferencedResource;

const groups: Readonly<Record<NodeResource, string>> = {
  pods: '',
  nodes: '',
  secrets: '',
  configmaps: '',
  persistentvolumeclaims: '',
  serviceaccounts: '',
  leases: 'coordination.k8s.io',
};

/** Asks itself for nodes, and then the roles. */
export class NodeAuthorizer implements Authorizer {
  readonly #roles: Authorizer;
  readonly #pods: NodePods;

  constructor(roles: Authorizer, store: ObjectStore) {
    this.#roles = roles;
    this.#pods = new NodePods(store);
  }

  decide(user: UserInfo, access: Access): AccessDecision {
    const node = nodeNameOf(user);
    if (node === undefined || access.kind === 'path' || !isOfNodes(access)) return this.#roles.decide(user, access);
    if (this.#isOwn(node, access, access.resource)) return { allowed: true, reason: '' };
    const decision = this.#roles.decide(user, access);
    return decision.allowed ? decision : { allowed: false, reason: `no relationship found between node '${node}' and this object` };
  }

  rulesOf(user: UserInfo, namespace: string): readonly PolicyRule[] {
    return this.#roles.rulesOf(user, namespace);
  }

  #isOwn(node: string, access: ResourceAccess, resource: NodeResource): boolean {
    const { verb, subresource, namespace, name } = access;
    switch (resource) {
      case 'nodes':
        // The name of a Node that is made is in its body: admission looks at it.
        if (verb === 'create') return subresource === '' && (name === '' || name === node);
        return (
          name === node &&
          ((subresource === '' && reading.includes(verb)) || (['', 'status'].includes(subresource) && changing.includes(verb)))
        );
      case 'leases':
        return (
          namespace === leaseNamespace && name === node && subresource === '' && ['get', 'create', 'delete', ...changing].includes(verb)
        );
      case 'pods':
        return this.#isOwnPod(node, access);
      case 'secrets':
      case 'configmaps':
      case 'persistentvolumeclaims':
        return subresource === '' && reading.includes(verb) && this.#isReferred(node, access, resource);
      case 'serviceaccounts':
        return (
          ((subresource === '' && reading.includes(verb)) || (subresource === 'token' && verb === 'create')) &&
          this.#isReferred(node, access, resource)
        );
      default:
        return unreachable(resource);
    }
  }

  #isOwnPod(node: string, { verb, subresource, namespace, name, fields = [] }: ResourceAccess): boolean {
    const isList = subresource === '' && (verb === 'list' || verb === 'watch');
    if (isList && fields.some(({ field, operator, value }) => field === 'spec.nodeName' && operator === 'Equals' && value === node))
      return true;
    const isAllowed =
      (subresource === '' && [...reading, 'delete'].includes(verb)) ||
      (subresource === 'status' && ['get', ...changing].includes(verb)) ||
      (subresource === 'eviction' && verb === 'create');
    if (!isAllowed || name === '') return false;
    // Of one that is gone the verb itself says so.
    const bound = this.#pods.nodeOf(namespace, name);
    return bound === undefined || bound === node;
  }

  #isReferred(node: string, { namespace, name }: ResourceAccess, resource: ReferencedResource): boolean {
    return name !== '' && namespace !== '' && this.#pods.refersTo(node, namespace, referenceText(resource, name));
  }
}

function isOfNodes(access: ResourceAccess): access is ResourceAccess & { readonly resource: NodeResource } {
  return Object.hasOwn(groups, access.resource) && groups[access.resource as NodeResource] === access.group;
}
