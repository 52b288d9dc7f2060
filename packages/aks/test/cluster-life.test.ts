/** The life of a managed cluster: operations, transitions, pools, restarts. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ArmAnswer, ArmEndpoint } from './support/arm-endpoint.ts';
import { clusterBody, windowsPool } from './support/cluster-bodies.ts';

let endpoint: ArmEndpoint;
let count = 0;
/** Each test has a cluster, in a group, of its own. */
let name = '';
let group = '';
let path = '';
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  await endpoint.ask('POST', '/providers/Microsoft.ContainerService/register');
});
beforeEach(async () => {
  count += 1;
  name = `c${count}`;
  group = `/resourceGroups/rg${count}`;
  path = `${group}/providers/Microsoft.ContainerService/managedClusters/${name}`;
  await endpoint.ask('PUT', group, { location: 'canadaeast' });
});
afterAll(() => endpoint.dispose());

const asked = (): readonly string[] =>
  endpoint.host.asked.filter((text) => text.split(' ')[1] === name).map((text) => text.replace(`${name} `, ''));

async function create(network: object = {}, version?: string): Promise<ArmAnswer> {
  const answer = await endpoint.ask('PUT', path, clusterBody({ network }), version);
  expect(answer.status, answer.text).toBe(201);
  expect((await endpoint.finished(answer)).json).toMatchObject({ status: 'Succeeded' });
  return answer;
}

const properties = (answer: ArmAnswer): Record<string, unknown> => answer.json['properties'] as Record<string, unknown>;
const shown = (version?: string): Promise<ArmAnswer> => endpoint.ask('GET', path, undefined, version);

/** What az does to change a field: reads everything, changes it, sends everything back. */
async function update(network: object, version?: string): Promise<ArmAnswer> {
  const before = (await shown(version)).json as { properties: { networkProfile: object } };
  const body = { ...before, properties: { ...before.properties, networkProfile: { ...before.properties.networkProfile, ...network } } };
  return endpoint.ask('PUT', path, body, version);
}

