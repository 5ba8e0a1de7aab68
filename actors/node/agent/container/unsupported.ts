// What a pod may ask for and this agent cannot give yet. Such a pod must say so where users look, and never run
// without what it asked for.
import type { Container } from '../../../../schemas/pod/container.ts';
import type { Pod } from '../../../../schemas/pod/kind.ts';

type Asked = readonly (readonly [field: string, asks: boolean])[];

const filled = (value: readonly unknown[] | undefined) => (value?.length ?? 0) > 0;

/** The first field of the pod that cannot be honoured for this container, or undefined. */
export function unsupportedField(pod: Pod, container: Container): string | undefined {
  for (const [field, asks] of [...ofPod(pod), ...ofContainer(pod, container)]) if (asks) return field;
  return undefined;
}

function ofPod(pod: Pod): Asked {
  const spec = pod.spec!;
  return [
    ['spec.volumes', filled(spec.volumes)],
    ['spec.ephemeralContainers', filled(spec.ephemeralContainers)],
    ['spec.imagePullSecrets', filled(spec.imagePullSecrets)],
    ['spec.resourceClaims', filled(spec.resourceClaims)],
    ['spec.hostAliases', filled(spec.hostAliases)],
    ['spec.hostUsers', spec.hostUsers === false],
    ['spec.setHostnameAsFQDN', spec.setHostnameAsFQDN === true],
    ['spec.os', spec.os !== undefined && spec.os.name !== 'linux'],
    ['spec.securityContext.seLinuxOptions', spec.securityContext?.seLinuxOptions !== undefined],
    ['spec.securityContext.appArmorProfile', spec.securityContext?.appArmorProfile !== undefined],
    ['spec.securityContext.windowsOptions', spec.securityContext?.windowsOptions !== undefined],
  ];
}

function ofContainer(pod: Pod, container: Container): Asked {
  const init = (pod.spec?.initContainers ?? []).some(({ name }) => name === container.name);
  const at = `spec.${init ? 'initContainers' : 'containers'}{${container.name}}`;
  const security = container.securityContext;
  return [
    [`${at}.env.valueFrom`, (container.env ?? []).some(({ valueFrom }) => valueFrom !== undefined)],
    [`${at}.envFrom`, filled(container.envFrom)],
    [`${at}.volumeMounts`, filled(container.volumeMounts)],
    [`${at}.volumeDevices`, filled(container.volumeDevices)],
    [`${at}.livenessProbe`, container.livenessProbe !== undefined],
    [`${at}.readinessProbe`, container.readinessProbe !== undefined],
    [`${at}.startupProbe`, container.startupProbe !== undefined],
    [`${at}.lifecycle`, container.lifecycle !== undefined],
    [`${at}.restartPolicy`, container.restartPolicy !== undefined],
    [`${at}.restartPolicyRules`, filled(container.restartPolicyRules)],
    [`${at}.resources.claims`, filled(container.resources?.claims)],
    [`${at}.securityContext.seLinuxOptions`, security?.seLinuxOptions !== undefined],
    [`${at}.securityContext.appArmorProfile`, security?.appArmorProfile !== undefined],
    [`${at}.securityContext.windowsOptions`, security?.windowsOptions !== undefined],
    [`${at}.securityContext.procMount`, security?.procMount === 'Unmasked'],
  ];
}
