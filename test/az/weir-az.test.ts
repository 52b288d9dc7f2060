/** `weir az` where the real az 2.45 has nothing to compare with: updates of the engine, questions at a terminal, extensions. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzAtTerminal } from './az-at-terminal.ts';

const cluster = '--resource-group rg --name c1';

let az: AzAtTerminal;
beforeAll(async () => {
  az = await AzAtTerminal.open();
  await az.output('group create -n rg -l canadaeast');
  // The provider is not registered yet: that is done on the way.
  const made = await az.run(`aks create ${cluster} --node-count 1 --network-plugin azure --network-policy azure --no-ssh-key`);
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('Registration succeeded.') as string });
});
afterAll(() => az?.close());

const network = async (): Promise<unknown> =>
  JSON.parse(await az.output(`aks show ${cluster} --query networkProfile.[networkPluginMode,networkPolicy,networkDataplane]`));

describe('az aks update', () => {
  it('takes the engine away, and brings another one, with all of the cluster sent back', async () => {
    await az.output(`aks update ${cluster} --network-policy none`);
    expect(await network()).toEqual([null, 'none', 'azure']);
    await az.output(`aks update ${cluster} --network-policy calico`);
    expect(await network()).toEqual([null, 'calico', 'azure']);
    expect(await az.run(`aks update ${cluster} --network-policy azure`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NetworkPolicy') as string,
    });
    expect(await network()).toEqual([null, 'calico', 'azure']);
    expect(az.endpoint.host.asked.filter((text) => text.startsWith('change'))).toEqual([
      'change c1 azure→none nodepool1:1 → nodepool1:1',
      'change c1 none→calico nodepool1:1 → nodepool1:1',
    ]);
  });

  it('tells for how long policies were not in force', async () => {
    const host = Object.assign(az.endpoint.host, {
      change: () => Promise.resolve({ engineChange: { from: 'calico', to: 'cilium' }, unprotectedMs: 1_234 }),
    });
    const changed = await az.run(`aks update ${cluster} --network-dataplane cilium --query networkProfile.networkPolicy -o tsv`);
    Reflect.deleteProperty(host, 'change');
    expect(changed).toMatchObject({ code: 0, stdout: 'cilium\n' });
    expect(changed.stderr).toMatch(
      /WARNING: While the engine changed from calico to cilium, .* not in force for at most 1\.2 s on a node\./,
    );
    expect(await network()).toEqual([null, 'cilium', 'cilium']);
  });

  it('rotates the key of tokens, when the answer is yes', async () => {
    const rotate = `aks oidc-issuer rotate-signing-keys ${cluster}`;
    expect((await az.run(rotate, { answers: ['n'] })).stderr).toMatch(/perform this operation\? \(y\/n\): ERROR: Operation cancelled\.\n$/);
    expect(await az.run(rotate, { answers: ['y'] })).toMatchObject({ code: 0, stdout: '' });
    expect(az.endpoint.host.asked.at(-1)).toMatch(/rotate.*c1/i);
  });

  it('comes back at once with --no-wait, and is waited for', async () => {
    expect(await az.run(`aks update ${cluster} --tags a=b --no-wait`)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    await az.output(`aks wait ${cluster} --updated --interval 1 --timeout 60`);
    expect(await az.output(`aks show ${cluster} --query tags.a -o tsv`)).toBe('b\n');
    expect(await az.run(`aks wait ${cluster} --custom tags.b --interval 1 --timeout 1`)).toMatchObject({
      code: 1,
      stderr: 'ERROR: Wait operation timed-out after 1 seconds\n',
    });
  });

  it('says of an operation that goes on that nobody waits for it when it is stopped', async () => {
    let open = (): void => undefined;
    az.endpoint.host.gate = new Promise((resolve) => (open = resolve));
    const stop = new AbortController();
    const updated = az.run(`aks update ${cluster} --tags a=stopped`, { signal: stop.signal });
    await expect.poll(() => az.output(`aks show ${cluster} --query tags.a -o tsv`), { timeout: 30_000 }).toBe('stopped\n');
    stop.abort();
    expect(await updated).toEqual({ code: 1, stdout: '', stderr: 'ERROR: Long-running operation wait cancelled.\n' });
    open();
    await az.output(`aks wait ${cluster} --updated --interval 1 --timeout 60`);
  });

  it('fails with the reason of an operation that fails', async () => {
    az.endpoint.host.failure = new Error('the disk is full');
    expect(await az.run(`aks update ${cluster} --tags a=c`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^ERROR: \(\w+\) the disk is full\nCode: \w+\nMessage: the disk is full\n$/) as string,
    });
    await az.output(`aks update ${cluster} --tags a=c`);
  });
});

describe('az at a terminal', () => {
  it('asks twice for the password of Windows administrators, until both are the same', async () => {
    const line = 'aks create -g rg -n win --network-plugin azure --node-count 1 --no-ssh-key --windows-admin-username azureuser';
    const password = 'Correct-Horse-Battery-1';
    const { code, stdout, stderr } = await az.run(`${line} -o none`, { answers: [password, 'other', password, password] });
    expect({ code, stdout, asked: stderr.split('\n') }).toEqual({
      code: 0,
      stdout: '',
      asked: [
        'windows-admin-password: ',
        'Confirm windows-admin-password: ',
        'WARNING: Passwords do not match.',
        'windows-admin-password: ',
        'Confirm windows-admin-password: ',
        '',
      ],
    });
    expect(await az.output('aks show -g rg -n win --query windowsProfile.[adminUsername,adminPassword] -o tsv')).toBe('azureuser\nNone\n');
  });

  it('deletes when the answer is yes', async () => {
    const question = 'Are you sure you want to perform this operation? (y/n): ';
    expect(await az.run('aks delete -g rg -n win', { answers: ['what', 'n'] })).toEqual({
      code: 1,
      stdout: '',
      stderr: `${question}${question}ERROR: Operation cancelled.\n`,
    });
    expect((await az.run('aks delete -g rg -n win', { answers: ['Y'] })).code).toBe(0);
    expect((await az.run('aks show -g rg -n win')).code).toBe(3);
  });

  it('upgrades after two questions, and replaces what is different in a kubeconfig after one', async () => {
    const [next = ''] = (
      await az.output(`aks get-upgrades ${cluster} --query controlPlaneProfile.upgrades[].kubernetesVersion -o tsv`)
    ).split('\n');
    const declined = await az.run(`aks upgrade ${cluster} -k ${next}`, { answers: ['y', ''] });
    expect(declined).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/Continue\? \(y\/N\): $/) as string });
    expect((await az.run(`aks upgrade ${cluster} -k ${next}`)).code).toBe(1);
    await az.output(`aks upgrade ${cluster} -k ${next}`, { answers: ['y', 'y'] });
    expect(await az.output(`aks show ${cluster} --query currentKubernetesVersion -o tsv`)).toBe(`${next}\n`);
    const file = join(az.home, 'config');
    writeFileSync(file, 'clusters: []\nusers: [{ name: clusterUser_rg_c1, user: {} }]\ncontexts: []\n', { mode: 0o640 });
    const line = `aks get-credentials ${cluster} -f ${file}`;
    expect(await az.run(line)).toMatchObject({
      code: 1,
      stderr: 'ERROR: A different object named clusterUser_rg_c1 already exists in users in your kubeconfig file.\n',
    });
    expect(await az.run(line, { answers: ['y'] })).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/Overwrite\? \(y\/n\): .*has permissions "640"[^]*Merged "c1" as current context in/) as string,
    });
    expect(readFileSync(file, 'utf8')).toContain('current-context: c1\n');
  });
});

describe('az aks get-credentials', () => {
  it('makes a kubeconfig that only its owner reads, where KUBECONFIG says, under the name that was wished', async () => {
    const file = join(az.home, 'new', 'config');
    await az.output(`aks get-credentials ${cluster} --context here`, { environment: { KUBECONFIG: `${file}:/elsewhere` } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/cluster: here\n[^]*current-context: here\n/);
  });

  it('writes through no symbolic link', async () => {
    const link = join(az.home, 'link');
    symlinkSync(join(az.home, 'target'), link);
    expect(await az.run(`aks get-credentials ${cluster} -f ${link}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is a symbolic link. Refusing to write') as string,
    });
  });

  it('refuses a file that is no kubeconfig, and one that cannot be', async () => {
    const file = join(az.home, 'text');
    writeFileSync(file, 'hello\n');
    expect((await az.run(`aks get-credentials ${cluster} -f ${file}`)).stderr).toBe(
      "ERROR: No such key 'clusters' in existing config, please confirm whether it is a valid config file. May back up this config file, delete it and retry the command.\n",
    );
    expect(await az.run(`aks get-credentials ${cluster} -f ${file}/below`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('below" cannot be written: ENOTDIR') as string,
    });
  });

  it.each(['pipe', 'directory'])('takes the place of no %s', async (kind) => {
    const path = join(az.home, kind);
    execFileSync(kind === 'pipe' ? 'mkfifo' : 'mkdir', [path]);
    const { ino } = statSync(path);
    expect(await az.run(`aks get-credentials ${cluster} -f ${path}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Kubeconfig path "${path}" is not a regular file.`) as string,
    });
    expect(statSync(path).ino).toBe(ino);
  });
});

describe('az group update', () => {
  const updated = async (options: string): Promise<unknown> => JSON.parse(await az.output(`group update -n rg ${options} --query tags`));

  it('sets and removes any property, in the words of az where there is none', async () => {
    expect(await updated('--tags a=b c=d --set tags.e=1 tags.f=true')).toEqual({ a: 'b', c: 'd', e: '1', f: 'True' });
    expect(await updated('--remove tags.a --remove tags.c')).toEqual({ e: '1', f: 'True' });
    expect(await updated('--set tags={"q":"r"}')).toEqual({ q: 'r' });
    for (const [options, message] of [
      ['--set tags.x.y=b', "ERROR: Couldn't find 'x' in 'tags'. Available options: ['q']\n"],
      ['--set =x', 'ERROR: usage error: Empty key in --set. Correct syntax: --set KEY=VALUE [KEY=VALUE ...]\n'],
      ['--set tags.__proto__.x=b', "ERROR: Couldn't find '__proto__' in 'tags'. Available options: ['q']\n"],
      ['--set tags.constructor.x=b', "ERROR: Couldn't find 'constructor' in 'tags'. Available options: ['q']\n"],
      ['--remove tags.nope', "ERROR: Couldn't find 'nope' in 'tags'. Available options: ['q']\n"],
      ['--add tags a=b', 'ERROR: invalid syntax: --add property.listProperty <key=value, string or JSON string>\n'],
    ] as const) {
      expect(await az.run(`group update -n rg ${options}`), options).toEqual({ code: 1, stdout: '', stderr: message });
    }
    expect((await az.run('group update -n rg --set nope=b')).stderr).toBe(
      "WARNING: Property 'nope' not found on root. Send it as an additional property .\n",
    );
    expect((await az.run('group update -n rg --set location=westus')).stderr).toContain('(InvalidResourceGroupLocation)');
    await az.output('group update -n rg --remove tags');
  });
});

describe('az account', () => {
  it('lists the regions of the endpoint', async () => {
    expect(await az.output("account list-locations --query [?name=='canadaeast'].displayName -o tsv")).toBe('Canada East\n');
    expect(await az.output('account list-locations -o table')).toMatch(/^DisplayName +Name +RegionalDisplayName\n-/);
  });

  it('signs everybody out', async () => {
    const other = await AzAtTerminal.open();
    try {
      await other.output('group list');
      await other.output('account clear');
      expect(await other.run('group list')).toEqual({ code: 1, stdout: '', stderr: "ERROR: Please run 'az login' to setup account.\n" });
    } finally {
      await other.close();
    }
  });

  it('knows no other subscription', async () => {
    const unknown = "ERROR: Subscription 'nope' not found. Check the spelling and casing and try again.\n";
    expect((await az.run('account show --subscription nope')).stderr).toBe(unknown);
    expect((await az.run('aks list --subscription nope')).stderr).toBe(`WARNING: Subscription 'nope' not recognized.\n${unknown}`);
  });
});

describe('az with an empty name', () => {
  it.each([
    ['aks show -g rg --name=', 'managed cluster'],
    ['aks delete -g rg --name= --yes', 'managed cluster'],
    ['aks nodepool show -g rg --cluster-name c1 --name=', 'node pool'],
    ['group show --name=', 'resource group'],
    ['group exists --name=', 'resource group'],
    ['provider show --namespace=', 'provider'],
    ['feature show --namespace Microsoft.ContainerService --name=', 'feature'],
  ])('%s takes no list for one', async (line, what) => {
    expect(await az.run(line)).toEqual({ code: 1, stdout: '', stderr: `ERROR: The name of the ${what} is empty.\n` });
  });
});

describe('az --verbose', () => {
  it('ends with how long it took', async () => {
    const { stderr } = await az.run('group list -o none --verbose');
    expect(stderr).toMatch(/^INFO: Command ran in \d+\.\d{3} seconds \(init: \d+\.\d{3}, invoke: \d+\.\d{3}\)\n$/);
  });
});

describe('az --query', () => {
  it.each([
    ['abs(name)', 'In function abs(), invalid type for value: c1, expected one of: [\'number\'], received: "string"'],
    ['agentPoolProfiles[].abs(name)', 'In function abs(), invalid type, expected one of: [\'number\'], received: "string"'],
    ['abs()', 'Expected 1 argument for function abs(), received 0'],
    ['foo(@)', 'Unknown function: foo()'],
  ])('%s is refused in the words of az', async (query, problem) => {
    const { code, stderr } = await az.run(`aks show ${cluster} --query ${query}`);
    expect([code, stderr.split('\n')[0]]).toEqual([1, `ERROR: Invalid jmespath query supplied for \`--query\`: ${problem}`]);
  });
});

describe('az extension', () => {
  it('lists what the index of the endpoint offers, and whether it is there', async () => {
    expect(JSON.parse(await az.output('extension list-available'))).toEqual([
      {
        name: 'aks-preview',
        version: expect.stringMatching(/^\d/) as string,
        summary: expect.stringMatching(/./) as string,
        preview: true,
        experimental: false,
        installed: false,
      },
    ]);
    expect(await az.output('extension list-available -o table')).toMatch(/^Name +Version +Summary +Preview +Experimental +Installed\n-/);
    expect(JSON.parse(await az.output('extension list-versions -n aks-preview --query [].[installed,compatible]'))).toEqual([
      [false, true],
    ]);
    expect((await az.run('extension list-versions -n nope')).stderr).toBe('ERROR: Extension nope not found.\n');
    expect((await az.run('extension add -n a --source b')).stderr).toBe('ERROR: usage error: --name NAME | --source SOURCE\n');
  });

  it('notes what the index of the endpoint offers, once', async () => {
    expect(await az.run('extension add --name aks-preview')).toMatchObject({ code: 0, stdout: '' });
    expect((await az.run('extension add --name aks-preview')).stderr).toMatch(
      /^WARNING: Extension 'aks-preview' \S+ is already installed\.\n$/,
    );
    expect((await az.run('extension update --name aks-preview')).stderr).toContain("Latest version of 'aks-preview' is already installed.");
    expect(JSON.parse(await az.output('extension list --query [].name'))).toEqual(['aks-preview']);
    expect(await az.output('--version')).toMatch(/^Extensions:\naks-preview +\d/m);
    await az.output('extension remove --name aks-preview');
    expect((await az.run('extension show --name aks-preview')).stderr).toBe('ERROR: The extension aks-preview is not installed.\n');
    expect(await az.run('extension add --name nope')).toMatchObject({ code: 1, stderr: expect.stringContaining("'nope'") as string });
  });
});

describe('az, signed in', () => {
  it('shares a configuration directory with az, and goes to no other machine', async () => {
    const directory = join(az.home, 'shared');
    const authority = join(az.home, 'ca.crt');
    writeFileSync(authority, az.endpoint.authority);
    const environment = { AZURE_CONFIG_DIR: directory, REQUESTS_CA_BUNDLE: authority };
    const [principal] = az.endpoint.arm.state.identity.principals;
    expect((await az.run('aks list', { environment })).stderr).toBe("ERROR: Please run 'az login' to setup account.\n");
    await az.output(`cloud register -n Mine --endpoint-resource-manager ${az.endpoint.arm.base}/`, { environment });
    await az.output('cloud set -n Mine', { environment });
    const login = `login --service-principal -u ${principal?.application ?? ''} --tenant t`;
    await az.output(login, { environment, answers: [az.endpoint.secret, az.endpoint.secret] });
    expect(statSync(join(directory, 'service_principal_entries.json')).mode & 0o077).toBe(0);
    expect(await az.output('aks list --query [].name -o tsv', { environment })).toBe('c1\n');
    expect(await az.run('cloud register -n X --endpoint-resource-manager https://management.example', { environment })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not on this machine') as string,
    });
    writeFileSync(join(directory, 'clouds.config'), '[Mine]\nendpoint_resource_manager = https://management.example\n');
    expect(await az.run('aks list', { environment })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not an endpoint of this machine') as string,
    });
  });

  it('sends a request of its user nowhere else', async () => {
    expect(await az.run('rest --url https://management.example/subscriptions?api-version=2022-12-01')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('only, not to https://management.example') as string,
    });
  });
});