describe('creating', () => {
  it('answers 201 with where to ask, 1 s between questions, then Succeeded with what AKS fills in', async () => {
    const answer = await create();
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.headers['location']).toBeUndefined();
    expect(properties(answer)).toMatchObject({ provisioningState: 'Creating', currentKubernetesVersion: '1.34.4' });
    const { json } = await shown();
    expect(json).toMatchObject({
      type: 'Microsoft.ContainerService/ManagedClusters',
      identity: { type: 'SystemAssigned', principalId: expect.any(String) as string },
      properties: {
        provisioningState: 'Succeeded',
        powerState: { code: 'Running' },
        kubernetesVersion: '1.34',
        nodeResourceGroup: `MC_rg${count}_${name}_canadaeast`,
        fqdn: expect.stringMatching(/^c-rg-000000-[0-9a-f]{8}\.hcp\.canadaeast\.azmk8s\.io$/) as string,
        windowsProfile: { adminUsername: 'azureuser', enableCSIProxy: true },
        agentPoolProfiles: [{ name: 'nodepool1', count: 1, maxPods: 30, osSKU: 'Ubuntu', provisioningState: 'Succeeded', mode: 'System' }],
        networkProfile: {
          networkPlugin: 'azure',
          networkPolicy: 'azure',
          networkDataplane: 'azure',
          serviceCidr: '10.0.0.0/16',
          dnsServiceIP: '10.0.0.10',
          loadBalancerSku: 'standard',
        },
        identityProfile: { kubeletidentity: { clientId: expect.any(String) as string } },
      },
    });
    expect((json['properties'] as { networkProfile: object }).networkProfile).not.toHaveProperty('podCidr');
    expect(asked()).toEqual([`create ${name}`]);
  });

  it('fills in AKS’s defaults also where az sends an object without anything in it, and keeps what is said', async () => {
    const enabled = { enabled: true };
    const drivers = { diskCSIDriver: enabled, fileCSIDriver: enabled, snapshotController: enabled };
    await create();
    expect(properties(await shown())).toMatchObject({ storageProfile: drivers, autoUpgradeProfile: { nodeOSUpgradeChannel: 'NodeImage' } });
    const storageProfile = { fileCSIDriver: { enabled: false }, blobCSIDriver: enabled };
    const asked = clusterBody({ properties: { storageProfile, autoUpgradeProfile: { upgradeChannel: 'patch' } } });
    await endpoint.finished(await endpoint.ask('PUT', path, asked));
    expect(properties(await shown())).toMatchObject({
      storageProfile: { ...drivers, ...storageProfile },
      autoUpgradeProfile: { upgradeChannel: 'patch', nodeOSUpgradeChannel: 'NodeImage' },
    });
    const upgradeSettings = { undrainableNodeBehavior: 'Schedule' };
    const pool = await endpoint.ask('PUT', `${path}/agentPools/second`, { properties: { count: 1, mode: 'User', upgradeSettings } });
    expect(properties(pool)).toMatchObject({ upgradeSettings: { maxSurge: '10%', maxUnavailable: '0', ...upgradeSettings } });
  });

  it('with no plugin named makes an overlay', async () => {
    const answer = await endpoint.ask('PUT', path, clusterBody({ network: { networkPlugin: undefined, networkPolicy: undefined } }));
    expect(properties(answer)).toMatchObject({
      networkProfile: { networkPlugin: 'azure', networkPluginMode: 'overlay', networkPolicy: 'none', podCidr: '10.244.0.0/16' },
      agentPoolProfiles: [{ maxPods: 250 }],
    });
    expect(properties(answer)).not.toHaveProperty('windowsProfile');
  });

  it('that fails ends Failed with the reason, and can be repeated', async () => {
    endpoint.host.failure = new Error('no room');
    const answer = await endpoint.ask('PUT', path, clusterBody());
    const operation = await endpoint.finished(answer);
    expect(operation.json).toMatchObject({ status: 'Failed', error: { code: 'InternalOperationError', message: 'no room' } });
    expect(properties(await shown())).toMatchObject({ provisioningState: 'Failed' });
    expect((await endpoint.finished(await endpoint.ask('PUT', path, clusterBody()))).json).toMatchObject({ status: 'Succeeded' });
    expect(asked()).toEqual([`create ${name}`, `create ${name}`]);
  });

  it('keeps a second change out until it is done', async () => {
    let open = (): void => undefined;
    endpoint.host.gate = new Promise((resolve) => (open = resolve));
    const first = await endpoint.ask('PUT', path, clusterBody());
    const second = await endpoint.ask('PUT', path, clusterBody());
    expect(second.status).toBe(409);
    expect(second.json).toMatchObject({
      code: 'OperationNotAllowed',
      message: expect.stringMatching(
        /^Operation is not allowed because there's an in progress create managed cluster operation \(operation ID: [-0-9a-f]{36}\)/,
      ) as string,
    });
    expect((await endpoint.ask('DELETE', path)).status).toBe(409);
    open();
    await endpoint.finished(first);
    expect((await endpoint.ask('DELETE', path)).status).toBe(202);
  });
});

describe('after a restart', () => {
  it('everything is there', async () => {
    await create();
    const before = await shown();
    await endpoint.close();
    await endpoint.open();
    expect((await shown()).json).toEqual(before.json);
  });

  it('an operation that a crash cut off is Failed with the reason, and can be repeated', async () => {
    endpoint.host.gate = new Promise(() => undefined);
    const answer = await endpoint.ask('PUT', path, clusterBody());
    const operation = String(answer.headers['azure-asyncoperation']);
    const { host } = endpoint;
    host.gate = Promise.resolve();
    // The work never ends: the process is left behind as a killed one would be.
    await endpoint.abandon();
    expect((await endpoint.send('GET', new URL(operation).pathname)).json).toMatchObject({
      status: 'Failed',
      error: { code: 'OperationInterrupted' },
    });
    expect(properties(await shown())).toMatchObject({ provisioningState: 'Failed' });
    expect((await endpoint.finished(await endpoint.ask('PUT', path, clusterBody()))).json).toMatchObject({ status: 'Succeeded' });
  });
});

