/**
 * Published examples of policies in words of our own, each with the connections that its documentation says it has.
 *
 * What is known is written line by line, and a later line goes before an earlier one:
 * `deny * -> shop/db`, `allow shop/api, outside -> shop/db 5432, 53/UDP`; `*` is every pod and the outside,
 * `shop/*` every pod of a namespace, and no port means all that are tried.
 */
import { type KubeObject, type Pod, parseManifest } from '@weir/kube';
import type { EngineName } from '@weir/model';
import { AdministratorOracle, CalicoOracle, CiliumOracle, NetworkPolicyOracle, type WorldFlow } from '@weir/testkit';

/** One example. */
export interface Sample {
  /** What it does, as the end of a sentence that begins with "a policy that". */
  readonly title: string;
  /** Default: `kubernetes`. */
  readonly engine?: EngineName;
  /** Labels of namespaces, besides their names. */
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Labels of pods by `namespace/name`. */
  readonly pods: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Addresses outside that are tried beside the one that is called `outside`. */
  readonly addresses?: readonly string[];
  /** Ports with names, that every pod has. */
  readonly portNames?: Readonly<Record<string, number>>;
  readonly policies: string;
  /** What is tried between each two ends: `80`, `53/UDP`. */
  readonly ports: readonly string[];
  readonly known: readonly string[];
}

/** Somebody outside. */
export const outsideAddress = '203.0.113.10';

/** The address of an end that is no pod. */
export function addressOf(end: string): string {
  return end === 'outside' ? outsideAddress : end;
}

/** A port with its protocol. */
export interface TriedPort {
  readonly text: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** `53/UDP`; TCP when it does not say. */
export function readPort(text: string): TriedPort {
  const [port = '', protocol = 'TCP'] = text.split('/');
  if (protocol !== 'TCP' && protocol !== 'UDP') throw new TypeError(`${text} is no port`);
  return { text, port: Number(port), protocol };
}

/** Every pair of ends of the sample that is not one pod alone, nor of two outside; `outside` is somebody there. */
export function pairsOf({ pods, addresses = [] }: Sample): (readonly [source: string, destination: string])[] {
  const ends = [...Object.keys(pods), 'outside', ...addresses];
  return ends.flatMap((source) =>
    ends
      .filter((destination) => destination !== source && (source in pods || destination in pods))
      .map((destination) => [source, destination] as const),
  );
}

/** Whether the connection is known to be allowed. */
export function isKnownAllowed({ known }: Sample, source: string, destination: string, port: string): boolean {
  let allowed = true;
  for (const line of known) {
    const [, verdict, from = '', to = '', ports = ''] = /^(allow|deny) (.+) -> (.+?)((?: [\d/A-Z]+,?)*)$/.exec(line) ?? [];
    if (verdict === undefined) throw new TypeError(`what is known is not understood: ${line}`);
    const asked = ports.split(',').map((one) => one.trim());
    if (names(from, source) && names(to, destination) && (ports === '' || asked.includes(port))) allowed = verdict === 'allow';
  }
  return allowed;
}

function names(list: string, end: string): boolean {
  return list.split(', ').some((one) => one === '*' || one === end || (one.endsWith('/*') && end.startsWith(one.slice(0, -1))));
}

/** The policies as objects. */
export function policiesOf({ policies }: Sample): readonly KubeObject[] {
  const { documents, diagnostics } = parseManifest(policies, 'sample.yaml');
  if (diagnostics.length > 0) throw new TypeError(JSON.stringify(diagnostics));
  return documents.map(({ object }) => object);
}

/** Namespaces and pods, with addresses or as they are before they have some. */
export function inhabitantsOf(
  sample: Sample,
  { withAddresses }: { readonly withAddresses: boolean },
): { readonly namespaces: KubeObject[]; readonly pods: Pod[] } {
  const names = [...new Set(Object.keys(sample.pods).map((pod) => pod.split('/')[0] ?? ''))];
  const namespaces = names.map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...sample.namespaces?.[name] } },
  }));
  const ports = Object.entries(sample.portNames ?? {}).map(([name, containerPort]) => ({ name, containerPort }));
  const pods = Object.entries(sample.pods).map(([key, labels], i): Pod => {
    const [namespace = '', name = ''] = key.split('/');
    const ip = `10.224.1.${i + 10}`;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, uid: key, labels },
      spec: { containers: [{ name: 'c', image: 'registry.example/app', ports }] },
      ...(withAddresses ? { status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] } } : {}),
    };
  });
  return { namespaces, pods };
}

/** What the independent evaluator of the sample's policy API says of a connection. */
export function oracleOf(sample: Sample): (source: string, destination: string, port: TriedPort) => boolean {
  const { namespaces, pods } = inhabitantsOf(sample, { withAddresses: true });
  const all = policiesOf(sample);
  const isNetworkPolicy = ({ apiVersion }: KubeObject): boolean => apiVersion === 'networking.k8s.io/v1';
  const ofOthers = all.filter((policy) => !isNetworkPolicy(policy));
  const world = {
    namespaces,
    pods,
    networkPolicies: all.filter(isNetworkPolicy),
    policyObjects: ofOthers,
    ciliumPolicies: ofOthers.filter(({ kind }) => kind?.startsWith('Cilium') === true),
    ...noOtherObjects,
  } as unknown as OracleWorld;
  const oracle = oracleFor(sample, world);
  const endOf = (text: string): WorldFlow['source'] => {
    const [namespace = '', name] = text.split('/');
    return name === undefined ? { kind: 'address', address: addressOf(text) } : { kind: 'pod', namespace, name };
  };
  return (source, destination, { protocol, port }) => oracle({ source: endOf(source), destination: endOf(destination), protocol, port });
}

/** A world as each of the evaluators wants it. */
type OracleWorld = ConstructorParameters<typeof CiliumOracle>[0] &
  ConstructorParameters<typeof CalicoOracle>[0] &
  ConstructorParameters<typeof AdministratorOracle>[0];

const noOtherObjects = { tiers: [], networkSets: [], serviceAccounts: [], cidrGroups: [], services: [], endpointSlices: [], resolved: {} };

function oracleFor({ engine = 'kubernetes' }: Sample, world: OracleWorld): (flow: WorldFlow) => boolean {
  const isOfAdministrators = world.policyObjects.some(({ apiVersion }) => apiVersion?.startsWith('policy.networking.k8s.io/') === true);
  const oracle =
    engine === 'cilium'
      ? new CiliumOracle(world)
      : engine === 'calico'
        ? new CalicoOracle(world)
        : isOfAdministrators
          ? new AdministratorOracle(world)
          : new NetworkPolicyOracle(world, engine);
  return (flow) => oracle.verdict(flow).allowed;
}
