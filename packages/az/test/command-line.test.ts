/** Command lines of az: how they are read, and what is said of those that cannot be. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { azCompletions, runAz } from '../src/index.ts';

const az = async (line: string): Promise<{ code: number; stdout: string; stderr: string }> => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const code = await runAz({
    args: line === '' ? [] : line.split(' '),
    environment: { AZURE_CONFIG_DIR: '/nonexistent/az' },
    streams: { stdin, stdout, stderr },
    signal: new AbortController().signal,
    machineAccount: () => Promise.reject(new Error('nobody asks for it')),
    directory: '/nonexistent',
  });
  const textOf = (stream: PassThrough): string => String((stream.read() as Buffer | null) ?? '');
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
};

describe('a command line of az', () => {
  it.each([
    ['foo', 2, "ERROR: 'foo' is misspelled or not recognized by the system."],
    ['aks nodepool lst', 2, "Did you mean 'list' ?"],
    ['group', 2, 'ERROR: the following arguments are required: _subcommand'],
    ['aks update -g rg', 2, 'ERROR: the following arguments are required: --name/-n'],
    ['aks nodepool show -g rg', 2, 'the following arguments are required: --cluster-name, --nodepool-name/--name/-n'],
    [
      'aks update -g rg -n c --network-policy bogus',
      2,
      "ERROR: az aks update: 'bogus' is not a valid value for '--network-policy'. Allowed values: azure, calico, cilium, none.",
    ],
    [
      'aks update -g rg -n c --network-dataplane nope',
      2,
      "'nope' is not a valid value for '--network-dataplane'. Allowed values: azure, cilium.",
    ],
    ['aks create -g rg -n c --node', 2, 'ERROR: ambiguous option: --node could match --node-resource-group, --nodepool-name'],
    ['aks create -g rg -n c --yes=1', 2, "ERROR: argument --yes/-y: ignored explicit argument '1'"],
    ['aks create -g rg -n c --zones', 2, 'ERROR: argument --zones/-z: expected at least one argument'],
    ['aks create -g rg -n c --node-count 1.5', 2, "ERROR: argument --node-count/-c: invalid int value: '1.5'"],
    ['aks update -g rg -n c', 1, 'No argument specified to update. Would you like to reconcile to current settings?'],
    ['aks update -g rg -n c --tags a=b', 1, "ERROR: Please run 'az login' to setup account."],
    [
      'aks create -g rg -n c --network-plugin azure --pod-cidr 10.0.0.0/16 --no-ssh-key',
      1,
      'ERROR: Please specify network plugin mode `overlay` when using --pod-cidr or use network plugin `kubenet`.',
    ],
    [
      'aks create -g rg -n c --attach-acr x --no-wait --no-ssh-key',
      1,
      'ERROR: When --attach-acr and --enable-managed-identity are both specified, --no-wait is not allowed',
    ],
    ['aks wait -g rg -n c', 1, 'ERROR: incorrect usage: --created'],
  ])('az %s ends with %i', async (line, code, message) => {
    const outcome = await az(line);
    expect(outcome.stderr).toContain(message);
    expect(outcome).toMatchObject({ code, stdout: '' });
  });

  it('is told what there is: groups, commands, arguments', async () => {
    expect((await az('')).stdout).toContain('    aks       : Managed clusters\n');
    expect((await az('aks -h')).stdout).toContain('    nodepool        : Node pools\n');
    const { code, stdout } = await az('aks update --help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/--resource-group -g +: Name of the resource group\. \[Required\]/);
    expect(stdout).toMatch(/--network-policy +: .*Allowed values: azure, calico, cilium, none\./);
  });

  it('has a version that scripts can read, of at least 2.0.61', async () => {
    const { stdout } = await az('--version');
    const [, major = '', minor = ''] = /^azure-cli +(\d+)\.(\d+)\.\d+$/m.exec(stdout) ?? [];
    expect([Number(major), Number(minor) >= 1]).toEqual([2, true]);
    expect(JSON.parse((await az('version')).stdout)).toMatchObject({ 'azure-cli': expect.stringMatching(/^2\./) as string });
  });

  it('is completed: words, options, values', () => {
    expect(azCompletions(['aks', 'nodepool', 'up'])).toEqual(['update', 'upgrade']);
    expect(azCompletions(['aks', 'update', '--network-p'])).toEqual(['--network-policy', '--network-plugin', '--network-plugin-mode']);
    expect(azCompletions(['aks', 'update', '--network-policy', 'c'])).toEqual(['calico', 'cilium']);
  });
});
