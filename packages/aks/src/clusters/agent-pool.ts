/** A node pool: what a request asks for, completed with AKS's defaults (reference §3.4–§3.6, §3.9). */
import { type JsonObject, numberAt, objectAt, textAt } from '@weir/kube';
import { providerError } from '../arm/arm-error.ts';
import { checkPoolTypes } from './field-types.ts';
import { filledIn } from './filled-in.ts';
import { defaultWindowsSku, windowsSystem } from './windows-systems.ts';

/** What nodes run. */
type PoolSystem = 'Linux' | 'Windows';

/** States of a pool. */
export type PoolState =
  | 'Creating'
  | 'Updating'
  | 'Upgrading'
  | 'UpgradingNodeImageVersion'
  | 'Scaling'
  | 'Deleting'
  | 'Succeeded'
  | 'Failed'
  | 'Canceled'
  | 'Starting'
  | 'Stopping';

/** A pool as it is kept: fields that decide, and the rest as it was asked for. */
export interface AgentPool {
  readonly name: string;
  readonly count: number;
  readonly vmSize: string;
  readonly osType: PoolSystem;
  readonly osSKU: string;
  readonly mode: 'System' | 'User';
  readonly maxPods: number;
  readonly enableAutoScaling: boolean;
  readonly minCount?: number;
  readonly maxCount?: number;
  readonly orchestratorVersion: string;
  readonly currentOrchestratorVersion: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly nodeTaints: readonly string[];
  readonly nodeImageVersion: string;
  readonly provisioningState: PoolState;
  readonly powerState: 'Running' | 'Stopped';
  /** Further fields, shown as they came. */
  readonly more: JsonObject;
}

/** What of the cluster decides about its pools. */
export interface PoolContext {
  readonly kubernetesVersion: string;
  readonly currentKubernetesVersion: string;
  readonly maxPodsDefault: number;
  readonly current?: AgentPool;
}

/**
 * The pool that a request asks for: `pool-rules.ts` decides whether it may be. Throws 400 when it asks for what only a
 * cluster has.
 */
export function readAgentPool(name: string, properties: JsonObject, context: PoolContext): AgentPool {
  checkClusterWide(properties);
  checkPoolTypes(properties);
  const { current } = context;
  const text = (field: string, otherwise: string): string => textAt(properties, field) || otherwise;
  const osType = (textAt(properties, 'osType') || (current?.osType ?? 'Linux')) as PoolSystem;
  const version = text('orchestratorVersion', current?.orchestratorVersion ?? context.kubernetesVersion);
  const [minCount, maxCount] = [
    numberAt(properties, 'minCount') ?? current?.minCount,
    numberAt(properties, 'maxCount') ?? current?.maxCount,
  ];
  const enableAutoScaling = booleanAt(properties, 'enableAutoScaling', current?.enableAutoScaling ?? false);
  const osSKU = text('osSKU', current?.osSKU ?? (osType === 'Windows' ? defaultWindowsSku(context.kubernetesVersion) : 'Ubuntu'));
  return {
    name,
    count: numberAt(properties, 'count') ?? current?.count ?? 1,
    vmSize: text('vmSize', current?.vmSize ?? (osType === 'Windows' ? 'Standard_D2s_v3' : 'Standard_DS2_v2')),
    osType,
    osSKU,
    mode: text('mode', current?.mode ?? 'User') as AgentPool['mode'],
    // 0 asks for the default, as az 2.45 sends it.
    maxPods: numberAt(properties, 'maxPods') || (current?.maxPods ?? context.maxPodsDefault),
    enableAutoScaling,
    ...(enableAutoScaling && minCount !== undefined ? { minCount } : {}),
    ...(enableAutoScaling && maxCount !== undefined ? { maxCount } : {}),
    orchestratorVersion: version,
    currentOrchestratorVersion: current?.currentOrchestratorVersion ?? context.currentKubernetesVersion,
    nodeLabels: (objectAt(properties, 'nodeLabels') as Readonly<Record<string, string>> | undefined) ?? current?.nodeLabels ?? {},
    nodeTaints: Array.isArray(properties['nodeTaints']) ? (properties['nodeTaints'] as string[]) : (current?.nodeTaints ?? []),
    nodeImageVersion: current?.nodeImageVersion ?? nodeImage(osSKU),
    provisioningState: 'Creating',
    powerState: powerStateOf(properties, current),
    more: furtherFields(properties, current?.more),
  };
}

