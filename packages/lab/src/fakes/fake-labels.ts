/**
 * The labels of fake pods and namespaces: few values that policies select by, and many label sets,
 * because template hashes and pod names are labels as well.
 */
import type { StringMap } from '@weir/kube';
import { shortHash } from '@weir/net';

/** On everything fake, so that people and selectors can tell; its value is `true`. */
export const fakeLabel = 'weir.local/fake';

const tiers = ['web', 'api', 'worker', 'cache', 'db'] as const;
const teams = 20;
const environments = ['prod', 'staging', 'dev'] as const;
/** Applications of a namespace; the tier of each is its place. */
const appsOfNamespace = tiers.length;

/** One application in one namespace: what the pods of a Deployment have in common. */
export interface FakeApp {
  readonly name: string;
  readonly tier: string;
  readonly version: string;
  readonly templateHash: string;
}

/** The labels of a fake namespace, by its index. */
export function fakeNamespaceLabels(index: number): StringMap {
  return {
    [fakeLabel]: 'true',
    team: `team-${index % teams}`,
    environment: environments[index % environments.length] ?? '',
  };
}

/** The application of a namespace's pod with this place in it. */
export function fakeApp(namespace: number, place: number): FakeApp {
  const kind = place % appsOfNamespace;
  const name = `app-${(namespace * 7 + kind) % 40}`;
  // Two versions of an application run side by side while it is rolled out.
  const version = `v${1 + ((namespace + Math.floor(place / appsOfNamespace)) % 2)}`;
  return { name, tier: tiers[kind] ?? '', version, templateHash: shortHash(`${namespace}/${name}/${version}`).slice(1) };
}

/** The labels of a fake pod. Pods of the tier `db` carry their own name, as those of StatefulSets do. */
export function fakePodLabels(namespace: number, app: FakeApp, podName: string): StringMap {
  return {
    [fakeLabel]: 'true',
    app: app.name,
    tier: app.tier,
    version: app.version,
    team: `team-${namespace % teams}`,
    'pod-template-hash': app.templateHash,
    ...(app.tier === 'db' ? { 'statefulset.kubernetes.io/pod-name': podName } : {}),
  };
}

/** The first tiers call the next ones. */
export function tierBefore(tier: string): string {
  const index = tiers.indexOf(tier as (typeof tiers)[number]);
  return tiers[(index + tiers.length - 1) % tiers.length] ?? '';
}
