/**
 * Windows node pools, made with the unmodified az for the two engines that have them: the feature, the prompt for the
 * password, nodes that look as AKS's, the article's journey in shells on Windows nodes, and what pools leave behind.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listNetns } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzSession } from './support/az-session.ts';
import type { TypedTerminal } from './support/typed-terminal.ts';

const patience = { timeout: 60_000, interval: 300 } as const;
/** Several clusters' work in one test, on a machine that may have other things to do. */
const longMs = 300_000;
const password = 'Str0ng-password-here';
const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';
const engines = ['azure', 'calico'] as const;
type Engine = (typeof engines)[number];

let az: AzSession;
const terminals: TypedTerminal[] = [];
beforeAll(async () => {
  az = await AzSession.open();
  await az.output('az group create --resource-group rg --location canadaeast');
});
afterAll(async () => {
  await Promise.all(terminals.map((terminal) => terminal.stop()));
  await az?.close();
});

function openTerminal(line: string): TypedTerminal {
  const terminal = az.terminal(line);
  terminals.push(terminal);
  return terminal;
}

const create = (engine: Engine): string =>
  `az aks create --resource-group rg --name ${engine} --node-count 1 --network-plugin azure --network-policy ${engine} --no-ssh-key`;
const pool = (engine: Engine): string => `--resource-group rg --cluster-name ${engine} --name npwin`;
const addPool = (engine: Engine): string => `az aks nodepool add ${pool(engine)} --os-type Windows --node-count 1`;
const kubectl = (engine: Engine, line: string): Promise<string> => az.output(`kubectl --context ${engine} ${line}`);

// As the article has it; and agnhost would serve for the whole usual grace period while its node is drained.
const overrides = `--overrides='{"spec": { "nodeSelector": {"kubernetes.io/os": "windows"}, "terminationGracePeriodSeconds": 1}}'`;
const run = (engine: Engine, pod: string, command: string): Promise<string> =>
  kubectl(engine, `run ${pod} -n demo --image=${image} --labels=app=${pod} --port=80 ${overrides} --command -- ${command}`);

/** What az of this version has no option for: everything is read, changed and sent back. */
async function changeEngine(cluster: string, networkPolicy: string): Promise<void> {
  const [endpoint, subscription] = await Promise.all([
    az.output('az cloud show --query endpoints.resourceManager -o tsv'),
    az.output('az account show --query id -o tsv'),
  ]);
  const path = `resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/${cluster}`;
  const url = `${endpoint}/subscriptions/${subscription}/${path}?api-version=2025-03-01`;
  const body = JSON.parse(await az.output(`az rest --method get --url '${url}'`)) as { properties: { networkProfile: object } };
  body.properties.networkProfile = { ...body.properties.networkProfile, networkPolicy };
  const file = join(az.directory, 'body.json');
  writeFileSync(file, JSON.stringify(body));
  await az.output(`az rest --method put --url '${url}' --body @${file}`);
  await az.output(`az aks wait -g rg -n ${cluster} --updated --interval 1 --timeout 240`);
}

/** Names of files and namespaces that belong to nodes of a pool, of all clusters. */
function remainsOf(part: string): readonly string[] {
  const files = ['state', 'run'].flatMap((name) => readdirSync(join(az.directory, name), { recursive: true, encoding: 'utf8' }));
  const isTheirs = (name: string): boolean => name.includes(part) && !/^clusters\/[^/]+\/(?:pki|logs)\//.test(name);
  return [...files.filter(isTheirs), ...listNetns().filter((name) => name.startsWith('weir-aks-') && name.includes(part))];
}

describe('az', () => {
  it('asks for the password of the administrator whose name was read, twice, and again when the two differ', async () => {
    const terminal = openTerminal(
      `read -p 'Please enter the username: ' WINDOWS_USERNAME && ${create('azure')} --windows-admin-username $WINDOWS_USERNAME --no-wait; echo "ended with $?"`,
    );
    await terminal.until(/the username: $/);
    await terminal.run('myWindowsUserName', /^windows-admin-password: $/m);
    await terminal.run(password, /^Confirm windows-admin-password: $/m);
    await terminal.run('another-Passw0rd', /^windows-admin-password: $/m);
    await terminal.run(password, /^Confirm windows-admin-password: $/m);
    expect(await terminal.run(password, /ended with \d/)).toContain('ended with 0');
    expect(await az.output('az aks show -g rg -n azure --query windowsProfile.adminUsername -o tsv')).toBe('myWindowsUserName');
  });

  it('is told what is wrong with a name or a password, and nothing is made', async () => {
    const refused = async (name: string, word: string): Promise<string> => {
      const { code, stderr } = await az.line(`${create('calico')} --windows-admin-username ${name} --windows-admin-password ${word}`);
      expect(code).toBe(1);
      return stderr;
    };
    const [short, reserved] = await Promise.all([refused('me', 'Short1!'), refused('administrator', password)]);
    expect(short).toContain('(WindowsProfilePasswordInvalid) Invalid adminPassword. Error: Length of password is invalid.');
    expect(reserved).toContain('(InvalidParameter) Invalid adminUsername. Error: The username is not allowed.');
    expect((await az.line('az aks show -g rg -n calico')).code).toBe(3);
  });

  it(
    'adds a Windows pool to engine azure once the feature is registered and the provider after it',
    async () => {
      const calico = az
        .output(`${create('calico')} --windows-admin-username me --windows-admin-password ${password}`)
        .then(() => az.output(addPool('calico')));
      await az.output('az aks wait -g rg -n azure --created --interval 1');
      const named = '--namespace Microsoft.ContainerService --name WindowsNetworkPolicyPreview';
      await az.output(`az feature register ${named}`);
      const state = (): Promise<string> => az.output(`az feature show ${named} --query properties.state -o tsv`);
      await expect.poll(state, patience).toBe('Registered');
      const { code, stderr } = await az.line(addPool('azure'));
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('(BadRequest) Feature Microsoft.ContainerService/WindowsNetworkPolicyPreview is not enabled.') as string,
      ]);
      await az.output('az provider register --namespace Microsoft.ContainerService');
      await Promise.all([az.output(addPool('azure')), calico]);
      for (const engine of engines) await az.output(`az aks get-credentials -g rg -n ${engine}`);
    },
    longMs,
  );
});