/** A pool as answers show it; `name` stands beside the properties of a pool that is asked for by itself. */
export function describeAgentPool(pool: AgentPool): JsonObject {
  const { name: _, more, powerState, ...fields } = pool;
  return { ...filledIn(more, furtherDefaults), ...fields, powerState: { code: powerState } };
}

/** Further fields of a pool of which nothing is said (reference §3.5). */
const furtherDefaults: JsonObject = {
  osDiskSizeGB: 128,
  osDiskType: 'Managed',
  kubeletDiskType: 'OS',
  type: 'VirtualMachineScaleSets',
  scaleDownMode: 'Delete',
  enableNodePublicIP: false,
  enableEncryptionAtHost: false,
  enableUltraSSD: false,
  enableFIPS: false,
  upgradeSettings: { maxSurge: '10%', maxUnavailable: '0' },
  securityProfile: { enableVTPM: false, enableSecureBoot: false },
};

/** Weir's own text: the service ignores such fields, and the pool would seem to have an engine of its own. */
function checkClusterWide(properties: JsonObject): void {
  for (const [path, fields] of [
    ['', properties],
    ['networkProfile.', objectAt(properties, 'networkProfile') ?? {}],
  ] as const) {
    const field = ['networkPolicy', 'networkDataplane', 'networkPlugin', 'networkPluginMode'].find((each) => each in fields);
    if (field === undefined) continue;
    const message = `${path}${field} is a property of the cluster and not of a node pool: all pools have one engine, and change it at the same time.`;
    throw providerError(400, 'InvalidParameter', message, { target: `agentPoolProfile.${path}${field}` });
  }
}

/** What of a pool never changes. */
const immutable = ['osType', 'osSKU', 'vmSize', 'maxPods'] as const;

/** Throws 400 when a change concerns what never changes; `path` is where the pool's properties are in the body. */
export function checkImmutable(current: AgentPool, wished: AgentPool, path: string): void {
  const changed = immutable.find((field) => current[field] !== wished[field]);
  if (changed === undefined) return;
  const property = `${path}.${changed}`;
  throw providerError(400, 'PropertyChangeNotAllowed', `Changing property '${property}' is not allowed.`, { target: property });
}

/** A pool is stopped and started by sending its power state back. */
function powerStateOf(properties: JsonObject, current: AgentPool | undefined): AgentPool['powerState'] {
  const asked = textAt(objectAt(properties, 'powerState'), 'code');
  if (asked === 'Running' || asked === 'Stopped') return current === undefined ? 'Running' : asked;
  return current?.powerState ?? 'Running';
}

/** Fields that AKS fills in when they are empty, and those that only answers have. */
const unset = new Set<unknown>(['', 0, null, undefined]);
const readOnly = ['name', 'provisioningState', 'powerState', 'nodeImageVersion', 'currentOrchestratorVersion', 'eTag'];
const known = [
  'count',
  'vmSize',
  'osType',
  'osSKU',
  'mode',
  'maxPods',
  'enableAutoScaling',
  'minCount',
  'maxCount',
  'orchestratorVersion',
  'nodeLabels',
  'nodeTaints',
];

function furtherFields(properties: JsonObject, current: JsonObject | undefined): JsonObject {
  const given = Object.entries(properties).filter(
    ([field, value]) => !readOnly.includes(field) && !known.includes(field) && !unset.has(value) && !isEmptyObject(value),
  );
  return { ...current, ...Object.fromEntries(given) };
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function booleanAt(parent: JsonObject, field: string, otherwise: boolean): boolean {
  const value = parent[field];
  return typeof value === 'boolean' ? value : otherwise;
}

/** The name of the image that nodes of a kind begin with. */
function nodeImage(osSKU: string): string {
  return windowsSystem(osSKU)?.nodeImage ?? 'AKSUbuntu-2204gen2containerd-202611.01.0';
}
