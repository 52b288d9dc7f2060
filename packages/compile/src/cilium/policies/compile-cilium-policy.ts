/**
 * CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy into the model.
 *
 * Cilium has no order: a denial of any policy comes before everything that policies allow, Kubernetes NetworkPolicies
 * among them, and an endpoint is isolated by any policy that says so. So each spec becomes a policy with its denials in a
 * tier before the default one, which isolates nobody, and a policy with what it allows in the default tier, among the
 * NetworkPolicies (design/model.md).
 */
import { type FieldError, withoutNulls } from '@weir/kube';
import {
  type Direction,
  type DirectionRules,
  defaultTierOrder,
  engineProfiles,
  type Match,
  networkPolicyOrder,
  type Policy,
  type PolicyRef,
  type Rule,
  type SourcePosition,
} from '@weir/model';
import type { CompileOptions, PositionLookup } from '../../kubernetes/compile-network-policy.ts';
import { defaultTier } from '../../kubernetes/default-tier.ts';
import type { CompiledObject, PlacedPolicy, ReferredObjects, TierPlace } from '../../policy-api.ts';
import type { PolicyDiagnostic } from '../../policy-diagnostic.ts';
import { refusalOf } from '../../policy-refusal.ts';
import { auditAnnotation, type CiliumPolicy, type CiliumSpec, namespaceOfPolicy, specsOf } from '../objects/cilium-policy.ts';
import { type CiliumRule, nameOfPolicy, rulesOf, speaksOf } from '../objects/cilium-rule.ts';
import { ciliumPolicyShape } from '../objects/cilium-shapes.ts';
import { unsupportedInCilium } from '../validation/unsupported-cilium.ts';
import { validateCiliumPolicy } from '../validation/validate-cilium-policy.ts';
import { type CiliumPeer, compileCiliumRulePeers } from './compile-cilium-peers.ts';
import { type CiliumTraffic, compileCiliumTraffic } from './compile-cilium-ports.ts';
import { compileCiliumNodeSubject, compileCiliumSubject } from './compile-cilium-selector.ts';

/** Where denials stand: right before the tier of everything that is allowed. */
export const ciliumDenyTier: TierPlace = { name: 'cilium-deny', order: defaultTierOrder - 1_000, end: 'pass' };

const { policies: _none, ...allowTier } = defaultTier([]);
/** Where what is allowed stands: with the NetworkPolicies. */
export const ciliumAllowTier: TierPlace = allowTier;

const nowhere: PositionLookup = () => undefined;

/** Compiles a policy: none and at least one error when it is not valid or cannot be enforced. */
export function compileCiliumPolicy(
  policy: CiliumPolicy,
  referred: ReferredObjects,
  { positionOf = nowhere, target }: CompileOptions = {},
): CompiledObject {
  const errors = validateCiliumPolicy(policy);
  if (errors.length > 0) return refused(errors.map((error) => invalid(policy, error, positionOf)));
  const { spec, specs } = withoutNulls({ spec: policy.spec, specs: policy.specs }, ciliumPolicyShape) as CiliumPolicy;
  const read: CiliumPolicy = {
    apiVersion: policy.apiVersion ?? 'cilium.io/v2',
    kind: policy.kind ?? '',
    metadata: policy.metadata,
    ...(spec === undefined ? {} : { spec }),
    ...(specs === undefined ? {} : { specs }),
  };
  const unsupported = unsupportedInCilium(read, target?.profile ?? engineProfiles.cilium);
  if (unsupported.length > 0) {
    return refused(
      unsupported.map(({ field, message, action }) => ({
        code: 'unsupported-policy',
        severity: 'error',
        message,
        action: `${action}; until then no part of this version of the policy is applied`,
        ...placed(policy, field, positionOf),
      })),
    );
  }
  return { policies: new CiliumPolicyCompilation(read, referred, positionOf).compile(), diagnostics: [] };
}