describe('an engine', () => {
  const engineOf = async (version?: string): Promise<unknown> =>
    (properties(await shown(version))['networkProfile'] as { networkPolicy?: string }).networkPolicy;
  const dataplane = (engine: string): object => ({ networkPolicy: engine, ...(engine === 'cilium' ? { networkDataplane: 'cilium' } : {}) });

  const cells = [
    ['none', 'none', 'nothing'],
    ['none', 'azure', 'reimage'],
    ['none', 'calico', 'reimage'],
    ['none', 'cilium', 'reimage'],
    ['azure', 'none', 'reimage'],
    ['azure', 'azure', 'nothing'],
    ['azure', 'calico', /to none first, then to calico/],
    ['azure', 'cilium', 'reimage'],
    ['calico', 'none', 'reimage'],
    ['calico', 'azure', /to none first, then to azure/],
    ['calico', 'calico', 'nothing'],
    ['calico', 'cilium', 'reimage'],
    ['cilium', 'none', /^Cilium dataplane requires network policy cilium\.$/],
    ['cilium', 'azure', /^Cilium dataplane requires network policy cilium\.$/],
    ['cilium', 'calico', /^Cilium dataplane requires network policy cilium\.$/],
    ['cilium', 'cilium', 'nothing'],
  ] as const;
  it.each(cells)('%s → %s: %s', async (from, to, outcome) => {
    await create(dataplane(from));
    const answer = await update(dataplane(to));
    if (typeof outcome === 'string') {
      expect(answer.status, answer.text).toBe(200);
      await endpoint.finished(answer);
      expect(await engineOf()).toBe(to);
      expect(asked().at(-1)).toBe(`change ${from}→${to} nodepool1:1 → nodepool1:1`);
    } else {
      expect([answer.status, answer.json['message']]).toEqual([400, expect.stringMatching(outcome) as string]);
      expect(await engineOf()).toBe(from);
    }
  });

  it('stays when a PUT leaves it out or empty, whatever az left out', async () => {
    await create();
    for (const networkPolicy of ['', undefined]) {
      await endpoint.finished(await update({ networkPolicy }));
      expect(await engineOf()).toBe('azure');
    }
  });

  it('does not go back from the data plane cilium', async () => {
    await create(dataplane('cilium'));
    const answer = await update({ networkPolicy: 'azure', networkDataplane: 'azure' });
    expect([answer.status, answer.json['code'], answer.json['target']]).toEqual([
      400,
      'PropertyChangeNotAllowed',
      'networkProfile.networkDataplane',
    ]);
  });

  it('comes with its data plane when only that is asked for, as the documentation has it', async () => {
    await create();
    const answer = await update({ networkDataplane: 'cilium' });
    expect(answer.status, answer.text).toBe(200);
    expect(properties(answer)).toMatchObject({ networkProfile: { networkPolicy: 'cilium', networkDataplane: 'cilium' } });
  });

  it('is neither taken away nor shown as none by api-versions that do not know it', async () => {
    await create({ networkPolicy: undefined });
    for (const version of ['2022-11-01', '2023-08-02-preview', '2024-02-01']) expect(await engineOf(version), version).toBeUndefined();
    for (const version of ['2023-09-02-preview', '2024-05-01']) expect(await engineOf(version), version).toBe('none');
    const answer = await endpoint.ask('PUT', path, clusterBody({ network: { networkPolicy: 'none' } }), '2022-11-01');
    expect([answer.status, answer.json['code']]).toEqual([400, 'InvalidParameter']);
  });

  it('is not changed by an old api-version', async () => {
    await create({ networkPolicy: undefined });
    const answer = await update({ networkPolicy: 'calico' }, '2022-11-01');
    expect([answer.status, answer.json['code']]).toEqual([400, 'PropertyChangeNotAllowed']);
  });
});

describe('the node disruption policy Block', () => {
  it('refuses to re-image nodes until it is changed, and nothing else', async () => {
    const block = { nodeDisruptionProfile: { nodeDisruptionPolicy: 'Block' } };
    const put = (networkPolicy: string, more: object): ReturnType<typeof endpoint.ask> =>
      endpoint.ask('PUT', path, clusterBody({ network: { networkPolicy }, properties: more }));
    await endpoint.finished(await put('azure', block));
    const refused = await put('none', block);
    expect([refused.status, refused.json['code'], refused.json['target']]).toEqual([
      400,
      'NodeDisruptionPolicyBlocked',
      'nodeDisruptionProfile.nodeDisruptionPolicy',
    ]);
    expect((await put('azure', block)).status).toBe(200);
  });

  it('is changed to Allow by a request of its own, after which nodes are re-imaged', async () => {
    const put = async (networkPolicy: string, policy: string): Promise<number> => {
      const body = clusterBody({ network: { networkPolicy }, properties: { nodeDisruptionProfile: { nodeDisruptionPolicy: policy } } });
      const answer = await endpoint.ask('PUT', path, body);
      if (answer.status < 300) await endpoint.finished(answer);
      return answer.status;
    };
    expect([await put('azure', 'Block'), await put('none', 'Allow')]).toEqual([201, 400]);
    expect([await put('azure', 'Allow'), await put('none', 'Allow')]).toEqual([200, 200]);
  });
});

