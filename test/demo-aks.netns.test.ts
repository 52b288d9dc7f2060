/** `weir demo --aks`: the whole article with the real az, every expectation checked by the demo itself, and nothing left of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listNetns } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programsWithout } from './support/programs-without.ts';

const weirCommand = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'weir.js');

/** Clusters are made by the dozen of seconds where the machine is slow. */
const patienceMs = 600_000;

interface Step {
  readonly command: string;
  readonly program?: string;
  readonly output: string;
  readonly exitCode: number;
  readonly correction?: { readonly printed: string };
}

interface Report {
  readonly asTheArticleSays: boolean;
  readonly differences: readonly string[];
  readonly steps: readonly Step[];
}

/** Sockets lie below: their paths have 107 characters at most. */
let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wd-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Running {
  readonly pid: number;
  said(text: string): Promise<void>;
  readonly ended: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

const startDemo = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Running => {
  const child = spawn(process.execPath, [weirCommand, 'demo', '--aks', '--no-color', ...args], {
    env: {
      ...process.env,
      TMPDIR: directory,
      AZURE_CONFIG_DIR: '/nowhere',
      KUBECONFIG: '/nowhere',
      HTTPS_PROXY: 'http://192.0.2.1:1',
      ...env,
    },
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    child.emit('said');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: (code as number | null) ?? -1, stdout, stderr }));
  const said = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) {
      const isOver = await Promise.race([once(child, 'said').then(() => false), ended.then(() => true)]);
      if (isOver) throw new Error(`the demo ended without "${text}":\n${stdout}${stderr}`);
    }
  };
  return { pid: child.pid ?? 0, said, ended };
};

/** Namespaces and directories of sockets that a demo has left. */
const leftBy = (pid: number): readonly string[] => [
  ...listNetns().filter((name) => name === `weirdemo-${pid}`),
  ...readdirSync('/run').filter((name) => name.startsWith(`weir-demo-${pid}-`)),
];

describe('weir demo --aks', () => {
  let report: Report;
  const commands = (pattern: RegExp): readonly Step[] => report.steps.filter(({ command }) => pattern.test(command));

  beforeAll(async () => {
    const running = startDemo(['-o', 'json']);
    const { code, stdout, stderr } = await running.ended;
    expect(code, stdout === '' ? stderr : JSON.stringify((JSON.parse(stdout) as Report).differences, null, 2)).toBe(0);
    report = JSON.parse(stdout) as Report;
    expect([...readdirSync(directory), ...leftBy(running.pid)]).toEqual([]);
  }, patienceMs);

  it('is done by the az of Debian and by kubectl, and says so at each command', () => {
    const byAz = commands(/^az /);
    expect(byAz.length).toBeGreaterThan(20);
    for (const { command, program } of byAz) expect(program, command).toMatch(/^\/usr\/bin\/az 2\.\d+\.\d+$/);
    for (const { command, program } of commands(/^kubectl /)) expect(program, command).toMatch(/\/kubectl 1\.\d+\.\d+$/);
  });

  it('makes clusters with every engine, on Windows with those that have it', () => {
    expect(commands(/^az aks create [^]*--network-policy azure/)).toHaveLength(2);
    expect(commands(/^az aks create [^]*--network-policy calico/)).toHaveLength(1);
    expect(commands(/^(az|weir az) aks create [^]*--network-dataplane cilium/)).toHaveLength(1);
    expect(commands(/^az aks nodepool add [^]*--os-type Windows/)).toHaveLength(2);
  });

  it('talks, times out, talks with the label, and times out without it, on each of five nodes; then after each change of engine', () => {
    const connects = commands(/^\/agnhost connect /).map(({ output }) => output.trim());
    const walk = ['', 'TIMEOUT', '', 'TIMEOUT'];
    const withEngine = ['TIMEOUT', ''];
    const withNone = [''];
    const npmOnLinux = [...walk, ...withEngine];
    const npmOnWindows = [...walk, ...withNone, ...withEngine];
    const calico = [...walk, ...walk];
    const existingCluster = [...withNone, ...withEngine, ...withEngine];
    expect(connects).toEqual([...npmOnLinux, ...npmOnWindows, ...calico, ...existingCluster, ...walk]);
  });

  it('installs each engine in a cluster that has none, and takes Azure NPM and Calico away again', () => {
    const wished = report.steps.flatMap(({ command }) => {
      const updated = /^(?:weir )?az aks update [^]*--network-(?:policy|dataplane) (\w+)/.exec(command);
      const sent = /^az rest --method get [^]*networkPolicy: '(\w+)'/.exec(command);
      return updated?.[1] ?? sent?.[1] ?? [];
    });
    expect(wished).toEqual(['cilium', 'none', 'azure', 'calico', 'none', 'cilium']);
  });

  it("keeps Calico's definitions while it is there, and lets them be deleted by hand afterwards", () => {
    const [early] = commands(/^kubectl delete crd globalnetworkpolicies/);
    expect(early).toMatchObject({ exitCode: 1 });
    const listed = commands(/^kubectl get crd -o name \| grep -E \S+$/).map(({ output }) => output.trim().split('\n').length);
    expect(listed).toEqual([expect.toSatisfy((count: number) => count > 10) as number, 1]);
    expect(commands(/\| xargs -n 5 kubectl delete$/)).toMatchObject([{ exitCode: 0 }]);
  });

  it('meets the limits that the article tells of', () => {
    expect(commands(/--node-count 251$/)).toMatchObject([{ output: expect.stringContaining('up to 250 nodes') as string }]);
    expect(commands(/daemonset\/azure-npm-win/)).toMatchObject([{ output: expect.stringContaining('named ports') as string }]);
  });

  it('says where the article cannot be taken by its word', () => {
    const printed = report.steps.flatMap(({ correction }) => (correction === undefined ? [] : [correction.printed]));
    for (const words of ['$RESOURCE_GROUP_NAME=', 'az aks create', 'kubectl apply –f', 'az aks update'])
      expect(
        printed.some((text) => text.includes(words)),
        words,
      ).toBe(true);
  });

  it('never shows a password', () => {
    const [created] = commands(/--windows-admin-username/);
    expect(created?.output).toContain('admin-password: ');
    for (const { command, output } of report.steps) expect(output, command).not.toMatch(/"adminPassword": "|Aa1!/);
  });
});

describe('weir demo --aks without azure-cli', () => {
  it(
    'is done by weir az, and leaves nothing when it is interrupted',
    async () => {
      const path = programsWithout(join(directory, 'programs'), 'az');
      const running = startDemo(['--engine', 'cilium'], { PATH: path });
      await running.said('kubectl create namespace demo');
      process.kill(-running.pid, 'SIGINT');
      const { code, stdout, stderr } = await running.ended;
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('the demo was interrupted') as string });
      expect(stderr).toContain('az is not on this machine: weir az takes its place');
      expect(stdout).toMatch(/, by \S+\/state\/shell\/bin\/az 2\.\d+\.\d+\n/);
      rmSync(path, { recursive: true });
      expect([...readdirSync(directory), ...leftBy(running.pid)]).toEqual([]);
    },
    patienceMs,
  );
});