/** Which object a policy is, for the model. */
export function ciliumPolicyRef(policy: CiliumPolicy): PolicyRef {
  const { name = '', uid } = policy.metadata;
  const namespace = namespaceOfPolicy(policy);
  return {
    apiVersion: 'cilium.io/v2',
    kind: policy.kind ?? '',
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}

function refused(diagnostics: readonly PolicyDiagnostic[]): CompiledObject {
  return { policies: [], diagnostics };
}

function invalid(policy: CiliumPolicy, error: FieldError, positionOf: PositionLookup): PolicyDiagnostic {
  return { ...refusalOf(error), ...placed(policy, error.field, positionOf) };
}

function placed(policy: CiliumPolicy, field: string, positionOf: PositionLookup): Pick<PolicyDiagnostic, 'object' | 'field' | 'position'> {
  const position = positionOf(field) ?? positionOf('');
  return { object: nameOfPolicy(policy), field, ...(position === undefined ? {} : { position }) };
}

class CiliumPolicyCompilation {
  private readonly policy: CiliumPolicy;
  private readonly referred: ReferredObjects;
  private readonly positionOf: PositionLookup;
  private readonly ref: PolicyRef;
  private readonly namespace: string | undefined;

  constructor(policy: CiliumPolicy, referred: ReferredObjects, positionOf: PositionLookup) {
    this.policy = policy;
    this.referred = referred;
    this.positionOf = positionOf;
    this.ref = ciliumPolicyRef(policy);
    this.namespace = namespaceOfPolicy(policy);
  }

  compile(): PlacedPolicy[] {
    return specsOf(this.policy).flatMap(({ spec, path }) => this.compileSpec(spec, path));
  }

  private compileSpec(spec: CiliumSpec, path: string): PlacedPolicy[] {
    const rules = rulesOf(spec, path);
    const denials = rules.filter(({ isDeny }) => isDeny);
    const deny = this.placeSpec(spec, (direction) => {
      const own = denials.filter((rule) => rule.direction === direction);
      return own.length === 0 ? undefined : { isolates: false, rules: own.flatMap((rule) => this.compileRule(rule)) };
    });
    const allow = this.placeSpec(spec, (direction) => {
      if (!speaksOf(spec, direction)) return undefined;
      const own = rules.filter((rule) => !rule.isDeny && rule.direction === direction);
      return { isolates: spec.enableDefaultDeny?.[direction] ?? true, rules: own.flatMap((rule) => this.compileRule(rule)) };
    });
    return [...(denials.length === 0 ? [] : [{ tier: ciliumDenyTier, policy: deny }]), { tier: ciliumAllowTier, policy: allow }];
  }

  private placeSpec(
    { endpointSelector = {}, nodeSelector }: CiliumSpec,
    rulesIn: (direction: Direction) => DirectionRules | undefined,
  ): Policy {
    const ingress = rulesIn('ingress');
    const egress = rulesIn('egress');
    const source = this.position('');
    return {
      ref: this.ref,
      order: networkPolicyOrder,
      // What ends at a node or begins there; what goes through it to pods is theirs.
      ...(nodeSelector === undefined
        ? { subject: compileCiliumSubject(endpointSelector, this.namespace) }
        : { subject: compileCiliumNodeSubject(nodeSelector), appliesTo: ['normal'] }),
      orderedBy: 'Cilium',
      staged: this.policy.metadata.annotations?.[auditAnnotation] === 'true',
      ...(ingress === undefined ? {} : { ingress }),
      ...(egress === undefined ? {} : { egress }),
      ...(source === undefined ? {} : { source }),
    };
  }

  private compileRule(rule: CiliumRule): Rule[] {
    const traffic = compileCiliumTraffic(rule);
    return compileCiliumRulePeers(rule, { namespace: this.namespace, referred: this.referred }).flatMap((peer) =>
      traffic.map((each) => this.makeRule(rule, peer, each)),
    );
  }

  private makeRule({ direction, isDeny, index, section }: CiliumRule, peer: CiliumPeer, { destination, ...traffic }: CiliumTraffic): Rule {
    const ends =
      direction === 'ingress' ? { source: peer.side, destination } : { source: {}, destination: { ...peer.side, ...destination } };
    const match: Match = { ...traffic, ...ends };
    const source = this.position(peer.path);
    return {
      action: isDeny ? 'deny' : 'allow',
      match,
      origin: {
        policy: this.ref,
        direction,
        ruleIndex: index,
        ...(section === direction ? {} : { section }),
        ...(peer.peerIndex === undefined ? {} : { peerIndex: peer.peerIndex }),
        ...(peer.list === undefined ? {} : { peers: peer.list }),
        ...(source === undefined ? {} : { source }),
      },
    };
  }

  private position(path: string): SourcePosition | undefined {
    const position = this.positionOf(path);
    return position === undefined ? undefined : { file: position.file, line: position.line };
  }
}
