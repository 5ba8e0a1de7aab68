// Volumes of a pod that Troupe or a CSI driver provides. Sources of old in-tree drivers are in
// legacy-volume.ts.
import type * as t from 'io-ts';
import { meta } from '../meta.ts';
import { templateMeta } from '../object.ts';
import {
  labelSelector,
  localObjectReference,
  quantities,
  typedLocalObjectReference,
  typedObjectReference,
} from '../references.ts';
import { anyText, choice, flag, int32, int64, quantity, text } from '../scalars.ts';
import { list, map, struct } from '../shape.ts';
import { fieldSelector, resourceFieldSelector } from './container.ts';
import { legacyVolumeSources } from './legacy-volume.ts';

const atomic = { listType: 'atomic' } as const;
const mode = meta(int32, { description: 'Permission bits of the files.', minimum: 0, maximum: 0o777 });

const keyToPath = struct(
  'KeyToPath',
  { key: meta(text, 'The key.'), path: meta(text, 'The file it becomes, relative.') },
  { mode },
);

const downwardFile = struct(
  'DownwardAPIVolumeFile',
  { path: meta(text, 'The file, relative.') },
  { fieldRef: fieldSelector, resourceFieldRef: resourceFieldSelector, mode },
);

const items = meta(list(keyToPath), {
  description: 'Which keys become which files; all when absent.',
  ...atomic,
});
const optional = meta(flag, 'True when the object or its keys may be missing.');

export const configMapVolume = struct(
  'ConfigMapVolumeSource',
  {},
  { name: text, defaultMode: mode, items, optional },
);
export const secretVolume = struct(
  'SecretVolumeSource',
  {},
  { secretName: text, defaultMode: mode, items, optional },
);
export const downwardVolume = struct(
  'DownwardAPIVolumeSource',
  {},
  { defaultMode: mode, items: meta(list(downwardFile), atomic) },
);

export const emptyDirVolume = struct(
  'EmptyDirVolumeSource',
  {},
  {
    medium: meta(text, 'Empty for disk, Memory for RAM.'),
    sizeLimit: meta(quantity, 'The most it may hold.'),
  },
);

export const hostPathVolume = struct(
  'HostPathVolumeSource',
  { path: meta(text, 'Path on the node.') },
  {
    type: meta(
      choice(
        '',
        'BlockDevice',
        'CharDevice',
        'Directory',
        'DirectoryOrCreate',
        'File',
        'FileOrCreate',
        'Socket',
      ),
      'What must be there, or is made.',
    ),
  },
);

const tokenProjection = struct(
  'ServiceAccountTokenProjection',
  { path: text },
  { audience: text, expirationSeconds: meta(int64, { default: 3600 }) },
);

const trustBundle = struct(
  'ClusterTrustBundleProjection',
  { path: text },
  { labelSelector, name: text, optional: flag, signerName: text },
);

const certificateProjection = struct(
  'PodCertificateProjection',
  { keyType: text, signerName: text },
  {
    certificateChainPath: text,
    credentialBundlePath: text,
    keyPath: text,
    maxExpirationSeconds: int32,
    userAnnotations: map(text),
  },
);

export const volumeProjection = struct(
  'VolumeProjection',
  {},
  {
    clusterTrustBundle: trustBundle,
    configMap: struct('ConfigMapProjection', {}, { name: text, items, optional }),
    downwardAPI: struct('DownwardAPIProjection', {}, { items: meta(list(downwardFile), atomic) }),
    podCertificate: certificateProjection,
    secret: struct('SecretProjection', {}, { name: text, items, optional }),
    serviceAccountToken: tokenProjection,
  },
);

export const projectedVolume = struct(
  'ProjectedVolumeSource',
  {},
  { defaultMode: mode, sources: meta(list(volumeProjection), atomic) },
);

export const claimSpec = struct(
  'PersistentVolumeClaimSpec',
  {},
  {
    accessModes: meta(list(text), { description: 'ReadWriteOnce, ReadOnlyMany…', ...atomic }),
    dataSource: typedLocalObjectReference,
    dataSourceRef: typedObjectReference,
    resources: struct('VolumeResourceRequirements', {}, { limits: quantities, requests: quantities }),
    selector: labelSelector,
    storageClassName: text,
    volumeAttributesClassName: text,
    volumeMode: choice('Filesystem', 'Block'),
    volumeName: text,
  },
);

const sources = {
  configMap: meta(configMapVolume, 'Files from a ConfigMap.'),
  csi: struct(
    'CSIVolumeSource',
    { driver: text },
    {
      fsType: text,
      nodePublishSecretRef: localObjectReference,
      readOnly: flag,
      volumeAttributes: map(anyText),
    },
  ),
  downwardAPI: meta(downwardVolume, 'Files from fields of the pod.'),
  emptyDir: meta(emptyDirVolume, 'A directory that lives as long as the pod.'),
  ephemeral: struct(
    'EphemeralVolumeSource',
    {},
    {
      volumeClaimTemplate: struct(
        'PersistentVolumeClaimTemplate',
        { spec: claimSpec },
        { metadata: templateMeta },
      ),
    },
  ),
  hostPath: meta(hostPathVolume, 'A path of the node.'),
  image: struct(
    'ImageVolumeSource',
    {},
    { reference: text, pullPolicy: choice('Always', 'IfNotPresent', 'Never') },
  ),
  nfs: struct('NFSVolumeSource', { path: text, server: text }, { readOnly: flag }),
  persistentVolumeClaim: struct('PersistentVolumeClaimVolumeSource', { claimName: text }, { readOnly: flag }),
  projected: meta(projectedVolume, 'Files from several sources in one directory.'),
  secret: meta(secretVolume, 'Files from a Secret.'),
};

/** The fields of a volume of which exactly one must be given. */
export const VOLUME_SOURCES: readonly string[] = [
  ...Object.keys(sources),
  ...Object.keys(legacyVolumeSources),
];

export const volume = meta(
  struct(
    'Volume',
    { name: meta(text, 'Name, a DNS label, unique in the pod.') },
    { ...sources, ...legacyVolumeSources },
  ),
  'A directory or device that containers of the pod can mount. Exactly one source must be given.',
);

export type Volume = t.TypeOf<typeof volume>;
export type VolumeProjection = t.TypeOf<typeof volumeProjection>;
