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
    [
      'aks create -g rg -n c --no-ssh-key --nodepool-labels a',
      1,
      'ERROR: Invalid label: a. Label definition must be of format name=value.',
    ],
    [
      'aks create -g rg -n c --no-ssh-key --nodepool-labels x=y a=b=c',
      1,
      'ERROR: Invalid label: a=b=c. Label definition must be of format',
    ],
    ['aks create -g rg -n c --no-ssh-key --nodepool-labels a/b/c=d', 1, 'ERROR: Invalid label: a/b/c=d. A qualified name must consist of'],
    ['aks update -g rg -n c --nodepool-labels =a', 1, "ERROR: Invalid label: =a. Label name can't be empty or more than 63 chars."],
    [
      'aks nodepool add -g rg --cluster-name c -n p --labels a=_c',
      1,
      'ERROR: Invalid label: a=_c. A valid label must be an empty string or',
    ],
    ['aks nodepool add -g rg --cluster-name c -n p --labels A/a=b', 1, 'ERROR: Invalid label: A/a=b. Prefix part a DNS-1123 label must'],
    [
      'aks nodepool update -g rg --cluster-name c -n p --labels /a=b',
      1,
      "Invalid label: /a=b. Label prefix can't be empty or more than 253",
    ],
    ['aks nodepool add -g rg --cluster-name c -n p --max-surge foo', 1, 'ERROR: --max-surge should be an int or percentage'],
    ['aks nodepool update -g rg --cluster-name c -n p --max-surge -1', 1, 'ERROR: --max-surge must be positive'],
    ['aks nodepool update -g rg --cluster-name c -n p --node-taints a', 1, 'ERROR: Invalid node taint: a'],
    ['--foo', 2, "the following arguments are required: _command_package\n'az -h' lists them\n"],
    ['group create', 2, 'the following arguments are required: --name/--resource-group/-n/-g, --location/-l\n'],
    ['group exists', 2, 'the following arguments are required: --name/-n/--resource-group/-g\n'],
    ['group list --query', 2, 'argument --query: expected one argument\nTo learn more about --query, please visit'],
    ['group update -n rg --set', 2, 'argument --set: expected at least one argument'],
    ['aks get-credentials -g rg -n c --format foo', 1, 'ERROR: --format can only be azure or exec.'],
    ['aks nodepool add -g rg --cluster-name c -n p --zones 9', 2, "'9' is not a valid value for '--zones'. Allowed values: 1, 2, 3."],
    ['aks nodepool add -g rg --cluster-name c -n p --ppg x', 1, 'ERROR: --ppg is not a valid Azure resource ID.'],
    ['aks nodepool add -g rg --cluster-name c -n p --spot-max-price 1', 1, '--spot_max_price can only be set when --priority is Spot'],
    ['aks nodepool add -g rg --cluster-name c -n p --priority Spot --spot-max-price 0', 1, 'any decimal value greater than zero'],
    ['aks nodepool add -g rg --cluster-name c -n p --priority Spot --spot-max-price 0.1234567', 1, 'up to 5 decimal places'],
    ['aks create -g rg -n c --no-ssh-key --assign-identity nope', 1, 'ERROR: --assign-identity is not a valid Azure resource ID.'],
    ['aks create -g rg -n c --no-ssh-key --api-server-authorized-ip-ranges 1.2.3.4/24', 1, 'should be a list of IPv4 addresses or CIDRs'],
    ['aks create -g rg -n c --no-ssh-key --api-server-authorized-ip-ranges 10.0.0.1', 1, 'must be global non-reserved addresses or CIDRs'],
    ['aks create -g rg -n c --no-ssh-key --api-server-authorized-ip-ranges 2600::1', 1, 'cannot be IPv6 addresses'],
    ['aks update -g rg -n c --api-server-authorized-ip-ranges 0.0.0.0/32,1.2.3.4', 1, 'to 0.0.0.0/32 is not allowed with other IP ranges.'],
    ['aks show -g rg -n c -- extra', 2, 'ERROR: unrecognized arguments: -- extra'],
    ['aks wait -g rg -n c', 1, 'ERROR: incorrect usage: --created'],
  ])('az %s ends with %i', async (line, code, message) => {
    const outcome = await az(line);
    expect(outcome.stderr).toContain(message);
    expect(outcome).toMatchObject({ code, stdout: '' });
  });

  it('is told what there is: groups, commands, arguments', async () => {
    expect((await az('')).stdout).toContain('    aks       : Managed clusters\n');
    const group = (await az('aks -h')).stdout;
    expect(group).toMatch(/^Subgroups:\n {4}command +: [^]*^ {4}nodepool +: Node pools\n[^]*^Commands:\n {4}create +: /m);
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

  it.each(['account', 'aks', 'aks command', 'aks nodepool', 'aks oidc-issuer', 'cloud', 'extension', 'feature', 'group', 'provider'])(
    'az %s has a summary for everything in it',
    async (words) => {
      const { code, stdout } = await az(`${words} -h`);
      expect(code).toBe(0);
      expect(stdout.split('\n').filter((line) => /^ {4}\S+ +: *$/.test(line))).toEqual([]);
    },
  );

  it('is completed: words, options, values', () => {
    expect(azCompletions(['aks', 'nodepool', 'up'])).toEqual(['update', 'upgrade']);
    expect(azCompletions(['aks', 'update', '--network-p'])).toEqual(['--network-policy', '--network-plugin', '--network-plugin-mode']);
    expect(azCompletions(['aks', 'update', '--network-policy', 'c'])).toEqual(['calico', 'cilium']);
  });
});
