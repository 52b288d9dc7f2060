/**
 * The OCI configuration of a pod's sandbox: which namespaces, mounts and rights a container gets.
 *
 * The machine's own programs are mounted read-only; everything else is the container's own and
 * small. Rights are those of containerd's default, which lets `ping` work and little more.
 */
import type { ResourceLimits } from './resource-limits.ts';

/** A mount of the container's file system (OCI runtime specification, `mounts`). */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** A namespace of somebody else that a container joins. */
export interface SharedNamespace {
  readonly type: 'pid' | 'ipc' | 'uts';
  /** Below /proc. */
  readonly path: string;
}

/** Who a process is. */
interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids?: readonly number[];
}

/** Who a process is and what it may. */
export interface ProcessRights {
  readonly user: ProcessUser;
  readonly capabilities: readonly string[];
  /** Whether no program that it starts can have more rights than it has. */
  readonly noNewPrivileges: boolean;
}

/** A process in the container (OCI runtime specification, `process`). */
export interface OciProcess {
  readonly terminal: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly user: ProcessUser;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<Record<string, readonly string[]>>;
  readonly noNewPrivileges: boolean;
}

/** What differs between sandboxes. */
export interface RuncConfigOptions {
  readonly rootDirectory: string;
  readonly hostname: string;
  readonly netnsPath: string;
  /** cgroup of the container, below the hierarchies' roots. */
  readonly cgroup: string;
  /** Mounts besides the usual ones. */
  readonly mounts: readonly OciMount[];
  /** Namespaces that are joined; the others are the container's own. */
  readonly namespaces: readonly SharedNamespace[];
  readonly process: OciProcess;
  /** Whether the container can write nowhere but into its volumes. */
  readonly isRootReadOnly: boolean;
  readonly limits: ResourceLimits;
}

/** What a container's root may without asking. */
export const defaultCapabilities: readonly string[] = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

const namespaceTypes = ['pid', 'ipc', 'uts'] as const;

/** The search path of a container without one of its own. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The rights of a container that asks for nothing in particular. */
export const usualRights: ProcessRights = { user: { uid: 0, gid: 0 }, capabilities: defaultCapabilities, noNewPrivileges: false };

/** A process as runc is told of it. */
export function ociProcess(options: {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly terminal: boolean;
  readonly rights: ProcessRights;
}): OciProcess {
  const { capabilities } = options.rights;
  return {
    terminal: options.terminal,
    user: options.rights.user,
    args: options.argv,
    env: Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
    cwd: options.cwd,
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    noNewPrivileges: options.rights.noNewPrivileges,
  };
}

/** The whole configuration, to be written as `config.json` of the bundle. */
export function runcConfig(options: RuncConfigOptions): Readonly<Record<string, unknown>> {
  const shared = new Set<string>(options.namespaces.map(({ type }) => type));
  return {
    ociVersion: '1.0.2',
    process: options.process,
    root: { path: options.rootDirectory, readonly: true },
    // The name belongs to the namespace: whoever joins one finds it there.
    ...(shared.has('uts') ? {} : { hostname: options.hostname }),
    mounts: [...usualMounts, ...(options.isRootReadOnly ? [] : scratchMounts), ...options.mounts],
    linux: {
      cgroupsPath: options.cgroup,
      namespaces: [
        ...namespaceTypes.filter((type) => !shared.has(type)).map((type) => ({ type })),
        ...options.namespaces,
        { type: 'mount' },
        { type: 'network', path: options.netnsPath },
      ],
      resources: { devices: [{ allow: false, access: 'rwm' }], ...options.limits },
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/proc/sched_debug',
        '/proc/scsi',
        '/sys/firmware',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

/** A read-only view of a file or directory of the machine. */
export function readOnlyBind(source: string, destination: string): OciMount {
  return { destination, type: 'bind', source, options: ['rbind', 'ro', 'nosuid', 'nodev'] };
}

function temporary(destination: string, mode: string): OciMount {
  return { destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', `mode=${mode}`, 'size=65536k'] };
}

const usualMounts: readonly OciMount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'] },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
];

/** Where a container may write although its root directory is read-only. */
const scratchMounts: readonly OciMount[] = [
  temporary('/tmp', '1777'),
  temporary('/run', '755'),
  temporary('/var/tmp', '1777'),
  temporary('/root', '700'),
];
