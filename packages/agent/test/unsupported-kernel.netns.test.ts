/** An agent that is to use eBPF on a kernel that cannot: it says so and leaves the machine as it was. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkout } from './support/deployment.ts';

const weir = join(checkout, 'packages', 'cli', 'bin', 'weir.js');
const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: cluster, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: agent, user: {token: none}}]
contexts: [{name: context, context: {cluster: cluster, user: agent}}]
current-context: context
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-old-kernel-'));
  writeFileSync(join(directory, 'kubeconfig'), kubeconfig, { mode: 0o600 });
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

it('DP73: an agent on a kernel that says it is 2.6 refuses eBPF with exit code 4 and mounts, makes and opens nothing', () => {
  const agent = [
    `setarch x86_64 --uname-2.6 ${process.execPath} ${weir} agent run --dataplane ebpf --node node1 --pod-interfaces weirt`,
    `--kubeconfig ${directory}/kubeconfig --state-directory ${directory}/state --gate-socket ${directory}/gate.sock`,
  ].join(' ');
  // Namespaces of its own, in which no BPF file system is mounted, so that one would be.
  const traces = 'stat -f -c %T /sys/fs/bpf; ls -A /run; nft list ruleset';
  const script = [
    'umount /sys/fs/bpf 2>/dev/null',
    'mount -t tmpfs weirt /run',
    `before=$(${traces})`,
    `${agent}; code=$?`,
    `[ "$before" = "$(${traces})" ] && echo unchanged`,
    'exit $code',
  ].join('\n');
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', '--net', 'sh', '-c', script], { encoding: 'utf8' });
  expect(stderr).toMatch(
    /the agent cannot start: the eBPF data plane needs Linux 6\.4 or newer .*, and this is 2\.6\.\S+: use --dataplane nftables/,
  );
  expect(stdout).toBe('unchanged\n');
  expect(status).toBe(4);
  expect(readdirSync(directory)).toEqual(['kubeconfig']);
});
