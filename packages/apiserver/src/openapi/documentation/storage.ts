/** What people read about persistent volumes and their classes, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const storageDocumentation = `
# io.k8s.api.core.v1
PersistentVolume: A place for data that outlives pods; the cluster's own, not a namespace's.
PersistentVolumeSpec: Where the data is, and who may use it how.
  capacity: How large it is.
  gcePersistentDisk: A disk of GCE.
  awsElasticBlockStore: A disk of AWS.
  hostPath: A directory of whatever node the pod is on.
  glusterfs: A GlusterFS volume.
  nfs: A directory of an NFS server.
  rbd: A device of Ceph.
  iscsi: A disk behind iSCSI.
  cinder: A disk of OpenStack.
  cephfs: A directory of CephFS.
  fc: A disk behind Fibre Channel.
  flocker: A Flocker dataset.
  flexVolume: What a FlexVolume driver provides.
  azureFile: A share of Azure Files.
  vsphereVolume: A disk of vSphere.
  quobyte: A Quobyte volume.
  azureDisk: A disk of Azure.
  photonPersistentDisk: A disk of Photon.
  portworxVolume: A Portworx volume.
  scaleIO: A ScaleIO volume.
  local: A directory of one node.
  storageos: A StorageOS volume.
  csi: What a CSI driver provides.
  accessModes(ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod): Who can use it at the same time, and how.
  claimRef: The claim that has it, or that it is kept for.
  persistentVolumeReclaimPolicy(Delete|Recycle|Retain): What becomes of it without its claim.
  storageClassName: The class that it is of; empty for none.
  mountOptions: Options of its mounts.
  volumeMode(Block|Filesystem): As a file system or as a block device.
  nodeAffinity: Which nodes reach it.
  volumeAttributesClassName: The class of its attributes.
LocalVolumeSource: A directory or device of one node.
  path!: Where it is on the node.
  fsType: The file system of a device.
CSIPersistentVolumeSource: A volume of a CSI driver.
  driver!: The name of the driver.
  volumeHandle!: What the driver calls the volume.
  readOnly: Whether it cannot be written.
  fsType: The file system to mount.
  volumeAttributes: What the driver wants to know of the volume.
  controllerPublishSecretRef: The Secret for attaching it to a node.
  nodeStageSecretRef: The Secret for preparing it on a node.
  nodePublishSecretRef: The Secret for mounting it.
  controllerExpandSecretRef: The Secret for making it larger.
  nodeExpandSecretRef: The Secret for making it larger on its node.
SecretReference: A Secret of some namespace.
  name: Its name.
  namespace: Its namespace.
VolumeNodeAffinity: Which nodes reach a volume.
  required: What a node must be like.
PersistentVolumeStatus: What is known of a volume.
  phase(Available|Bound|Failed|Pending|Released): Whether a claim has it.
  message: Why, for people.
  reason: Why, in one word.
  lastPhaseTransitionTime: When the phase became what it is.
TopologySelectorTerm: A kind of nodes.
  matchLabelExpressions: Labels that they have.
TopologySelectorLabelRequirement: Values of one label.
  key!: The label.
  values!: The values, one of which it has.
EphemeralVolumeSource: A volume whose claim is made for the pod and goes with it.
  volumeClaimTemplate: What the claim is like; it is called after the pod and the volume.
PersistentVolumeClaimTemplate: What a claim that is made is like.
  spec!: What it asks for.
# io.k8s.api.storage.v1
StorageClass: A way of making volumes.
  provisioner!: Who makes them.
  parameters: What the provisioner wants to know.
  reclaimPolicy(Delete|Recycle|Retain): What becomes of them without their claims.
  mountOptions: Options of their mounts.
  allowVolumeExpansion: Whether claims may ask for more later.
  volumeBindingMode(Immediate|WaitForFirstConsumer): Whether a claim gets its volume at once, or with the node of its first pod.
  allowedTopologies: Nodes on which volumes are made; absent: all.
`;
