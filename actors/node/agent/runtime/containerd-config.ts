// What a private containerd is told in files: its own configuration and where images come from. Only texts are made
// here, from paths and addresses; the pitfalls the settings avoid are named beside them.
import path from 'node:path';

export const DEFAULT_SANDBOX_IMAGE = 'registry.k8s.io/pause:3.6';

/** Everything of one private containerd lies in its directory. */
export interface ContainerdPaths {
  readonly directory: string;
  readonly config: string;
  readonly socket: string;
  readonly log: string;
  readonly pid: string;
  readonly root: string;
  readonly state: string;
  readonly opt: string;
  readonly mirrors: string;
}

export function containerdPaths(directory: string): ContainerdPaths {
  const at = (name: string) => path.join(directory, name);
  return {
    directory,
    config: at('config.toml'),
    socket: at('containerd.sock'),
    log: at('containerd.log'),
    pid: at('containerd.pid'),
    root: at('root'),
    state: at('state'),
    opt: at('opt'),
    mirrors: at('certs.d'),
  };
}

export interface ConfigInput {
  readonly cniConfDir: string;
  readonly cniBinDir: string;
  readonly sandboxImage: string;
  /** Names and paths of the OCI runtimes present; the first is the default. */
  readonly ociRuntimes: readonly { readonly name: string; readonly path: string }[];
}

/**
 * containerd's config.toml (version 2, read by 1.6 to 2.x).
 * `restrict_oom_score_adj`: without CAP_SYS_RESOURCE no container would start otherwise.
 * `netns_mounts_under_state_dir`: keeps the pods' network namespaces out of the machine's /run/netns.
 * `opt`: containerd would make /opt/containerd.
 */
export function containerdConfig(paths: ContainerdPaths, input: ConfigInput): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const runtimes = input.ociRuntimes.flatMap(({ name, path: binary }) => [
    `    [${cri}.containerd.runtimes.${name}]`,
    '      runtime_type = "io.containerd.runc.v2"',
    `      [${cri}.containerd.runtimes.${name}.options]`,
    `        BinaryName = ${quoted(binary)}`,
  ]);
  return [
    'version = 2',
    `root = ${quoted(paths.root)}`,
    `state = ${quoted(paths.state)}`,
    '[grpc]',
    `  address = ${quoted(paths.socket)}`,
    '[debug]',
    '  level = "warn"',
    '[plugins."io.containerd.internal.v1.opt"]',
    `  path = ${quoted(paths.opt)}`,
    `[${cri}]`,
    `  sandbox_image = ${quoted(input.sandboxImage)}`,
    '  restrict_oom_score_adj = true',
    '  netns_mounts_under_state_dir = true',
    '  stream_server_address = "127.0.0.1"',
    '  stream_server_port = "0"',
    `  [${cri}.cni]`,
    `    bin_dir = ${quoted(input.cniBinDir)}`,
    `    conf_dir = ${quoted(input.cniConfDir)}`,
    `  [${cri}.containerd]`,
    '    snapshotter = "overlayfs"',
    `    default_runtime_name = ${quoted(input.ociRuntimes[0]!.name)}`,
    ...runtimes,
    `  [${cri}.registry]`,
    `    config_path = ${quoted(paths.mirrors)}`,
    '',
  ].join('\n');
}

/**
 * hosts.toml for one registry name served by a mirror. `server` names the mirror too: containerd would otherwise ask
 * the real registry for what the mirror does not have.
 */
export function mirrorConfig(url: string): string {
  return `server = ${quoted(url)}\n[host.${quoted(url)}]\n  capabilities = ["pull", "resolve"]\n`;
}

/** A TOML basic string; JSON's escapes are a subset of TOML's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
