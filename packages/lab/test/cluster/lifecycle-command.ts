/**
 * The `weir` of the life-cycle tests: supervisor, control plane and service proxy are the real ones,
 * otherwise the node only says that it is ready and that its pods run. With `--broken` the node
 * fails at once, with `--silent` it never reports.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Informer, KubeClient, loadKubeconfig, nodesPath, podsPath } from '@weir/client';
import type { Node, Pod } from '@weir/kube';
import { type NodeOptions, runControlPlane, runSupervisor } from '@weir/lab';
import { pino } from 'pino';
import { startServiceProxy } from '../../src/services/service-proxy.ts';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const args = process.argv.slice(2);
const mode = args[0]?.startsWith('--') === true ? args.shift() : undefined;
const [, command, , value = ''] = args;

async function playNode(options: NodeOptions): Promise<void> {
  if (mode === '--broken') throw new Error('this node is broken on purpose');
  if (mode === '--silent') {
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
    return;
  }
  const client = new KubeClient(await loadKubeconfig(options.kubeconfig));
  const proxy = startServiceProxy({ client, node: options.node, nodeAddresses: options.addresses, log: pino() });
  for (;;) {
    try {
      await client.create<Node>(nodesPath, { apiVersion: 'v1', kind: 'Node', metadata: { name: options.node } });
      break;
    } catch (error) {
      if (String(error).includes('already exists')) break;
      await sleep(50);
    }
  }
  await client.patch(
    nodesPath,
    options.node,
    { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    { type: 'merge', subresource: 'status' },
  );
  const pods = new Informer<Pod>(
    client,
    podsPath(),
    {
      upsert: (pod) => {
        if (pod.spec?.nodeName !== options.node || pod.status?.phase === 'Running') return;
        const status = {
          phase: 'Running',
          podIP: '10.224.1.9',
          podIPs: [{ ip: '10.224.1.9' }],
          conditions: [{ type: 'Ready', status: 'True' }],
        };
        const { namespace, name = '' } = pod.metadata;
        client.patch(podsPath(namespace), name, { status }, { type: 'strategic', subresource: 'status' }).catch(console.error);
      },
      remove: () => undefined,
    },
    { fieldSelector: `spec.nodeName=${options.node}` },
  );
  pods.start();
  await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
  await pods.stop();
  await proxy.stop();
  client.close();
}

if (command === 'supervise') await runSupervisor({ cluster: value, signal: stop.signal });
else if (command === 'control-plane') await runControlPlane({ cluster: value, signal: stop.signal });
else if (command === 'node') await playNode(JSON.parse(readFileSync(value, 'utf8')) as NodeOptions);
else throw new Error(`unknown command ${args.join(' ')}`);
