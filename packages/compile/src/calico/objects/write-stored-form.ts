/**
 * From `projectcalico.org/v3` to the form that is stored, `crd.projectcalico.org/v1`: what {@link readStoredForm} reads.
 *
 * As calicoctl writes it (libcalico-go `backend/k8s/resources`): the metadata of the user goes into an annotation, in the
 * order of the fields of the API's Go type. What the API server itself works with (names, versions, finalizers, the time
 * of deletion) stays where it is.
 */
import type { ObjectMeta, StringMap } from '@weir/kube';
import { metadataAnnotation, type StoredCalicoObject, storedCalicoGroup, turnedUid } from './stored-form.ts';

/** Kinds whose stored name may begin with their tier: the annotation says what they are called. */
const kindsWithNames: readonly string[] = ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy'];

/** Keys that Calico and its operator find in the stored object itself. */
const visibleKey = /projectcalico\.org\/|operator\.tigera\.io\//;

/** The object as it is stored; its name stays the one that it has. */
export function writeStoredForm<Written extends StoredCalicoObject>(object: Written): Written {
  const { metadata, kind = '' } = object;
  const { labels, annotations: _annotations, managedFields: _managers, uid, ...own } = metadata;
  const turned = uid === undefined ? undefined : (turnedUid(uid) ?? uid);
  const visible = visibleOf(labels);
  return {
    ...object,
    apiVersion: storedCalicoGroup,
    metadata: {
      ...own,
      ...(turned === undefined ? {} : { uid: turned }),
      ...(Object.keys(visible).length === 0 ? {} : { labels: visible }),
      annotations: { ...visibleOf(metadata.annotations), [metadataAnnotation]: JSON.stringify(keptMetadata(metadata, kind)) },
    },
  };
}

function visibleOf(map: StringMap = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => visibleKey.test(key) && key !== metadataAnnotation));
}

/** Go's encoding of an ObjectMeta: a time that is not there is null, everything else that is empty is left out. */
function keptMetadata(metadata: ObjectMeta, kind: string): object {
  const { name, creationTimestamp = null, labels = {}, annotations = {}, ownerReferences = [], managedFields = [] } = metadata;
  return {
    ...(kindsWithNames.includes(kind) ? { name } : {}),
    creationTimestamp,
    ...(Object.keys(labels).length === 0 ? {} : { labels: sorted(labels) }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: sorted(annotations) }),
    ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
    ...(managedFields.length === 0 ? {} : { managedFields }),
  };
}

function sorted(map: StringMap): StringMap {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
