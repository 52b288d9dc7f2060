/** One cluster of the lab that stands in for the user's while a migration is rehearsed. */
import {
  type BlockTranslation,
  policyStatuses,
  type RehearsalPlan,
  rehearsalPort,
  type TranslatedAddress,
  translateBlocks,
  translatePolicyBlocks,
} from '@weir/analyze';
import {
  ApiError,
  abortAfter,
  endpointSlicesPath,
  KubeClient,
  loadKubeconfig,
  namespacesPath,
  networkPoliciesPath,
  nodesPath,
  podsPath,
  type ResourcePath,
  servicesPath,
} from '@weir/client';
import type { KubeObject, NetworkPolicy, Node, Pod, Service } from '@weir/kube';
import { addServingHost, ClusterError, clusterLayout, downCluster, noFakes, upCluster } from '@weir/lab';
import { type EngineName, engineProfiles } from '@weir/model';
import { type Address, type Cidr, cidrContains, type Family, formatAddress, parseAddress, parseCidr } from '@weir/net';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { explained } from '../cluster-errors.ts';
import { ClusterFollower } from '../cluster-follower.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { type PlacedPolicyObject, readPolicyObjects } from '../policy-objects.ts';
import { weirCommand } from '../self.ts';
import type { RehearsedHost } from './rehearsal-ends.ts';

/** What the lab is made for. */
export interface RehearsalLabOptions {
  readonly name: string;
  readonly engine: EngineName;
  readonly dualStack: boolean;
  readonly expandsUnsupported: boolean;
  readonly plan: RehearsalPlan;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** The lab's own addresses: nodes, pods, and what else lives on its virtual network. */
const ownBlocks: readonly Cidr[] = ['10.224.0.0/12', 'fd00:10:224::/48'].flatMap((text) => parseCidr(text) ?? []);

/** Of which load balancers get their addresses: blocks for benchmarks (RFC 2544, RFC 5180), so that those for documentation are outside. */
const balancerPool = { ipv4: '198.19.255.0/24', ipv6: '2001:2:0:ffff::/120' } as const;

/** All of that: nothing outside is there. */
const notOutside: readonly Cidr[] = [...ownBlocks, ...Object.values(balancerPool).flatMap((text) => parseCidr(text) ?? [])];

const upTimeoutMs = 240_000;
const podsTimeoutMs = 180_000;
const inForceTimeoutMs = 120_000;
const lookEveryMs = 200;

/** A running lab; made with {@link RehearsalLab.up}, and to be taken down in any case. */
export class RehearsalLab {
  readonly name: string;
  readonly engine: EngineName;
  readonly #options: RehearsalLabOptions;
  readonly #client: KubeClient;
  readonly hosts: RehearsedHost[] = [];
  /** Whether policies of other APIs than Kubernetes' own were put. */
  #hasOthers: boolean = false;

  private constructor(options: RehearsalLabOptions, client: KubeClient) {
    this.name = options.name;
    this.engine = options.engine;
    this.#options = options;
    this.#client = client;
  }

  /** Brings it up with everything but policies, and waits for its pods. Nothing is left when that fails. */
  static async up(options: RehearsalLabOptions): Promise<RehearsalLab> {
    const { name, engine, plan, output, signal, dualStack, expandsUnsupported } = options;
    const windows = plan.nodes.filter(({ system }) => system === 'windows').length;
    await explained(
      upCluster({
        name,
        nodes: plan.nodes.length - windows,
        windowsNodes: windows,
        namedNodes: plan.nodes,
        engine,
        windowsExpandUnsupported: expandsUnsupported,
        standIn: true,
        dualStack,
        loadBalancerPool: [balancerPool.ipv4, ...(dualStack ? [balancerPool.ipv6] : [])],
        fakes: noFakes,
        command: weirCommand,
        onProgress: (text) => output.progress(`${engine}: ${text}`),
        signal,
        timeoutMs: upTimeoutMs,
      }),
    );
    try {
      const lab = new RehearsalLab(
        options,
        new KubeClient(await loadKubeconfig(clusterLayout(name).kubeconfig), { userAgent: 'weir-migrate' }),
      );
      await lab.#populate();
      return lab;
    } catch (error) {
      await downCluster(name);
      throw error;
    }
  }

