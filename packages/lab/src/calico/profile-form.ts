/** Profiles of `projectcalico.org/v3`: made of namespaces and service accounts, for reading only. */
import { allowAllProfile, type CalicoProfile, namespaceProfile, serviceAccountProfile } from '@weir/compile';
import { customResources, type JsonObject, type KubeObject, type ResourceDefinition, schemaWords } from '@weir/kube';
import { defined } from '@weir/net';

const { anything, fields, text } = schemaWords;
const names = { plural: 'profiles', kind: 'Profile', singular: 'profile', listKind: 'ProfileList' };

/** The entry of the registry. */
export function profileForm(): ResourceDefinition {
  const version = {
    name: 'v3',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: fields({ apiVersion: text, kind: text, metadata: { type: 'object' }, spec: anything }) },
  };
  const [entry] = customResources({
    spec: { group: 'projectcalico.org', scope: 'Cluster', names, versions: [version] },
    status: { acceptedNames: names },
  });
  return { ...defined(entry, 'a served version has an entry'), verbs: ['get', 'list'], made: madeProfiles };
}

const madeProfiles: NonNullable<ResourceDefinition['made']> = function* (stored) {
  yield asJson(allowAllProfile);
  for (const namespace of stored.list('namespaces')) yield asJson(namespaceProfile(namespace as JsonObject & KubeObject));
  for (const account of stored.list('serviceaccounts')) yield asJson(serviceAccountProfile(account as JsonObject & KubeObject));
};

function asJson(profile: CalicoProfile): JsonObject {
  return { ...profile, metadata: { ...profile.metadata } };
}
