/** What people read about volumes and their claims, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const volumeDocumentation = `
# io.k8s.api.core.v1
Volume: Something that containers of a pod can mount; one source says what.
  name!: What it is called in the pod; a DNS label.
  hostPath: A file or directory of the node.
  emptyDir: A directory that lives as long as the pod.
  secret: The entries of a Secret, as files.
  persistentVolumeClaim: The volume of a claim.
  downwardAPI: Fields of the pod, as files.
  configMap: The entries of a ConfigMap, as files.
  projected: Several sources in one directory.
  csi: A volume of a CSI driver.
  gcePersistentDisk: A kind of volume that no node mounts here.
  awsElasticBlockStore: A kind of volume that no node mounts here.
  gitRepo: A kind of volume that no node mounts here.
  nfs: A directory of an NFS server.
  iscsi: A kind of volume that no node mounts here.
  glusterfs: A kind of volume that no node mounts here.
  rbd: A kind of volume that no node mounts here.
  flexVolume: A kind of volume that no node mounts here.
  cinder: A kind of volume that no node mounts here.
  cephfs: A kind of volume that no node mounts here.
  flocker: A kind of volume that no node mounts here.
  fc: A kind of volume that no node mounts here.
  azureFile: A kind of volume that no node mounts here.
  vsphereVolume: A kind of volume that no node mounts here.
  quobyte: A kind of volume that no node mounts here.
  azureDisk: A kind of volume that no node mounts here.
  photonPersistentDisk: A kind of volume that no node mounts here.
  portworxVolume: A kind of volume that no node mounts here.
  scaleIO: A kind of volume that no node mounts here.
  storageos: A kind of volume that no node mounts here.
  ephemeral: A claim that lives as long as the pod.
  image: The files of an image.
HostPathVolumeSource: A file or directory of the node.
  path!: Where it is on the node.
  type(|BlockDevice|CharDevice|Directory|DirectoryOrCreate|File|FileOrCreate|Socket): What must be there, or is made.
EmptyDirVolumeSource: A directory that lives as long as the pod.
  medium: Empty for the node's disk, 'Memory' for its memory.
  sizeLimit: How much it may hold.
SecretVolumeSource: The entries of a Secret, as files.
  secretName: The name of the Secret.
  items: Which entries, and where; all of them when empty.
  defaultMode: The permission bits of files, 0644 by default.
ConfigMapVolumeSource: The entries of a ConfigMap, as files.
  items: Which entries, and where; all of them when empty.
  defaultMode: The permission bits of files, 0644 by default.
DownwardAPIVolumeSource: Fields of the pod, as files.
  items: The files.
  defaultMode: The permission bits of files, 0644 by default.
DownwardAPIVolumeFile: A file with a field of the pod.
  path!: Where it is in the volume.
  fieldRef: The field of the pod.
  resourceFieldRef: The request or limit of a container.
  mode: The permission bits of the file.
KeyToPath: An entry and its file.
  key!: The entry.
  path!: Where it is in the volume.
  mode: The permission bits of the file.
ProjectedVolumeSource: Several sources in one directory.
  sources: What is in it.
  defaultMode: The permission bits of files, 0644 by default.
VolumeProjection: One source of a directory.
  secret: Entries of a Secret.
  downwardAPI: Fields of the pod.
  configMap: Entries of a ConfigMap.
  serviceAccountToken: A token of the service account.
  clusterTrustBundle: Certificates of authorities.
  podCertificate: A certificate for the pod.
SecretProjection: Entries of a Secret.
  items: Which entries, and where; all of them when empty.
ConfigMapProjection: Entries of a ConfigMap.
  items: Which entries, and where; all of them when empty.
DownwardAPIProjection: Fields of the pod.
  items: The files.
ServiceAccountTokenProjection: A token of the pod's service account.
  audience: Who the token is for; the API server by default.
  expirationSeconds: How many seconds it is good for, at least 600.
  path!: Where it is in the volume.
ClusterTrustBundleProjection: Certificates of authorities.
  name: The name of one bundle.
  signerName: All bundles of this signer.
  labelSelector: Which of the signer's bundles.
  path!: Where it is in the volume.
PodCertificateProjection: A certificate for the pod, with its key.
  signerName!: Who signs it.
  keyType!: The kind of its key.
  maxExpirationSeconds: How many seconds it is good for at most.
  credentialBundlePath: Where key and certificates are in one file.
  keyPath: Where the key is.
  certificateChainPath: Where the certificates are.
  userAnnotations: Texts for the signer.
CSIVolumeSource: A volume of a CSI driver.
  driver!: The name of the driver.
  readOnly: Whether it cannot be written.
  fsType: Its file system.
  volumeAttributes: Settings for the driver.
  nodePublishSecretRef: A Secret for the driver.
NFSVolumeSource: A directory of an NFS server.
  server!: The server's name or address.
  path!: The directory that it exports.
  readOnly: Whether it cannot be written.
ImageVolumeSource: The files of an image.
  reference: The image.
  pullPolicy(Always|IfNotPresent|Never): When it is fetched.
PersistentVolumeClaimVolumeSource: The volume of a claim.
  claimName!: The claim, in the pod's namespace.
  readOnly: Whether it cannot be written.
PersistentVolumeClaim: A request for a volume.
PersistentVolumeClaimSpec: Which volume is wanted.
  accessModes(ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod): Who may use it at the same time, and how.
  selector: Which volumes may be taken.
  resources: How large it must be.
  volumeName: The volume that was taken.
  storageClassName: The class that it is made by.
  volumeMode(Block|Filesystem): As a file system or as a block device.
  dataSource: What it is filled from.
  dataSourceRef: What it is filled from, of any kind.
  volumeAttributesClassName: The class of its changeable settings.
VolumeResourceRequirements: The size of a volume.
  limits: How large it may be.
  requests: How large it must be.
PersistentVolumeClaimStatus: What is known of a claim.
  phase(Bound|Lost|Pending): Whether it has a volume.
  accessModes(ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod): How the volume can be used.
  capacity: How large the volume is.
  conditions: What is true of the claim now.
  allocatedResources: What has been set aside while it grows.
  allocatedResourceStatuses: Where a growth is.
  currentVolumeAttributesClassName: The class that it has now.
  modifyVolumeStatus: Where a change of its class is.
PersistentVolumeClaimCondition: One condition of a claim.
  type!:
  status!:
`;
