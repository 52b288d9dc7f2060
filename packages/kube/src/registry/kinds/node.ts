/** core/v1 Node as the API server knows it. */
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const nodeKind = { group: '', version: 'v1', kind: 'Node' };
const rolePrefix = 'node-role.kubernetes.io/';

/** The entry of nodes. */
export const nodeResource: ResourceDefinition = defineResource({
  ...nodeKind,
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  statusSubresource: true,
  subresources: [statusSubresource(nodeKind)],
  // A missing `spec.unschedulable` compares as "false".
  fieldLabels: { 'spec.unschedulable': (node) => String(objectAt(node, 'spec')?.['unschedulable'] === true) },
  // Nodes report their status when they register themselves.
  table: {
    columns: [
      column('Name'),
      column('Status', 'string', 'The status of the node'),
      column('Roles', 'string', 'The roles of the node'),
      column('Age'),
      column('Version', 'string', 'Kubelet Version reported by the node.'),
      column('Internal-IP(w)'),
      column('External-IP(w)'),
      column('OS-Image(w)'),
      column('Kernel-Version(w)'),
      column('Container-Runtime(w)'),
    ],
    row: (node, nowMs) => {
      const info = objectAt(objectAt(node, 'status'), 'nodeInfo');
      return {
        cells: [
          objectName(node),
          statusWords(node),
          roles(node),
          objectAge(node, nowMs),
          textAt(info, 'kubeletVersion'),
          addressOf(node, 'InternalIP'),
          addressOf(node, 'ExternalIP'),
          textAt(info, 'osImage') || '<unknown>',
          textAt(info, 'kernelVersion') || '<unknown>',
          textAt(info, 'containerRuntimeVersion') || '<unknown>',
        ],
      };
    },
  },
});

function statusWords(node: JsonObject): string {
  const ready = objectsAt(objectAt(node, 'status'), 'conditions').find((condition) => condition['type'] === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return objectAt(node, 'spec')?.['unschedulable'] === true ? `${word},SchedulingDisabled` : word;
}

function roles(node: JsonObject): string {
  const found: string[] = [];
  for (const [key, value] of Object.entries(objectAt(objectAt(node, 'metadata'), 'labels') ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) found.push(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') found.push(String(value));
  }
  return found.length === 0 ? '<none>' : [...new Set(found)].sort().join(',');
}

function addressOf(node: JsonObject, type: string): string {
  const found = objectsAt(objectAt(node, 'status'), 'addresses').find((address) => address['type'] === type);
  return textAt(found, 'address') || '<none>';
}
