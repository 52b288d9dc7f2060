/**
 * Protobuf field numbers of the sources of volumes (core/v1 in `generated.proto` of k8s.io/api v0.35.2) as text.
 * The notation is explained in `message-table.ts`.
 */

/** Messages of volumes beside those that `core.ts` has. */
export const volumeMessages = `
GCEPersistentDiskVolumeSource: 1 pdName · 2 fsType · 3 partition:i · 4 readOnly:b
AWSElasticBlockStoreVolumeSource: 1 volumeID · 2 fsType · 3 partition:i · 4 readOnly:b
GitRepoVolumeSource: 1 repository · 2 revision · 3 directory
ISCSIVolumeSource: 1 targetPortal · 2 iqn · 3 lun:i · 4 iscsiInterface · 5 fsType · 6 readOnly:b · 7 portals:s[] · 8 chapAuthDiscovery:b · 10 secretRef:LocalObjectReference? · 11 chapAuthSession:b · 12 initiatorName?
GlusterfsVolumeSource: 1 endpoints · 2 path · 3 readOnly:b
RBDVolumeSource: 1 monitors:s[] · 2 image · 3 fsType · 4 pool · 5 user · 6 keyring · 7 secretRef:LocalObjectReference? · 8 readOnly:b
FlexVolumeSource: 1 driver · 2 fsType · 3 secretRef:LocalObjectReference? · 4 readOnly:b · 5 options:{s}
CinderVolumeSource: 1 volumeID · 2 fsType · 3 readOnly:b · 4 secretRef:LocalObjectReference?
CephFSVolumeSource: 1 monitors:s[] · 2 path · 3 user · 4 secretFile · 5 secretRef:LocalObjectReference? · 6 readOnly:b
FlockerVolumeSource: 1 datasetName · 2 datasetUUID
FCVolumeSource: 1 targetWWNs:s[] · 2 lun:i? · 3 fsType · 4 readOnly:b · 5 wwids:s[]
AzureFileVolumeSource: 1 secretName · 2 shareName · 3 readOnly:b
VsphereVirtualDiskVolumeSource: 1 volumePath · 2 fsType · 3 storagePolicyName · 4 storagePolicyID
QuobyteVolumeSource: 1 registry · 2 volume · 3 readOnly:b · 4 user · 5 group · 6 tenant
AzureDiskVolumeSource: 1 diskName · 2 diskURI · 3 cachingMode? · 4 fsType? · 5 readOnly:b? · 6 kind?
PhotonPersistentDiskVolumeSource: 1 pdID · 2 fsType
PortworxVolumeSource: 1 volumeID · 2 fsType · 3 readOnly:b
ScaleIOVolumeSource: 1 gateway · 2 system · 3 secretRef:LocalObjectReference? · 4 sslEnabled:b · 5 protectionDomain · 6 storagePool · 7 storageMode · 8 volumeName · 9 fsType · 10 readOnly:b
StorageOSVolumeSource: 1 volumeName · 2 volumeNamespace · 3 fsType · 4 readOnly:b · 5 secretRef:LocalObjectReference?
GlusterfsPersistentVolumeSource: 1 endpoints · 2 path · 3 readOnly:b · 4 endpointsNamespace?
RBDPersistentVolumeSource: 1 monitors:s[] · 2 image · 3 fsType · 4 pool · 5 user · 6 keyring · 7 secretRef:SecretReference? · 8 readOnly:b
ISCSIPersistentVolumeSource: 1 targetPortal · 2 iqn · 3 lun:i · 4 iscsiInterface · 5 fsType · 6 readOnly:b · 7 portals:s[] · 8 chapAuthDiscovery:b · 10 secretRef:SecretReference? · 11 chapAuthSession:b · 12 initiatorName?
CinderPersistentVolumeSource: 1 volumeID · 2 fsType · 3 readOnly:b · 4 secretRef:SecretReference?
CephFSPersistentVolumeSource: 1 monitors:s[] · 2 path · 3 user · 4 secretFile · 5 secretRef:SecretReference? · 6 readOnly:b
FlexPersistentVolumeSource: 1 driver · 2 fsType · 3 secretRef:SecretReference? · 4 readOnly:b · 5 options:{s}
AzureFilePersistentVolumeSource: 1 secretName · 2 shareName · 3 readOnly:b · 4 secretNamespace?
ScaleIOPersistentVolumeSource: 1 gateway · 2 system · 3 secretRef:SecretReference? · 4 sslEnabled:b · 5 protectionDomain · 6 storagePool · 7 storageMode · 8 volumeName · 9 fsType · 10 readOnly:b
StorageOSPersistentVolumeSource: 1 volumeName · 2 volumeNamespace · 3 fsType · 4 readOnly:b · 5 secretRef:ObjectReference?
`;
