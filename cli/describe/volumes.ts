// The part of a pod's description about its volumes.
import type { Pod } from '../../schemas/pod/kind.ts';
import type { Page } from './page.ts';

type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];
type Rows = readonly (readonly [string, unknown])[];

export function describeVolumes(page: Page, volumes: readonly Volume[]): void {
  page.line(0, volumes.length === 0 ? 'Volumes:\t<none>' : 'Volumes:');
  for (const volume of volumes) {
    page.line(1, `${volume.name}:`);
    const rows = rowsOf(volume);
    if (rows === undefined) page.line(1, '<unknown>');
    else for (const [name, value] of rows) page.field(2, name, value);
  }
}

function rowsOf(volume: Volume): Rows | undefined {
  const { hostPath, emptyDir, secret, configMap, persistentVolumeClaim, downwardAPI, projected, nfs, csi } =
    volume;
  if (hostPath) {
    const type = ['Type', 'HostPath (bare host directory volume)'] as const;
    return [type, ['Path', hostPath.path], ['HostPathType', hostPath.type ?? '<none>']];
  }
  if (emptyDir) {
    const type = ['Type', "EmptyDir (a temporary directory that shares a pod's lifetime)"] as const;
    return [type, ['Medium', emptyDir.medium ?? ''], ['SizeLimit', emptyDir.sizeLimit ?? '<unset>']];
  }
  if (secret) {
    const type = ['Type', 'Secret (a volume populated by a Secret)'] as const;
    return [type, ['SecretName', secret.secretName ?? ''], ['Optional', secret.optional ?? false]];
  }
  if (configMap) {
    const type = ['Type', 'ConfigMap (a volume populated by a ConfigMap)'] as const;
    return [type, ['Name', configMap.name ?? ''], ['Optional', configMap.optional ?? false]];
  }
  if (persistentVolumeClaim) {
    const text = 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)';
    const { claimName, readOnly = false } = persistentVolumeClaim;
    return [
      ['Type', text],
      ['ClaimName', claimName],
      ['ReadOnly', readOnly],
    ];
  }
  if (nfs) {
    const type = ['Type', 'NFS (an NFS mount that lasts the lifetime of a pod)'] as const;
    return [type, ['Server', nfs.server], ['Path', nfs.path], ['ReadOnly', nfs.readOnly ?? false]];
  }
  if (csi) {
    const type = ['Type', 'CSI (a Container Storage Interface (CSI) volume source)'] as const;
    const { driver, fsType = '', readOnly = false } = csi;
    return [type, ['Driver', driver], ['FSType', fsType], ['ReadOnly', readOnly]];
  }
  if (downwardAPI) {
    const type = ['Type', 'DownwardAPI (a volume populated by information about the pod)'] as const;
    return [type, ['Items', ''], ...itemsOf(downwardAPI.items)];
  }
  return projected ? projectedRows(projected) : undefined;
}

function itemsOf(items: NonNullable<Volume['downwardAPI']>['items'] = []): Rows {
  return items.map(({ path, fieldRef }) => [`  ${fieldRef?.fieldPath ?? ''} -> ${path}`, ''] as const);
}

function projectedRows(projected: NonNullable<Volume['projected']>): Rows {
  const rows: [string, unknown][] = [
    ['Type', 'Projected (a volume that contains injected data from multiple sources)'],
  ];
  for (const { secret, downwardAPI, configMap, serviceAccountToken } of projected.sources ?? []) {
    if (secret) rows.push(['SecretName', secret.name ?? ''], ['Optional', secret.optional ?? false]);
    else if (downwardAPI) rows.push(['DownwardAPI', true]);
    else if (configMap)
      rows.push(['ConfigMapName', configMap.name ?? ''], ['Optional', configMap.optional ?? false]);
    else if (serviceAccountToken) {
      rows.push(['TokenExpirationSeconds', serviceAccountToken.expirationSeconds ?? 3600]);
    }
  }
  return rows;
}
