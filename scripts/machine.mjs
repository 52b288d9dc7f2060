/**
 * What the machine must be able to do, each with one sentence that says what is missing and what to do.
 */
import { existsSync } from 'node:fs';
import { capture } from './run.mjs';

/** The Debian packages that building, running and testing need, and why. */
export const debianPackages = {
  iproute2: 'looking at links and routes in tests and by hand',
  nftables: 'the service proxy of the lab, and people who read the rules',
  iptables: 'the iptables data plane, rules of both flavours',
  ipset: 'the sets of the iptables data plane',
  conntrack: 'ending the UDP flows of services whose backends changed, and reading connections in tests',
  runc: 'pods that run programs of this machine',
  unzip: 'unpacking kubectl',
  openssl: 'certificates in tests',
  'iputils-ping': 'ICMP in tests',
  'util-linux': 'nsenter, for the processes of a lab node',
  strace: 'system calls that fail or take long, in tests',
  libbpf1: 'the eBPF data plane',
  clang: 'building the eBPF programs and comparing them with the committed ones, and a library that the Windows door is tried on',
  'libbpf-dev': 'the headers that eBPF programs are built with',
  bpftool: 'looking at eBPF programs and detaching them in tests',
  faketime: 'clocks that are put forward and back, in tests',
  iperf3: 'throughput, in npm run bench:datapath',
  'azure-cli': 'the real az, in tests and with weir az-login',
  'python3-pip': 'az installs its extensions with it',
};

/** Debian packages that `npm test` alone needs, with what for. */
export const testPackages = {
  chromium: 'a browser that the library is tried in',
  'pre-commit': 'the hooks of pre-commit, run as it runs them',
};

/** A sentence for people; the scripts end with exit code 4 when one is thrown. */
export class MachineError extends Error {}

/** Node's version must be one that package.json allows. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new MachineError(`Node ${process.versions.node} is too old: install Node 20.19 or newer and run this again.`);
  }
}

/** The lab makes network namespaces and rules: that needs Linux and root. */
export function checkPrivileges() {
  if (process.platform !== 'linux') throw new MachineError(`The lab needs Linux, and this is ${process.platform}: use a Linux machine.`);
  if (process.getuid() !== 0)
    throw new MachineError('The lab makes network namespaces and packet filters, which needs root: run this as root.');
}

/** The kernel features that the lab and the engine need, tried in a namespace of their own. */
export function checkKernel() {
  for (const file of ['/proc/self/ns/net', '/proc/self/ns/mnt', '/proc/self/ns/pid']) {
    if (!existsSync(file)) throw new MachineError(`The kernel has no namespaces (${file} is absent): use a kernel with CONFIG_NAMESPACES.`);
  }
  const namespace = capture('unshare', ['--net', '--mount', '--pid', '--fork', 'true']);
  if (namespace.code !== 0) {
    throw new MachineError(
      `This process may not make namespaces (${firstLine(namespace.stderr)}): run it with all privileges of root, outside of a restricted container.`,
    );
  }
  tryInNamespace('ip link add weir-try-0 type veth peer name weir-try-1', 'veth devices', 'CONFIG_VETH');
  const rules = [
    'add table inet weir-try',
    'add set inet weir-try s { type ipv4_addr . inet_service; }',
    'add chain inet weir-try c { type filter hook forward priority 0; }',
    'add rule inet weir-try c ct state established accept',
    'add rule inet weir-try c ip saddr . tcp dport @s accept',
    'add chain inet weir-try n { type nat hook prerouting priority -100; }',
    'add rule inet weir-try n tcp dport 1 dnat ip to 127.0.0.1',
  ].join('; ');
  tryInNamespace(
    `nft '${rules}'`,
    'nf_tables with connection tracking and address translation',
    'CONFIG_NF_TABLES, CONFIG_NFT_CT and CONFIG_NFT_NAT',
  );
}

function tryInNamespace(command, feature, options) {
  const result = capture('unshare', ['--net', 'sh', '-c', command]);
  if (result.code === 0) return;
  throw new MachineError(`This kernel does not offer ${feature} (${firstLine(result.stderr)}): use a kernel with ${options}.`);
}

function firstLine(text) {
  return (text.trim().split('\n')[0] ?? '').slice(0, 200);
}

/** The names of the needed Debian packages that are not installed. */
export function missingDebianPackages(needed = debianPackages) {
  return Object.keys(needed).filter(
    (name) => !capture('dpkg-query', ['-W', '-f=${db:Status-Status}', name]).stdout.startsWith('installed'),
  );
}

/** Installs Debian packages; needs a Debian (or a relative with apt-get) and its package mirror. */
export function installDebianPackages(names) {
  if (capture('apt-get', ['--version']).code !== 0) {
    throw new MachineError(
      `These programs are missing and there is no apt-get to install them: ${names.join(', ')}: install them by hand.`,
    );
  }
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const update = capture('apt-get', ['update', '-q'], { env: environment });
  const install = capture('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { env: environment });
  if (install.code === 0) return;
  const reason = (install.stderr || update.stderr).trim().split('\n').at(-1);
  throw new MachineError(
    `apt-get could not install ${names.join(', ')} (${reason}): install them by hand or check the network, and run this again.`,
  );
}