describe.each(engines)('a Windows pool of a cluster with engine %s', (engine) => {
  const on = (line: string): Promise<string> => kubectl(engine, line);

  it('has nodes that look as those of AKS', async () => {
    expect(await on('get nodes -l kubernetes.io/os=windows -o wide --no-headers')).toMatch(
      /^aksnpwin000000 +Ready .* v1\.34\.4 .* Windows Server 2022 Datacenter +10\.0\.20348\.\d+ +containerd:\/\/\S+$/,
    );
    const labels = JSON.parse(await on("get node aksnpwin000000 -o jsonpath='{.metadata.labels}'")) as unknown;
    expect(labels).toMatchObject({
      agentpool: 'npwin',
      'kubernetes.azure.com/mode': 'user',
      'kubernetes.azure.com/os-sku': 'Windows2022',
      'kubernetes.io/os': 'windows',
      'node.kubernetes.io/windows-build': '10.0.20348',
    });
    expect(await on("get node aksnpwin000000 -o jsonpath='{.spec.taints}'")).toBe('');
  });

  it('runs the article: a shell on a Windows node connects, times out under the policy, and connects with the label', async () => {
    await on('create namespace demo');
    await run(engine, 'server', '/agnhost serve-hostname --tcp --http=false --port 80');
    const shell = openTerminal(
      `kubectl --context ${engine} run -it client -n demo --image=${image} --restart=Never ${overrides} --command -- bash`,
    );
    await shell.until(/root@client:\/# $/);
    await on('wait --for=condition=Ready pod/server -n demo --timeout=60s');
    expect(await on("get pods -n demo -o jsonpath='{.items[*].spec.nodeName}'")).toBe('aksnpwin000000 aksnpwin000000');
    shell.resize(72, 20);
    await shell.run('for i in {1..50}; do s=$(stty size); [ "$s" = "20 72" ] && break; sleep 0.1; done; echo "now $s"', /^now 20 72$/m);
    const target = `${await on("get pod server -n demo -o jsonpath='{.status.podIP}'")}:80`;
    const connect = async (): Promise<string> => {
      const output = await shell.run(`/agnhost connect ${target} --timeout=3s --protocol=tcp; echo code $?`, /^code \d+$/m);
      return output.split('\n').slice(1).join('\n').split('code')[0]?.trim() ?? '';
    };
    expect(await connect()).toBe('');
    await on('apply -f examples/article/demo-policy.yaml');
    await expect.poll(connect, patience).toBe('TIMEOUT');
    await on('label pod client -n demo app=client');
    await expect.poll(connect, patience).toBe('');
    shell.type('exit 7\n');
    expect(await shell.end()).toBe(7);
  });
});

describe('a Windows pool', () => {
  const hnsOf = (part: string): readonly string[] => remainsOf(part).filter((name) => name.includes('hns'));

  it(
    'is re-imaged when the engine of its cluster is taken away: nothing is enforced any more, and HNS has nothing of it',
    async () => {
      const on = (line: string): Promise<string> => kubectl('calico', line);
      const uid = (): Promise<string> => on("get node aksnpwin000000 -o jsonpath='{.metadata.uid}'");
      const before = await uid();
      await changeEngine('calico', 'none');
      expect(await uid()).not.toBe(before);
      // The node that came for the time of the change.
      expect(remainsOf('npwin000001')).toEqual([]);
      expect(await on('get pods -n demo -o name')).toBe('');
      expect(await on('get networkpolicy -n demo -o name')).toBe('networkpolicy.networking.k8s.io/demo-policy');
      await run('calico', 'server', '/agnhost serve-hostname --tcp --http=false --port 80');
      await run('calico', 'client', '/agnhost pause');
      await on('wait --for=condition=Ready pod --all -n demo --timeout=60s');
      const target = `${await on("get pod server -n demo -o jsonpath='{.status.podIP}'")}:80`;
      expect(await on(`exec client -n demo -- /agnhost connect ${target} --timeout=3s --protocol=tcp`)).toBe('');
      const documents = remainsOf('npwin000000').filter((name) => name.endsWith('hns.json'));
      const read = (...parts: readonly string[]): string => readFileSync(join(az.directory, 'state', ...parts), 'utf8');
      for (const name of documents) {
        const [, lab = ''] = name.split('/');
        const { engine } = JSON.parse(read('clusters', lab, 'cluster.json')) as { readonly engine: string };
        expect([engine, read(name).includes('weir-')]).toEqual(engine === 'none' ? ['none', false] : ['azure', true]);
      }
      expect(documents).toHaveLength(2);
    },
    longMs,
  );

  it(
    'leaves nothing behind when it is removed',
    async () => {
      // The documents and the socket, of both clusters.
      expect(hnsOf('npwin')).toHaveLength(4);
      await az.output(`az aks nodepool delete ${pool('calico')}`);
      expect(await kubectl('calico', 'get nodes -l kubernetes.io/os=windows -o name')).toBe('');
      expect(hnsOf('npwin')).toHaveLength(2);
    },
    longMs,
  );
});
