/**
 * The policies of a snapshot: the objects of every policy API that the engine reads, in their tiers.
 *
 * Policies of other APIs are stored and mean nothing to the engine; that is said of each.
 */
import {
  compileForSystems,
  countedAmong,
  defaultTier,
  type HostSettingsLayer,
  isOfKind,
  type PlacedPolicy,
  type PolicyKind,
  policyCompilers,
  policyCompilersOf,
  policyKindName,
  type SystemsOptions,
} from '@weir/compile';
import type { Diagnostic, KubeObject } from '@weir/kube';
import type { EngineProfile, HostEndpoint, Policy, Tier } from '@weir/model';
import { addToGroup } from '@weir/net';
import type { MaybePlacedObject } from './readable-objects.ts';
import { referredAmong } from './referred-among.ts';
import { unknownVersion } from './unknown-version.ts';

/** Tiers in no particular order, host endpoints with what is set for them, and what is said about the objects. */
export interface SnapshotPolicies {
  readonly tiers: readonly Tier[];
  readonly hosts: readonly HostEndpoint[];
  readonly hostSettings: readonly HostSettingsLayer[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles what is a policy among the objects: those from files as they should be, those from a cluster as its agents do. */
export function readPolicies(
  placed: readonly MaybePlacedObject[],
  options: Omit<SystemsOptions, 'positionOf'>,
  among: readonly KubeObject[] = placed.map(({ object }) => object),
): SnapshotPolicies {
  const policies: PlacedPolicy[] = [];
  const hosts: HostEndpoint[] = [];
  const hostSettings: HostSettingsLayer[] = [];
  const diagnostics: Diagnostic[] = placed.flatMap((entry) => unknownVersion(entry) ?? []);
  const byKind = objectsByKind(placed);
  const referred = referredAmong(among);
  const read = new Set(policyCompilersOf(options.profile));
  for (const compiler of policyCompilers) {
    for (const kind of compiler.policyKinds) {
      for (const { object, positionOf } of countedAmong(kind, byKind.get(policyKindName(kind)) ?? [])) {
        if (!read.has(compiler)) {
          if (kind.holds === 'settings') continue;
          diagnostics.push(unread({ object, ...(positionOf === undefined ? {} : { positionOf }) }, kind, options.profile));
          continue;
        }
        const place = positionOf === undefined ? {} : { positionOf };
        const compiled = compileForSystems(
          { compiler, object, referred },
          { ...options, ...place, toleratesUnknownFields: positionOf === undefined },
        );
        diagnostics.push(...compiled.diagnostics);
        policies.push(...compiled.policies);
        hosts.push(...(compiled.hosts ?? []));
        if (compiled.hostSettings !== undefined) hostSettings.push(compiled.hostSettings);
      }
    }
  }
  return { tiers: tiersOf(policies), hosts, hostSettings, diagnostics };
}

/** The policies by their kinds' names. */
function objectsByKind(placed: readonly MaybePlacedObject[]): ReadonlyMap<string, readonly MaybePlacedObject[]> {
  const kinds = policyCompilers.flatMap(({ policyKinds }) => policyKinds);
  const byKind = new Map<string, MaybePlacedObject[]>();
  for (const entry of placed) {
    const kind = kinds.find((one) => isOfKind(entry.object, one));
    if (kind === undefined) continue;
    const name = policyKindName(kind);
    addToGroup(byKind, name, entry);
  }
  return byKind;
}

/** The same tier is one, whichever API its policies are of; that of NetworkPolicies is always there. */
function tiersOf(policies: readonly PlacedPolicy[]): readonly Tier[] {
  const tiers = new Map<string, { readonly tier: PlacedPolicy['tier']; readonly policies: Policy[] }>();
  const { policies: _none, ...ofNetworkPolicies } = defaultTier([]);
  tiers.set(ofNetworkPolicies.name, { tier: ofNetworkPolicies, policies: [] });
  for (const { tier, policy } of policies) {
    const known = tiers.get(tier.name);
    if (known === undefined) tiers.set(tier.name, { tier, policies: [policy] });
    else known.policies.push(policy);
  }
  return [...tiers.values()].map((one) => ({ ...one.tier, policies: one.policies }));
}

function unread({ object, positionOf }: MaybePlacedObject, { kind, namespaced }: PolicyKind, { name }: EngineProfile): Diagnostic {
  const { metadata } = object;
  const position = positionOf?.('');
  return {
    code: 'unread-policy',
    severity: 'warning',
    message: `the engine ${name} does not read policies of ${object.apiVersion ?? 'this kind'}: it is not enforced`,
    action: 'judge as an engine that reads it with --profile, or write it as a policy that this engine reads',
    object: `${kind} ${namespaced ? `${metadata.namespace ?? 'default'}/` : ''}${metadata.name ?? ''}`,
    ...(position === undefined ? {} : { position }),
  };
}
