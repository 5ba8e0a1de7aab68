// A container as the runtime is to make it: command, environment, resources, security. Pure; what cannot be made is
// thrown as a ConfigProblem, which users see as CreateContainerConfigError.
import type { Container, EnvVar } from '../../../../schemas/pod/container.ts';
import type { Pod } from '../../../../schemas/pod/kind.ts';
import { bytesOf, cpuMillis } from '../../../../schemas/quantity.ts';
import { groupsOf, namespacesOf, podLabels, seccompOf } from '../pod/sandbox.ts';
import type { ContainerConfig, ContainerResources, ContainerSecurity, Image } from '../runtime/port.ts';
import { ANNOTATION, LABEL, type NodeScope } from '../scope.ts';

const CPU_PERIOD_MICROS = 100_000;
/** The least that Linux takes. */
const LEAST_SHARES = 2;
const LEAST_QUOTA_MICROS = 1_000;

export class ConfigProblem extends Error {
  override readonly name = 'ConfigProblem';
}

export interface RunOf {
  readonly attempt: number;
  readonly strikes: number;
  readonly imageRef: string;
  readonly fence: number;
}

export function containerConfig(
  scope: NodeScope,
  pod: Pod,
  container: Container,
  run: RunOf,
): ContainerConfig {
  const env = environment(container.env ?? []);
  const expand = (text: string) => expandVariables(text, env);
  return {
    name: container.name,
    attempt: run.attempt,
    image: run.imageRef,
    command: container.command?.map(expand),
    args: container.args?.map(expand),
    workingDir: container.workingDir,
    env: [...env].map(([name, value]) => ({ name, value })),
    labels: { ...podLabels(scope, pod), [LABEL.container]: container.name },
    annotations: {
      [ANNOTATION.fence]: String(run.fence),
      [ANNOTATION.restartCount]: String(run.attempt),
      [ANNOTATION.strikes]: String(run.strikes),
    },
    logPath: logPathOf(container.name, run.attempt),
    stdin: container.stdin,
    stdinOnce: container.stdinOnce,
    tty: container.tty,
    namespaces: namespacesOf(pod),
    resources: resourcesOf(container),
    security: securityOf(pod, container),
  };
}

/** Relative to the pod's log folder. */
export function logPathOf(container: string, attempt: number): string {
  return `${container}/${attempt}.log`;
}

function environment(variables: readonly EnvVar[]): Map<string, string> {
  const env = new Map<string, string>();
  for (const { name, value } of variables) env.set(name, expandVariables(value ?? '', env));
  return env;
}

/** `$(NAME)` is replaced when NAME is known, `$$` is a dollar sign, everything else stays. */
export function expandVariables(text: string, env: ReadonlyMap<string, string>): string {
  if (!text.includes('$')) return text;
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name?: string) => {
    if (name === undefined) return '$';
    return env.get(name) ?? whole;
  });
}

/** Requests become shares, limits become quota and memory limit: as Kubernetes translates them. */
export function resourcesOf({ resources }: Container): ContainerResources {
  const limit = resources?.limits?.cpu;
  const request = resources?.requests?.cpu ?? limit;
  const memory = resources?.limits?.memory;
  const requestMillis = request ? cpuMillis(request) : 0;
  const limitMillis = limit ? cpuMillis(limit) : 0;
  const quota = Math.max(Math.floor((limitMillis * CPU_PERIOD_MICROS) / 1_000), LEAST_QUOTA_MICROS);
  return {
    cpuShares: Math.max(LEAST_SHARES, Math.floor((requestMillis * 1_024) / 1_000)),
    ...(limitMillis > 0 ? { cpuPeriodMicros: CPU_PERIOD_MICROS, cpuQuotaMicros: quota } : {}),
    ...(memory ? { memoryLimitBytes: bytesOf(memory) } : {}),
  };
}

function securityOf(pod: Pod, container: Container): ContainerSecurity {
  const own = container.securityContext;
  const shared = pod.spec?.securityContext;
  const runAsUser = own?.runAsUser ?? shared?.runAsUser;
  return {
    privileged: own?.privileged,
    runAsUser,
    runAsGroup: runAsUser === undefined ? undefined : (own?.runAsGroup ?? shared?.runAsGroup),
    supplementalGroups: groupsOf(pod),
    readonlyRootFilesystem: own?.readOnlyRootFilesystem,
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
    addCapabilities: own?.capabilities?.add,
    dropCapabilities: own?.capabilities?.drop,
    seccomp: seccompOf(own?.seccompProfile ?? shared?.seccompProfile),
  };
}

/** True when the image has to be looked at before the container may be made. */
export function mustNotBeRoot(pod: Pod, container: Container): boolean {
  return (container.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot) === true;
}

/** Throws a ConfigProblem when the container would run as root although it must not. */
export function checkNotRoot(pod: Pod, container: Container, image: Image | undefined): void {
  const user = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser;
  const { name, namespace, uid } = pod.metadata;
  const place = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
  if (user !== undefined) {
    if (user !== 0) return;
    throw new ConfigProblem(`container's runAsUser breaks non-root policy ${place}`);
  }
  if (image?.uid === undefined && image?.userName) {
    const name = `container has runAsNonRoot and image has non-numeric user (${image.userName})`;
    throw new ConfigProblem(`${name}, cannot verify user is non-root ${place}`);
  }
  if (!image?.uid) throw new ConfigProblem(`container has runAsNonRoot and image will run as root ${place}`);
}
