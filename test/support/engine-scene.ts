/** A cluster of the lab that behaves like one engine, and what tests ask of it. */
import type { EngineProfile } from '@weir/model';
import { expect, vi } from 'vitest';
import { LabCluster } from './lab-cluster.ts';

/** How long things that will happen may take. */
export const patience = { timeout: 90_000, interval: 250 };

/** A policy of the namespace demo, as JSON. */
export function policy(name: string, spec: unknown): string {
  return JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'demo' }, spec });
}

/** A pod that serves on port 8080: on the node's network, or on a Windows node, when that is said. */
function server(name: string, { hostNetwork = false, system = 'linux' } = {}): string {
  const command = ['/agnhost', 'serve-hostname', '--tcp', '--http=false', '--port', '8080'];
  const containers = [{ name: 'main', image: 'k8s.gcr.io/e2e-test-images/agnhost:2.33', command }];
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'demo', labels: { app: name } },
    spec: { hostNetwork, nodeSelector: { 'kubernetes.io/os': system }, terminationGracePeriodSeconds: 0, containers },
  });
}

/** What becomes of a connection. */
export type Outcome = 'allow' | 'deny';

/** Has a Windows node where the engine runs on one; its pods are in the namespace demo. */
export class EngineScene {
  readonly profile: EngineProfile;
  readonly cluster: LabCluster;

  private constructor(profile: EngineProfile, cluster: LabCluster) {
    this.profile = profile;
    this.cluster = cluster;
  }

  static async begin(profile: EngineProfile, more: readonly string[] = []): Promise<EngineScene> {
    const hasWindows = profile.dataplanes.windows !== undefined;
    const windows = hasWindows ? ['--windows-nodes', '1'] : [];
    const cluster = await LabCluster.up({ more: ['--engine', profile.name, ...windows, ...more] });
    const scene = new EngineScene(profile, cluster);
    try {
      await cluster.kubectlOutput('create namespace demo');
      const pods = [server('pod'), server('client'), server('node', { hostNetwork: true })];
      if (hasWindows) pods.push(server('win', { system: 'windows' }));
      await cluster.kubectlOutput('apply -f -', `{"apiVersion":"v1","kind":"List","items":[${pods.join()}]}`);
      await cluster.kubectlOutput('wait --for=condition=Ready pod --all -n demo --timeout=60s');
      return scene;
    } catch (error) {
      await cluster.down();
      throw error;
    }
  }

  /** Puts policies in force, and only these. */
  async enforceOnly(...documents: readonly string[]): Promise<void> {
    await this.cluster.kubectlOutput('delete networkpolicy --all -n demo');
    await this.enforce(...documents);
  }

  async enforce(...documents: readonly string[]): Promise<void> {
    await this.cluster.kubectlOutput('apply -f -', `{"apiVersion":"v1","kind":"List","items":[${documents.join()}]}`);
    const { code, stdout, stderr } = await this.cluster.weir(['policy', 'status', '--wait', '--name', this.cluster.name]);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
  }

  /**
   * What becomes of new connections, given as `from > to`: tried, and as `weir why` and `weir matrix` judge
   * them. Pairs of pods that are not given have to come out as they are judged, too.
   */
  async outcomes(wanted: Readonly<Record<string, Outcome>>): Promise<void> {
    const pairs = Object.keys(wanted);
    const [cells, toNode] = await Promise.all([this.#pairsOfPods(), Promise.all(pairs.filter(isToNode).map((text) => this.#toNode(text)))]);
    const found = Object.fromEntries([...toNode, ...pairs.filter((text) => !isToNode(text)).map((text) => [text, cells.get(text)])]);
    const expected = pairs.map((text) => [text, wanted[text] === 'deny' ? 'deny timeout' : 'allow connected']);
    expect(found).toEqual(Object.fromEntries(expected));
  }

  async #pairsOfPods(): Promise<ReadonlyMap<string, string>> {
    const args = [
      'matrix',
      '--probe',
      '--namespace',
      'demo',
      '--port',
      '8080',
      '--timeout-ms',
      '300',
      '--name',
      this.cluster.name,
      '-o',
      'json',
    ];
    const { stdout, stderr } = await this.cluster.weir(args);
    const { cells, differences } = JSON.parse(stdout) as { cells: Record<string, string>[]; differences: number };
    expect(differences, `${stdout}\n${stderr}`).toBe(0);
    const nameOf = (pod = ''): string => pod.replace('demo/', '');
    return new Map(
      cells.map(({ source, destination, computed, probed }) => [`${nameOf(source)} > ${nameOf(destination)}`, `${computed} ${probed}`]),
    );
  }

  /** The node is no pod: it has no row in a matrix. */
  async #toNode(text: string): Promise<[string, string]> {
    const [from = ''] = text.split(' > ');
    const address = await this.cluster.addressOf('demo', 'node');
    const [tried, why] = await Promise.all([
      this.cluster.connect({ namespace: 'demo', pod: from }, `${address}:8080`),
      this.cluster.weir(['why', `demo/${from}`, address, '8080', '--name', this.cluster.name, '-o', 'json']),
    ]);
    const { verdict } = JSON.parse(why.stdout) as { verdict: string };
    return [text, `${verdict} ${tried === '' ? 'connected' : tried.toLowerCase()}`];
  }

  /** Applies a policy that is refused, and waits until status and Events say so. */
  async refused(name: string, spec: unknown, { message, field }: { message: string; field: string }): Promise<void> {
    await this.cluster.kubectlOutput('apply -f -', policy(name, spec));
    const isOpen = this.profile.unsupportedPolicies === 'not enforced';
    await vi.waitFor(async () => {
      const [status, events] = await Promise.all([
        this.cluster.weir(['policy', 'status', `demo/${name}`, '--name', this.cluster.name]),
        this.cluster.kubectlOutput(`get events -n demo --field-selector involvedObject.name=${name} -o jsonpath='{.items[*].message}'`),
      ]);
      expect(status.code).toBe(1);
      expect(status.stdout).toContain(field);
      for (const text of [status.stdout, events]) expect(text).toContain(message);
      expect(status.stdout.includes('NOTHING, as the engine does')).toBe(isOpen);
      expect(events.includes('NOT ENFORCED')).toBe(isOpen);
    }, patience);
  }
}

function isToNode(text: string): boolean {
  return text.endsWith('> node');
}
