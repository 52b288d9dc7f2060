/** Changes of the cluster all the time: pods of this node and of another, their labels, policies. */
import { type KubeClient, networkPoliciesPath, podsPath } from '@weir/client';
import type { NetworkPolicy, Pod } from '@weir/kube';
import type { Random } from '@weir/testkit';
import { allowFrom, type NodeWorld, namespace, type TestPod } from './node-world.ts';
import { unlinkPod } from './pod-link.ts';
import { serverPolicy } from './steady-traffic.ts';

const roles = ['friend', 'extra-1', 'nobody'] as const;

/** Runs until it is stopped; what the API server or the gate does not take at the moment is left out. */
export class ClusterChurn {
  readonly #world: NodeWorld;
  readonly #random: Random;
  readonly #client: KubeClient;
  readonly #local: TestPod[] = [];
  readonly #remote: string[] = [];
  readonly #policies: string[] = [];
  #made = 0;
  #done = 0;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(world: NodeWorld, random: Random) {
    this.#world = world;
    this.#client = world.client;
    this.#random = random;
  }

  /** Changes that the API server took. */
  get changes(): number {
    return this.#done;
  }

  start(): void {
    this.#stopped = false;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const steps = [
      () => this.#editServer(),
      () => this.#addPolicy(),
      () => this.#dropPolicy(),
      () => this.#addRemote(),
      () => this.#relabel(),
      () => this.#relabel(),
      () => this.#dropRemote(),
      () => this.#changeLocal(),
    ];
    while (!this.#stopped) {
      await this.#random
        .pick(steps)()
        .then(
          () => this.#done++,
          () => undefined,
        );
      await new Promise((resolve) => setTimeout(resolve, this.#random.integer(0, 30)));
    }
  }

  #editServer(): Promise<unknown> {
    const spec = serverPolicy(this.#random.integer(0, 11));
    return this.#client.patch<NetworkPolicy>(networkPoliciesPath(namespace), 'server', { spec }, { type: 'merge' });
  }

  /** None of them is about both the server and the peers or ports that are denied. */
  async #addPolicy(): Promise<void> {
    const name = `churn-${this.#made++}`;
    if (this.#random.chance(0.5)) await this.#world.addPolicy(name, allowFrom({ app: 'server' }, { role: `extra-${this.#made}` }));
    else await this.#world.addPolicy(name, allowFrom({ app: 'churn' }, { role: 'friend' }, { role: 'extra-1' }));
    this.#policies.push(name);
  }

  async #dropPolicy(): Promise<void> {
    if (this.#policies.length > 3) await this.#world.deletePolicy(this.#policies.shift() ?? '');
  }

  async #addRemote(): Promise<void> {
    const name = `remote-${this.#made++}`;
    const address = `10.99.${(this.#made >> 8) & 255}.${this.#made & 255}`;
    const client = this.#client;
    await client.create<Pod>(podsPath(namespace), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { role: this.#random.pick(roles) } },
      spec: { nodeName: 'elsewhere', containers: [{ name: 'c', image: 'x:1' }] },
    });
    this.#remote.push(name);
    const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }] };
    await client.patch<Pod>(podsPath(namespace), name, { status }, { type: 'merge', subresource: 'status' });
  }

  async #dropRemote(): Promise<void> {
    if (this.#remote.length > 5) await this.#delete(this.#remote.shift() ?? '');
  }

  async #relabel(): Promise<void> {
    const names = [...this.#remote, ...this.#local.map(({ name }) => name)];
    if (names.length > 0) await this.#world.label(this.#random.pick(names), { role: this.#random.pick(roles) });
  }

  /** A pod of this node comes, or goes as its node takes it off; the gate may be shut. */
  async #changeLocal(): Promise<void> {
    if (this.#local.length < 2) {
      const pod = await this.#world.addPod(`local-${this.#made++}`, { app: 'churn', role: this.#random.pick(roles) });
      this.#local.push(pod);
      if ((await this.#world.add(pod)).status === 200) await this.#world.setRunning(pod);
      return;
    }
    const pod = this.#local.shift();
    if (pod === undefined) return;
    unlinkPod(this.#world.node, pod);
    await this.#world.podNetwork.afterUnlink(pod);
    await this.#delete(pod.name);
    await this.#world.gate('DELETE', `/v1/endpoints/${pod.uid}`);
  }

  #delete(name: string): Promise<unknown> {
    return this.#client.delete(podsPath(namespace), name, { gracePeriodSeconds: 0 });
  }
}
