// Volume sources of Kubernetes' former in-tree drivers. They are known, so that manifests naming them are
// typed and not called unknown; a node says that it has no such driver when a pod asks for one.
import { localObjectReference } from '../references.ts';
import { choice, flag, int32, text } from '../scalars.ts';
import { list, map, struct } from '../shape.ts';

const readOnly = flag;
const fsType = text;
const secretRef = localObjectReference;
const texts = list(text);

const cloudSources = {
  awsElasticBlockStore: struct(
    'AWSElasticBlockStoreVolumeSource',
    { volumeID: text },
    { fsType, partition: int32, readOnly },
  ),
  azureDisk: struct(
    'AzureDiskVolumeSource',
    { diskName: text, diskURI: text },
    { cachingMode: text, fsType, kind: choice('Shared', 'Dedicated', 'Managed'), readOnly },
  ),
  azureFile: struct('AzureFileVolumeSource', { secretName: text, shareName: text }, { readOnly }),
  cinder: struct('CinderVolumeSource', { volumeID: text }, { fsType, readOnly, secretRef }),
  gcePersistentDisk: struct(
    'GCEPersistentDiskVolumeSource',
    { pdName: text },
    { fsType, partition: int32, readOnly },
  ),
  photonPersistentDisk: struct('PhotonPersistentDiskVolumeSource', { pdID: text }, { fsType }),
  portworxVolume: struct('PortworxVolumeSource', { volumeID: text }, { fsType, readOnly }),
  vsphereVolume: struct(
    'VsphereVirtualDiskVolumeSource',
    { volumePath: text },
    { fsType, storagePolicyID: text, storagePolicyName: text },
  ),
};

const networkSources = {
  cephfs: struct(
    'CephFSVolumeSource',
    { monitors: texts },
    { path: text, readOnly, secretFile: text, secretRef, user: text },
  ),
  fc: struct('FCVolumeSource', {}, { fsType, lun: int32, readOnly, targetWWNs: texts, wwids: texts }),
  flexVolume: struct(
    'FlexVolumeSource',
    { driver: text },
    { fsType, options: map(text), readOnly, secretRef },
  ),
  flocker: struct('FlockerVolumeSource', {}, { datasetName: text, datasetUUID: text }),
  gitRepo: struct('GitRepoVolumeSource', { repository: text }, { directory: text, revision: text }),
  glusterfs: struct('GlusterfsVolumeSource', { endpoints: text, path: text }, { readOnly }),
  iscsi: struct(
    'ISCSIVolumeSource',
    { iqn: text, lun: int32, targetPortal: text },
    {
      chapAuthDiscovery: flag,
      chapAuthSession: flag,
      fsType,
      initiatorName: text,
      iscsiInterface: text,
      portals: texts,
      readOnly,
      secretRef,
    },
  ),
  quobyte: struct(
    'QuobyteVolumeSource',
    { registry: text, volume: text },
    { group: text, readOnly, tenant: text, user: text },
  ),
  rbd: struct(
    'RBDVolumeSource',
    { image: text, monitors: texts },
    { fsType, keyring: text, pool: text, readOnly, secretRef, user: text },
  ),
  scaleIO: struct(
    'ScaleIOVolumeSource',
    { gateway: text, secretRef, system: text },
    {
      fsType,
      protectionDomain: text,
      readOnly,
      sslEnabled: flag,
      storageMode: text,
      storagePool: text,
      volumeName: text,
    },
  ),
  storageos: struct(
    'StorageOSVolumeSource',
    {},
    { fsType, readOnly, secretRef, volumeName: text, volumeNamespace: text },
  ),
};

export const legacyVolumeSources = { ...cloudSources, ...networkSources };