describe('a property that never changes is refused', () => {
  it.each([
    [{ networkPlugin: 'kubenet', networkPolicy: 'calico' }, 'networkProfile.networkPlugin'],
    [{ serviceCidr: '10.1.0.0/16', dnsServiceIP: '10.1.0.10', serviceCidrs: ['10.1.0.0/16'] }, 'networkProfile.serviceCidr'],
    [{ outboundType: 'userDefinedRouting' }, 'networkProfile.outboundType'],
  ])('%j', async (network, target) => {
    await create();
    const answer = await update(network);
    expect([answer.status, answer.json]).toEqual([
      400,
      expect.objectContaining({
        code: 'PropertyChangeNotAllowed',
        target,
        message: `Changing property '${target}' is not allowed.`,
      }) as object,
    ]);
  });

  it('an overlay is entered without an engine only, and never left', async () => {
    await create();
    const refused = await update({ networkPluginMode: 'overlay' });
    expect([refused.status, refused.json['message']]).toEqual([
      400,
      'Cannot update cluster to Azure CNI Overlay while using network policies with Azure CNI v1.',
    ]);
    await endpoint.finished(await update({ networkPolicy: 'none' }));
    expect((await endpoint.finished(await update({ networkPluginMode: 'overlay' }))).json).toMatchObject({ status: 'Succeeded' });
    expect(properties(await shown())).toMatchObject({ networkProfile: { networkPluginMode: 'overlay', podCidr: '10.244.0.0/16' } });
  });
});

describe('node pools', () => {
  const pool = (name: string): string => `${path}/agentPools/${name}`;

  it('are added, listed, scaled, re-imaged and removed', async () => {
    await create({ networkPolicy: 'calico' });
    const added = await endpoint.ask('PUT', pool('npwin'), { properties: windowsPool() });
    expect(added.status, added.text).toBe(201);
    expect(added.json).toMatchObject({
      name: 'npwin',
      type: 'Microsoft.ContainerService/managedClusters/agentPools',
      properties: { osType: 'Windows', osSKU: 'Windows2022', count: 1, maxPods: 30, provisioningState: 'Creating', mode: 'User' },
    });
    expect(added.json['properties']).not.toHaveProperty('name');
    await endpoint.finished(added);
    const scaled = await endpoint.ask('PUT', pool('npwin'), { properties: windowsPool({ count: 2 }) });
    expect([scaled.status, properties(scaled)['provisioningState']]).toEqual([200, 'Scaling']);
    await endpoint.finished(scaled);
    const reimaged = await endpoint.ask('POST', `${pool('npwin')}/upgradeNodeImageVersion`);
    expect([reimaged.status, properties(reimaged)['provisioningState']]).toEqual([202, 'UpgradingNodeImageVersion']);
    await endpoint.finished(reimaged);
    const { value } = (await endpoint.ask('GET', `${path}/agentPools`)).json as {
      value: { name: string; properties: { nodeImageVersion: string } }[];
    };
    expect(value.map(({ name }) => name)).toEqual(['nodepool1', 'npwin']);
    expect(value[1]?.properties.nodeImageVersion).not.toBe((added.json['properties'] as { nodeImageVersion: string }).nodeImageVersion);
    const removed = await endpoint.ask('DELETE', pool('npwin'));
    expect([removed.status, removed.headers['location'] !== undefined]).toEqual([202, true]);
    await endpoint.finished(removed);
    expect((await endpoint.ask('DELETE', pool('npwin'))).status).toBe(204);
    expect((await endpoint.ask('GET', pool('npwin'))).status).toBe(404);
    expect(asked().slice(1)).toEqual([
      'change calico→calico nodepool1:1 → nodepool1:1 npwin:1',
      'change calico→calico nodepool1:1 npwin:1 → nodepool1:1 npwin:2',
      'change calico→calico nodepool1:1 npwin:2 → nodepool1:1 npwin:2',
      'change calico→calico nodepool1:1 npwin:2 → nodepool1:1',
    ]);
  });

  it('have no engine of their own in a PUT of the cluster either', async () => {
    await create();
    const answer = await endpoint.ask('PUT', path, clusterBody({ pool: { networkProfile: { networkPolicy: 'calico' } } }));
    expect([answer.status, answer.json['target']]).toEqual([400, 'agentPoolProfile.networkProfile.networkPolicy']);
    expect(properties(await shown())).toMatchObject({ provisioningState: 'Succeeded', networkProfile: { networkPolicy: 'azure' } });
  });

  it('that a PUT of the cluster leaves out stay', async () => {
    await create({ networkPolicy: 'calico' });
    await endpoint.finished(await endpoint.ask('PUT', pool('second'), { properties: { count: 1, mode: 'User' } }));
    const answer = await endpoint.ask('PUT', path, clusterBody({ network: { networkPolicy: 'calico' } }));
    expect((properties(answer)['agentPoolProfiles'] as { name: string }[]).map(({ name }) => name)).toEqual(['nodepool1', 'second']);
  });

  it.each([
    ['the last one for the system', 'DELETE', 'nodepool1', undefined, 'BadRequest'],
    ['a change of its size of machine', 'PUT', 'nodepool1', { vmSize: 'Standard_E8' }, 'PropertyChangeNotAllowed'],
    ['a version beyond the control plane', 'PUT', 'nodepool1', { orchestratorVersion: '1.35' }, 'NodePoolMcVersionIncompatible'],
    ['an engine for one pool alone', 'PUT', 'nodepool1', { networkPolicy: 'calico' }, 'InvalidParameter'],
    ['an engine in a profile of their own', 'PUT', 'nodepool1', { networkProfile: { networkPolicy: 'calico' } }, 'InvalidParameter'],
    ['a data plane for a new pool alone', 'PUT', 'third', { networkProfile: { networkDataplane: 'cilium' } }, 'InvalidParameter'],
  ])('refuse %s', async (_name, method, name, changes, code) => {
    await create();
    const answer = await endpoint.ask(
      method,
      pool(name),
      changes === undefined ? undefined : { properties: { mode: 'System', ...changes } },
    );
    expect([answer.status, answer.json['code']], answer.text).toEqual([400, code]);
  });
});

