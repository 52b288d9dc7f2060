/**
 * What a cluster writes down of requests unless it is told otherwise: who did what to what, and no bodies. Left out is
 * what would drown the rest: what scheduler, controllers, nodes and agents read, their Leases, and Events. Whoever
 * reads a Secret or asks for a token is written down, also these.
 */
import type { AuditPolicy } from '@weir/kube';
import { controlPlaneUsers } from './control-plane-users.ts';

const reading = ['get', 'list', 'watch'];
const ownGroups = ['system:nodes', 'weir:agents'];

export const labAuditPolicy: AuditPolicy = {
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', resources: [{ resources: ['secrets', 'serviceaccounts/token'] }] },
    { level: 'None', users: Object.values(controlPlaneUsers), verbs: reading },
    { level: 'None', userGroups: ownGroups, verbs: reading },
    { level: 'None', userGroups: ownGroups, resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    { level: 'None', resources: [{ resources: ['events'] }, { group: 'events.k8s.io', resources: ['events'] }] },
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*'] },
    { level: 'Metadata' },
  ],
};
