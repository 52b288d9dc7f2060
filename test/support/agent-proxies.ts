/**
 * Puts a proxy with the faults of other API servers between the agents of a lab's cluster and its API
 * server. The agents are killed and started again by their supervisor, with another kubeconfig.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKubeconfig } from '@weir/client';
import { FaultyProxy } from '../../packages/agent/test/support/faulty-proxy.ts';
import type { LabCluster } from './lab-cluster.ts';

/** The proxies of one cluster, one in the namespace of each node. */
export class AgentProxies {
  readonly #proxies: readonly FaultyProxy[];

  private constructor(proxies: readonly FaultyProxy[]) {
    this.#proxies = proxies;
  }

  /** Makes the proxies, and has the agents of these nodes use them from their next start on. */
  static async between(lab: LabCluster, nodes: readonly string[]): Promise<AgentProxies> {
    const admin = await loadKubeconfig(lab.env['KUBECONFIG'] ?? '');
    const { certificateAuthority: ca = '', clientCertificate: cert = '', clientKey: key = '' } = admin;
    const target = { port: Number(new URL(admin.server).port), ca, cert, key };
    const proxies = nodes.map((node) => new FaultyProxy(lab.nodeNetns(node), () => target));
    for (const [i, node] of nodes.entries()) {
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'proxy',
        contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'agent' } }],
        clusters: [{ name: 'proxy', cluster: { server: await proxies[i]?.url() } }],
        users: [{ name: 'agent', user: {} }],
      };
      const path = join(lab.directory, 'state', 'clusters', lab.name, 'nodes', node, 'agent.kubeconfig');
      writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    }
    return new AgentProxies(proxies);
  }

  /** Changes every line of every answer from now on. */
  rewrite(change: (line: string) => string): void {
    for (const proxy of this.#proxies) proxy.rewrite = change;
  }

  /** Ends them; call it when the cluster is down. */
  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}
