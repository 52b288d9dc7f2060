/** The types of persistent volumes and their classes, in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35. */

/** Type definitions; other tables may refer to them. */
export const volumeTypes = `
PersistentVolume: apiVersion kind metadata:ObjectMeta spec:PersistentVolumeSpec status:PersistentVolumeStatus
PersistentVolumeSpec: capacity:{q} gcePersistentDisk:any awsElasticBlockStore:any hostPath:HostPathVolumeSource glusterfs:any
    nfs:NFSVolumeSource rbd:any iscsi:any cinder:any cephfs:any fc:any flocker:any flexVolume:any azureFile:any vsphereVolume:any
    quobyte:any azureDisk:any photonPersistentDisk:any portworxVolume:any scaleIO:any local:LocalVolumeSource storageos:any
    csi:CSIPersistentVolumeSource accessModes:s[] claimRef:ObjectReference persistentVolumeReclaimPolicy storageClassName
    mountOptions:s[] volumeMode nodeAffinity:VolumeNodeAffinity volumeAttributesClassName
LocalVolumeSource: path fsType
CSIPersistentVolumeSource: driver volumeHandle readOnly:b fsType volumeAttributes:{s} controllerPublishSecretRef:SecretReference
    nodeStageSecretRef:SecretReference nodePublishSecretRef:SecretReference controllerExpandSecretRef:SecretReference
    nodeExpandSecretRef:SecretReference
SecretReference: name namespace
VolumeNodeAffinity: required:NodeSelector
PersistentVolumeStatus: phase message reason lastPhaseTransitionTime:t
StorageClass: apiVersion kind metadata:ObjectMeta provisioner parameters:{s} reclaimPolicy mountOptions:s[] allowVolumeExpansion:b
    volumeBindingMode allowedTopologies:TopologySelectorTerm[]
TopologySelectorTerm: matchLabelExpressions:TopologySelectorLabelRequirement[]
TopologySelectorLabelRequirement: key values:s[]
EphemeralVolumeSource: volumeClaimTemplate:PersistentVolumeClaimTemplate
PersistentVolumeClaimTemplate: metadata:ObjectMeta spec:PersistentVolumeClaimSpec
`;