  /** Of the addresses that its pods have. */
  get families(): readonly Family[] {
    return this.#options.dualStack ? [4, 6] : [4];
  }

  /**
   * Puts the policies in place of those that are there, those of other APIs with what they refer to, in addresses of the lab,
   * and waits until no node lags behind.
   */
  async enforce(
    policies: readonly NetworkPolicy[],
    addresses: ReadonlyMap<string, readonly Address[]>,
    others: readonly PlacedPolicyObject[] = [],
  ): Promise<void> {
    const translation: BlockTranslation = { addresses: await this.#translated(addresses), own: ownBlocks };
    for (const policy of policies) await this.#put(networkPoliciesPath(policy.metadata.namespace), translateBlocks(policy, translation));
    for (const { object, path } of others) await this.#put(path, translatePolicyBlocks(object, translation));
    this.#hasOthers ||= others.length > 0;
    await this.#untilInForce();
  }

  /** What is in the lab, read by the engine's profile. */
  async snapshot(): Promise<Snapshot> {
    const paths = [namespacesPath, nodesPath, accountsPath(), podsPath(), servicesPath(), endpointSlicesPath()];
    const lists = await Promise.all(paths.map((path) => this.#client.list(path)));
    const policies = this.#hasOthers ? await readPolicyObjects(this.#client) : (await this.#client.list(networkPoliciesPath())).items;
    const objects = [...lists.flatMap(({ items }) => items), ...policies];
    return loadSnapshot(objects, { profile: engineProfiles[this.engine], expandsUnsupported: this.#options.expandsUnsupported });
  }

  /** Takes it down. */
  async down(): Promise<void> {
    this.#client.close();
    await downCluster(this.name);
  }

  async #populate(): Promise<void> {
    const { plan } = this.#options;
    for (const namespace of plan.namespaces) await this.#create(namespacesPath, namespace);
    for (const account of plan.accounts) await this.#create(accountsPath(account.metadata.namespace), account);
    for (const { name, labels } of plan.nodes)
      if (labels !== undefined) await this.#client.patch(nodesPath, name, { metadata: { labels } }, { type: 'merge' });
    await Promise.all(plan.pods.map((pod) => this.#create(podsPath(pod.metadata.namespace), pod)));
    for (const service of plan.services) await this.#create(servicesPath(service.metadata.namespace), service);
    await this.#addHosts();
    await this.#untilPodsRun();
    await this.#untilBalanced();
  }

  /** Machines with the addresses outside that can be somebody's beside the lab's own. */
  async #addHosts(): Promise<void> {
    const { plan, dualStack } = this.#options;
    const usable = plan.hosts.filter(
      (address) => (dualStack || address.family === 4) && !notOutside.some((block) => cidrContains(block, address)),
    );
    for (const [i, address] of usable.entries()) {
      const name = `outside-${i + 1}`;
      const serves = [{ port: rehearsalPort, protocol: 'UDP' } as const];
      const isMade = await addServingHost(this.name, { name, addresses: [formatAddress(address)], serves }).then(
        () => true,
        (error: unknown) => {
          // Addresses of its services, and those that no machine can have.
          if (error instanceof ClusterError && error.code === 'invalid') return false;
          throw error;
        },
      );
      if (isMade) this.hosts.push({ name, address });
    }
  }

  /** Creates an object unless the lab has it from the start, as it has the namespace `default`; then it gets the labels. */
  async #create(path: Parameters<KubeClient['create']>[0], object: KubeObject): Promise<void> {
    this.#options.signal.throwIfAborted();
    try {
      await this.#client.create(path, object);
    } catch (error) {
      if (error instanceof ApiError && error.code === 409) {
        if (object.kind === 'Namespace' || object.kind === 'ServiceAccount')
          await this.#client.patch(
            path,
            object.metadata.name ?? '',
            { metadata: { labels: object.metadata.labels ?? {} } },
            { type: 'merge' },
          );
        return;
      }
      const { namespace = '', name = '' } = object.metadata;
      const reason = error instanceof Error ? error.message : String(error);
      throw new CommandError(exitCode.unable, `${object.kind ?? ''} ${namespace}/${name} cannot be rehearsed: ${reason}`);
    }
  }

  async #put(path: ResourcePath, policy: KubeObject): Promise<void> {
    this.#options.signal.throwIfAborted();
    try {
      await this.#client.create(path, policy);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 409) await this.#client.update(path, policy);
      else throw new CommandError(exitCode.unable, `${policy.kind ?? ''} ${nameOf(policy)} is not taken by the lab: ${error.message}`);
    }
  }

  async #untilPodsRun(): Promise<void> {
    const patience = abortAfter(podsTimeoutMs, this.#options.signal);
    for (;;) {
      const { items } = await this.#client.list<Pod>(podsPath());
      const waiting = items.filter(({ status }) => status?.phase !== 'Running' || (status.podIP ?? '') === '');
      if (waiting.length === 0) return;
      if (patience.aborted) {
        this.#options.signal.throwIfAborted();
        const names = waiting.slice(0, 3).map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`);
        throw new CommandError(exitCode.unable, `the pods ${names.join(', ')} do not run in the lab as ${this.engine}`);
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  /** Load balancers get their addresses after their services are made. */
  async #untilBalanced(): Promise<void> {
    const wanted = new Set(this.#options.plan.services.filter(({ spec }) => spec?.type === 'LoadBalancer').map(nameOf));
    const patience = abortAfter(podsTimeoutMs, this.#options.signal);
    for (;;) {
      const { items } = await this.#client.list<Service>(servicesPath());
      const waiting = items.filter((service) => wanted.has(nameOf(service)) && (service.status?.loadBalancer?.ingress ?? []).length === 0);
      if (waiting.length === 0) return;
      if (patience.aborted) {
        this.#options.signal.throwIfAborted();
        throw new CommandError(exitCode.unable, `service ${waiting.map(nameOf).join(', ')} gets no address of a load balancer in the lab`);
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  /** What an engine refuses stays refused: that is an answer, too. */
  async #untilInForce(): Promise<void> {
    const patience = abortAfter(inForceTimeoutMs, this.#options.signal);
    const follower = new ClusterFollower(this.#client, undefined);
    try {
      await follower.start();
      for (;;) {
        const open = policyStatuses(follower.view()).filter(({ state }) => state === 'pending' || state === 'unknown');
        if (open.length === 0) return;
        if (patience.aborted) {
          this.#options.signal.throwIfAborted();
          throw new CommandError(
            exitCode.unable,
            `policy ${open[0]?.namespace ?? ''}/${open[0]?.name ?? ''} is not in force in the lab as ${this.engine}`,
          );
        }
        await follower.changed(patience);
      }
    } finally {
      await follower.stop();
    }
  }

  /** Each pod's and node's address in the user's cluster with the one that it has here. */
  async #translated(addresses: ReadonlyMap<string, readonly Address[]>): Promise<TranslatedAddress[]> {
    const [pods, nodes] = await Promise.all([this.#client.list<Pod>(podsPath()), this.#client.list<Node>(nodesPath)]);
    const there = new Map<string, readonly string[]>([
      ...pods.items.map(
        ({ metadata, status }) =>
          [`${metadata.namespace ?? ''}/${metadata.name ?? ''}`, (status?.podIPs ?? []).map(({ ip }) => ip)] as const,
      ),
      ...nodes.items.map(({ metadata, status }) => [metadata.name ?? '', (status?.addresses ?? []).map(({ address }) => address)] as const),
    ]);
    return [...addresses].flatMap(([name, own]) =>
      (there.get(name) ?? []).flatMap((text) => {
        const found = parseAddress(text);
        return found === undefined ? [] : own.filter(({ family }) => family === found.family).map((here) => ({ here, there: found }));
      }),
    );
  }
}

function accountsPath(namespace?: string): ResourcePath {
  return { group: '', version: 'v1', resource: 'serviceaccounts', ...(namespace === undefined ? {} : { namespace }) };
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
