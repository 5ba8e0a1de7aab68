// Users, capabilities and confinement of a pod and its containers.
import type * as t from 'io-ts';
import { meta } from '../meta.ts';
import { anyText, choice, flag, int64, text } from '../scalars.ts';
import { list, struct } from '../shape.ts';

export const seLinuxOptions = struct(
  'SELinuxOptions',
  {},
  { level: text, role: text, type: text, user: text },
);

const profileType = choice('Localhost', 'RuntimeDefault', 'Unconfined');

export const seccompProfile = struct(
  'SeccompProfile',
  { type: meta(profileType, 'Which kind of profile is used.') },
  { localhostProfile: meta(text, "A file below the node's profile directory; with Localhost only.") },
);

export const appArmorProfile = struct(
  'AppArmorProfile',
  { type: meta(profileType, 'Which kind of profile is used.') },
  { localhostProfile: meta(text, 'A profile loaded on the node; with Localhost only.') },
);

export const windowsOptions = struct(
  'WindowsSecurityContextOptions',
  {},
  { gmsaCredentialSpec: text, gmsaCredentialSpecName: text, hostProcess: flag, runAsUserName: text },
);

export const capabilities = struct(
  'Capabilities',
  {},
  {
    add: meta(list(text), { description: 'Capabilities given.', listType: 'atomic' }),
    drop: meta(list(text), {
      description: 'Capabilities taken away; ALL for every one.',
      listType: 'atomic',
    }),
  },
);

const identity = {
  runAsUser: meta(int64, 'User id of the first process.'),
  runAsGroup: meta(int64, 'Group id of the first process.'),
  runAsNonRoot: meta(flag, 'True refuses to start as user 0.'),
  seLinuxOptions,
  seccompProfile,
  appArmorProfile,
  windowsOptions,
};

export const securityContext = struct(
  'SecurityContext',
  {},
  {
    ...identity,
    allowPrivilegeEscalation: meta(flag, 'False sets no_new_privs.'),
    capabilities,
    privileged: meta(flag, 'True gives the container the rights of root on the node.'),
    procMount: choice('Default', 'Unmasked'),
    readOnlyRootFilesystem: meta(flag, 'True makes the root file system read-only.'),
  },
);

const sysctl = struct('Sysctl', { name: text, value: anyText }, {});

export const podSecurityContext = struct(
  'PodSecurityContext',
  {},
  {
    ...identity,
    fsGroup: meta(int64, 'Group that owns the volumes.'),
    fsGroupChangePolicy: choice('OnRootMismatch', 'Always'),
    seLinuxChangePolicy: choice('MountOption', 'Recursive'),
    supplementalGroups: meta(list(int64), { description: 'Further groups.', listType: 'atomic' }),
    supplementalGroupsPolicy: choice('Merge', 'Strict'),
    sysctls: meta(list(sysctl), { description: 'Kernel parameters of the sandbox.', listType: 'atomic' }),
  },
);

export type SecurityContext = t.TypeOf<typeof securityContext>;
export type PodSecurityContext = t.TypeOf<typeof podSecurityContext>;
