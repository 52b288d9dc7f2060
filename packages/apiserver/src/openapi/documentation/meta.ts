/** What people read about the types of meta/v1, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const metaDocumentation = `
# io.k8s.apimachinery.pkg.apis.meta.v1
ObjectMeta: What every object says about itself: its name, its place, its labels and its history.
  name: The name, unique among objects of the kind in the namespace; it cannot be changed.
  generateName: A prefix from which the server makes a free name when 'name' is empty.
  namespace: The namespace that the object is in; empty for kinds of the whole cluster.
  selfLink: Not used any more.
  uid: An identity that no other object has or will have; set by the server.
  resourceVersion: The version of the stored object, to be compared for equality only; set by the server.
  generation: Counts the changes of what is wanted; set by the server.
  creationTimestamp: When the object was made; set by the server.
  deletionTimestamp: When the object was, or will be, gone; set by the server when somebody deletes it.
  deletionGracePeriodSeconds: How many seconds the object has to end after its deletion was asked for.
  labels: Texts to select objects by.
  annotations: Texts for programs and people; nothing is selected by them.
  ownerReferences: The objects that this one belongs to; it goes when the last of them has gone.
  finalizers: What must be done before the object can go; each is taken out by who has done it.
  managedFields: Which manager set which fields, and how.
OwnerReference: An object in the same namespace, or of the whole cluster, that owns another.
  kind!:
  name!: The owner's name.
  uid!: The owner's identity; an object of the same name with another identity is not the owner.
  apiVersion!:
  controller: Whether the owner is the one that controls the object; at most one is.
  blockOwnerDeletion: Whether a deletion of the owner in the foreground waits for this object.
ManagedFieldsEntry: The fields that one manager set by one kind of operation.
  manager: The name of the manager.
  operation: How it set them: 'Apply' or 'Update'.
  apiVersion: The version of the API in which the fields are named.
  time: When the entry was changed last.
  fieldsType: How the fields are written; 'FieldsV1' is the only way.
  fieldsV1: The fields, as a tree of their names.
  subresource: The subresource through which they were set; empty for the object itself.
LabelSelector: Which objects are meant, by their labels; empty means all of them.
  matchLabels: Labels that must be there with these values.
  matchExpressions: Requirements that must all be met.
LabelSelectorRequirement: One requirement of a selector.
  key!: The label that it is about.
  operator!: 'In', 'NotIn', 'Exists' or 'DoesNotExist'.
  values: The values for 'In' and 'NotIn'; empty for the others.
Condition: One thing that is, is not, or may be true about an object.
  type!:
  status!:
  lastTransitionTime!:
  reason!:
  message!:
DeleteOptions: How an object is to be deleted.
  gracePeriodSeconds: How many seconds it may take to end; 0 means at once.
  preconditions: What must hold of the object, or it is not deleted.
  orphanDependents: Not used any more; 'propagationPolicy' says what becomes of dependents.
  propagationPolicy: What becomes of the objects that it owns: 'Orphan', 'Background' or 'Foreground'.
  dryRun: With 'All', everything is done but the deletion.
  ignoreStoreReadErrorWithClusterBreakingPotential: Deletes an object that cannot be read; not supported here.
Preconditions: What must hold of an object before it is changed.
  uid: The identity that it must have.
  resourceVersion: The version that it must have.
ListMeta: What a list says about itself.
  selfLink: Not used any more.
  resourceVersion: The version of the store that the list shows.
  continue: What to ask for the next part with; empty when nothing comes after.
  remainingItemCount: How many objects come after this part, when that is known.
`;
