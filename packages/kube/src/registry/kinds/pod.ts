/** core/v1 Pod as the API server knows it. */

import { validateEphemeralContainersUpdate } from '../../validation/validate-ephemeral-containers.ts';
import { subdomainName } from '../../validation/validate-object-meta.ts';
import { validatePod, validatePodUpdate } from '../../validation/validate-pod.ts';
import { warnPod } from '../../validation/warn-pod.ts';
import { defineResource, statusSubresource } from '../define-resource.ts';
import { objectAt, objectsAt, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { defaultPod, podGraceSeconds, preparePod } from './pod-defaults.ts';
import { podTable } from './pod-table.ts';

const podKind = { group: '', version: 'v1', kind: 'Pod' };

/** The entry of pods. */
export const podResource: ResourceDefinition = defineResource({
  ...podKind,
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  table: podTable,
  statusSubresource: true,
  countsGenerations: true,
  returnsDeletedObject: true,
  subresources: [
    { name: 'attach', kind: { group: '', version: 'v1', kind: 'PodAttachOptions' }, verbs: ['create', 'get'] },
    { name: 'binding', kind: { group: '', version: 'v1', kind: 'Binding' }, verbs: ['create'] },
    {
      name: 'ephemeralcontainers',
      kind: podKind,
      verbs: ['get', 'patch', 'update'],
      writes: { field: 'ephemeralContainers', validate: validateEphemeralContainersUpdate },
    },
    { name: 'eviction', kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] },
    { name: 'exec', kind: { group: '', version: 'v1', kind: 'PodExecOptions' }, verbs: ['create', 'get'] },
    { name: 'log', kind: podKind, verbs: ['get'] },
    { name: 'portforward', kind: { group: '', version: 'v1', kind: 'PodPortForwardOptions' }, verbs: ['create', 'get'] },
    statusSubresource(podKind),
  ],
  fieldLabels: {
    'spec.nodeName': (pod) => textAt(objectAt(pod, 'spec'), 'nodeName'),
    'spec.restartPolicy': (pod) => textAt(objectAt(pod, 'spec'), 'restartPolicy'),
    'spec.schedulerName': (pod) => textAt(objectAt(pod, 'spec'), 'schedulerName'),
    'spec.serviceAccountName': (pod) => textAt(objectAt(pod, 'spec'), 'serviceAccountName'),
    'spec.hostNetwork': (pod) => String(objectAt(pod, 'spec')?.['hostNetwork'] === true),
    'status.phase': (pod) => textAt(objectAt(pod, 'status'), 'phase'),
    'status.podIP': (pod) => textAt(objectAt(pod, 'status'), 'podIP'),
    'status.podIPs': (pod) => textAt(objectsAt(objectAt(pod, 'status'), 'podIPs')[0], 'ip'),
    'status.nominatedNodeName': (pod) => textAt(objectAt(pod, 'status'), 'nominatedNodeName'),
  },
  validateName: subdomainName,
  defaults: defaultPod,
  prepareForCreate: preparePod,
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  // Pods are changed by programs more than by people.
  warnings: (pod, isUpdate) => (isUpdate ? [] : warnPod(pod, '')),
  deletionGraceSeconds: podGraceSeconds,
});
