/** `weir shell`: what is in it speaks to the lab and to nothing of the user's, and the article can be pasted. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzSession, weirProgram } from './support/az-session.ts';
import { programsWithout } from './support/programs-without.ts';

let session: AzSession;
beforeAll(async () => {
  session = await AzSession.openSignedOut();
});
afterAll(async () => {
  await session?.close();
});

describe('weir shell -- COMMAND', () => {
  it('gives the command its arguments and its exit code', async () => {
    expect(await session.weir('shell', '--', 'bash', '-c', 'echo "$1 $2"; exit 7', 'x', '-h', 'a  b')).toMatchObject({
      code: 7,
      stdout: '-h a  b\n',
    });
    expect((await session.weir('shell', '--', 'bash', '-c', 'kill -TERM $$')).code).toBe(143);
    expect(await session.weir('shell', '--', 'no-such-program')).toMatchObject({ code: 3, stdout: '' });
  });

  it('is signed in to this machine, also when its user has signed out there before', async () => {
    const cloudAndUser = 'az cloud show --query name -o tsv && az account show --query user.type -o tsv';
    expect(await session.weir('shell', '--', 'bash', '-c', `${cloudAndUser}; az logout`)).toMatchObject({
      code: 0,
      stdout: 'WeirLab\nservicePrincipal\n',
    });
    expect(await session.weir('shell', '--', 'bash', '-c', cloudAndUser)).toMatchObject({ code: 0 });
    expect(await session.weir('shell', '--', 'az', 'aks', 'list', '-o', 'json')).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  it('finds weir, kubectl and helm', async () => {
    expect(await session.weir('shell', '--', 'sh', '-c', 'weir version && kubectl version --client && helm version')).toMatchObject({
      code: 0,
    });
  });

  it('has weir az for az where azure-cli is not installed', async () => {
    const path = programsWithout(join(session.directory, 'programs'), 'az');
    const line = `PATH='${path}' ${process.execPath} ${weirProgram} shell -- bash -c 'type -P az && az group list -o tsv && az version -o json'`;
    expect(await session.line(line)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\S+\/state\/shell\/bin\/az\n[^]*"azure-cli": "2\./) as string,
    });
  });

  it('has weir calicoctl for calicoctl where that is not installed', async () => {
    const path = programsWithout(join(session.directory, 'programs-without-calicoctl'), 'calicoctl');
    const file = join(session.directory, 'tier.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name: 'a' }, spec: {} }));
    const script = `type -P calicoctl && calicoctl validate -f ${file}`;
    expect(await session.line(`PATH='${path}' ${process.execPath} ${weirProgram} shell -- bash -c '${script}'`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\S+\/state\/shell\/bin\/calicoctl\nSuccessfully validated 1 'Tier' resource\(s\)\n$/) as string,
    });
  });

  it('refuses a cluster that does not exist', async () => {
    expect(await session.weir('shell', '--name', 'nobody', '--', 'true')).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('weir shell in a terminal', () => {
  const prompt = /\(weir\) [^\n]*[$#] $/;

  it('says so in its prompt, keeps what the user has, and does what the article means', async () => {
    // A user's start file that points elsewhere. Only this shell is to have it: bash reads it also where its input is a socket.
    const startFile = join(session.directory, '.bashrc');
    writeFileSync(startFile, "KUBECONFIG=/elsewhere; PATH=/usr/bin:/bin; alias hello='echo good day'\n");
    const shell = session.shell();
    try {
      await shell.until(/az: \S+\n[^]*no cluster yet/);
      await shell.until(prompt);
      expect(await shell.run('hello; echo "$KUBECONFIG"', prompt)).toMatch(/good day\n\S+\/state\/shell\/kubeconfig\n/);
      const set = await shell.run('$RESOURCE_GROUP_NAME=myResourceGroup-NP', prompt);
      expect(set).toContain('done: RESOURCE_GROUP_NAME=myResourceGroup-NP');
      const create = 'az aks create --resource-group $RESOURCE_GROUP_NAME --name c1 --network-plugin azure --network-policy azure';
      const refused = await shell.run(create, /az group create[^]*\(weir\) [^\n]*[$#] $/);
      expect(refused).toContain('added: --no-ssh-key');
      expect(refused).toContain('leaves this out: az group create --resource-group myResourceGroup-NP --location canadaeast');
      expect(refused).toContain("(ResourceGroupNotFound) Resource group 'myResourceGroup-NP' could not be found.");
      await shell.run('az aks show', /required[^]*\(weir\) [^\n]*[$#] $/);
      const joined = await shell.run('    --resource-group $RESOURCE_GROUP_NAME --name c1', /NotFound[^]*\(weir\) [^\n]*[$#] $/);
      expect(joined).toContain('both together: az aks show --resource-group myResourceGroup-NP --name c1');
      const update = 'az aks update --resource-group $RESOURCE_GROUP_NAME --name c1 --network-policy none';
      const passedOn = await shell.run(update, /NotFound[^]*\(weir\) [^\n]*[$#] $/);
      expect(passedOn).toContain('weir az does: weir az aks update --resource-group myResourceGroup-NP');
      expect(await shell.run('kubectl version –-client', prompt)).toMatch(/taken as --client\nClient Version/);
      expect(await shell.run('no-such-program', prompt)).toContain('bash: no-such-program: command not found');
      shell.type('exit 5\n');
      expect(await shell.end()).toBe(5);
    } finally {
      await shell.stop();
      rmSync(startFile);
    }
  });
});

describe('a cluster of weir up', () => {
  it('is what kubectl of the shell speaks to; its own kubeconfig is not written, and nothing of the home directory', async () => {
    const name =
      session.directory
        .split('-')
        .at(-1)
        ?.toLowerCase()
        .replace(/[^a-z0-9]/g, '') ?? '';
    const cluster = `shell-${name}`;
    expect(await session.weir('up', '--name', cluster, '--engine', 'none')).toMatchObject({ code: 0 });
    const kubeconfig = join(session.directory, 'state', 'clusters', cluster, 'kubeconfig');
    const before = readFileSync(kubeconfig, 'utf8');
    const lines =
      'kubectl get nodes -o name && kubectl config set-context --current --namespace=other && weir why default/a default/b 80 2>&1';
    const { code, stdout } = await session.weir('shell', '--name', cluster, '--', 'bash', '-c', lines);
    // weir knows the cluster by its server: with the engine none it says so.
    expect([code, stdout]).toEqual([3, expect.stringMatching(/^node\/\S+\n[^]*cluster "shell-\w+" has no policy engine/) as string]);
    expect(readFileSync(kubeconfig, 'utf8')).toBe(before);
    for (const directory of ['.kube', '.azure']) expect(existsSync(join(session.directory, directory)), directory).toBe(false);
    expect(await session.weir('down', '--all')).toMatchObject({ code: 0 });
    for (const directory of ['shell', 'arm']) expect(existsSync(join(session.directory, 'state', directory)), directory).toBe(false);
  });
});