describe('a cluster', () => {
  it('is stopped and started', async () => {
    await create();
    for (const [verb, code] of [
      ['stop', 'Stopped'],
      ['start', 'Running'],
    ] as const) {
      const answer = await endpoint.ask('POST', `${path}/${verb}`);
      expect([answer.status, answer.headers['location'] !== undefined]).toEqual([202, true]);
      await endpoint.finished(answer);
      expect(properties(await shown())).toMatchObject({ powerState: { code }, provisioningState: 'Succeeded' });
    }
  });

  it('gives a kubeconfig with the names of AKS', async () => {
    await create();
    for (const [route, kind] of [
      ['listClusterUserCredential', 'clusterUser'],
      ['listClusterAdminCredential', 'clusterAdmin'],
    ] as const) {
      const { kubeconfigs } = (await endpoint.ask('POST', `${path}/${route}`)).json as { kubeconfigs: { name: string; value: string }[] };
      const kubeconfig = JSON.parse(Buffer.from(kubeconfigs[0]?.value ?? '', 'base64').toString()) as object;
      const user = `${kind}_rg${count}_${name}`;
      expect(kubeconfig).toMatchObject({
        'current-context': name,
        contexts: [{ name, context: { cluster: name, user } }],
        users: [{ name: user }],
      });
    }
  });

  it('takes tags, is listed, and goes', async () => {
    await create();
    expect((await endpoint.ask('PATCH', path, { tags: { a: 'b' } })).json).toMatchObject({ tags: { a: 'b' } });
    for (const list of ['', group]) {
      const { value } = (await endpoint.ask('GET', `${list}/providers/Microsoft.ContainerService/managedClusters`)).json as {
        value: object[];
      };
      expect(value).toContainEqual(expect.objectContaining({ name, tags: { a: 'b' } }));
    }
    await endpoint.finished(await endpoint.ask('DELETE', path));
    expect([(await shown()).status, (await endpoint.ask('DELETE', path)).status, endpoint.host.there.has(name)]).toEqual([404, 204, false]);
  });

  it('goes with its group', async () => {
    await create();
    const answer = await endpoint.ask('DELETE', group);
    expect(answer.status).toBe(202);
    const location = new URL(String(answer.headers['location']));
    await expect
      .poll(async () => (await endpoint.send('GET', `${location.pathname}${location.search}`)).status, { timeout: 10_000 })
      .toBe(204);
    expect([(await endpoint.ask('GET', group)).status, endpoint.host.there.has(name)]).toEqual([404, false]);
  });
});
