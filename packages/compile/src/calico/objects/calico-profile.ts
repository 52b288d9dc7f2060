/**
 * Profiles, which Calico makes of what Kubernetes has (libcalico-go `backend/k8s/conversion`): one for each namespace and
 * service account, with the labels that its pods inherit, and one that allows everything. Nobody writes them.
 */
import type { KubeObject, ObjectMeta, StringMap } from '@weir/kube';
import { calicoGroup } from './stored-form.ts';

/** A profile: what pods may do that no policy selects, and the labels that they get from it. */
export interface CalicoProfile extends KubeObject {
  readonly spec: { readonly ingress: readonly object[]; readonly egress: readonly object[]; readonly labelsToApply?: StringMap };
}

/** That of everything that is in no namespace. */
export const allowAllProfile: CalicoProfile = profile('projectcalico-default-allow', {}, {});

/** That of a namespace. */
export function namespaceProfile({ metadata }: KubeObject): CalicoProfile {
  const { name = '', labels = {} } = metadata;
  return profile(`kns.${name}`, { ...prefixed('pcns.', labels), 'pcns.projectcalico.org/name': name }, metadata);
}

/** That of a service account. */
export function serviceAccountProfile({ metadata }: KubeObject): CalicoProfile {
  const { name = '', namespace = '', labels = {} } = metadata;
  return profile(`ksa.${namespace}.${name}`, { ...prefixed('pcsa.', labels), 'pcsa.projectcalico.org/name': name }, metadata);
}

function profile(name: string, labelsToApply: StringMap, { uid, resourceVersion, creationTimestamp }: ObjectMeta): CalicoProfile {
  const allow = [{ action: 'Allow', source: {}, destination: {} }];
  const identity = Object.entries({ uid, resourceVersion, creationTimestamp }).filter(([, value]) => value !== undefined);
  const hasLabels = Object.keys(labelsToApply).length > 0;
  return {
    apiVersion: calicoGroup,
    kind: 'Profile',
    metadata: { name, ...Object.fromEntries(identity) },
    spec: { ingress: allow, egress: allow, ...(hasLabels ? { labelsToApply } : {}) },
  };
}

function prefixed(prefix: string, labels: StringMap): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${prefix}${key}`, value]));
}
