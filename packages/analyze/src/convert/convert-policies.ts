/**
 * Policies of one API in the words of another one, where these mean the same.
 *
 * Every policy goes through the model, so each API is read by its compiler and written by its writer, and neither knows
 * of the others. What a policy means can depend on the policies around it: the objects that are given count as all there
 * are.
 */
import {
  isOfKind,
  type PlacedPolicy,
  type PolicyWriter,
  policyCompilers,
  type ReferredObjects,
  writeCalicoPolicy,
  writeNetworkPolicy,
} from '@weir/compile';
import { formatDiagnostic, type KubeObject } from '@weir/kube';
import { networkPolicyOrder, type PolicyApi } from '@weir/policy';
import type { MaybePlacedObject } from '../readable-objects.ts';

/** The APIs in whose words policies can be written. */
const writers: Readonly<Partial<Record<PolicyApi, PolicyWriter>>> = {
  NetworkPolicy: writeNetworkPolicy,
  Calico: writeCalicoPolicy,
};

/** What became of one policy: objects, or the reasons why there are none that mean the same. */
export interface Conversion {
  /** For example `NetworkPolicy demo/web`. */
  readonly of: string;
  readonly objects: readonly KubeObject[];
  readonly reasons: readonly string[];
}

/** Converts the policies among the objects; other objects are only referred to. */
export function convertPolicies(given: readonly MaybePlacedObject[], to: PolicyApi): readonly Conversion[] {
  const objects = given.map(({ object }) => object);
  const referred = referredAmong(objects);
  const read = given.flatMap(({ object, positionOf }) => {
    const compiler = policyCompilers.find(({ policyKinds }) => policyKinds.some((kind) => isOfKind(object, kind)));
    return compiler === undefined
      ? []
      : [{ object, compiler, ...compiler.compile(object, referred, positionOf === undefined ? {} : { positionOf }) }];
  });
  const all = read.flatMap(({ policies }) => policies);
  return read.map(({ object, compiler, policies, diagnostics }): Conversion => {
    const of = nameOf(object);
    if (diagnostics.length > 0) return { of, objects: [], reasons: diagnostics.map(formatDiagnostic) };
    if (compiler.api === to) return { of, objects: [object], reasons: [] };
    return { of, ...write(policies, { to, all }) };
  });
}

interface Target {
  readonly to: PolicyApi;
  readonly all: readonly PlacedPolicy[];
}

function write(policies: readonly PlacedPolicy[], { to, all }: Target): Pick<Conversion, 'objects' | 'reasons'> {
  const writer = writers[to];
  const results = policies.flatMap((placed) => {
    const problem = to === 'NetworkPolicy' ? orderProblem(placed, all) : undefined;
    if (problem !== undefined) return [{ kind: 'impossible', reasons: [problem] } as const];
    return writer === undefined ? [] : [writer(placed)];
  });
  const reasons = results.flatMap((result) => (result.kind === 'impossible' ? result.reasons : []));
  if (reasons.length > 0) return { objects: [], reasons };
  return { objects: results.flatMap((result) => (result.kind === 'written' ? [result.object] : [])), reasons: [] };
}

/** Where all policies of a tier only allow, their order says nothing. */
function orderProblem({ tier, policy }: PlacedPolicy, all: readonly PlacedPolicy[]): string | undefined {
  if (policy.order === networkPolicyOrder) return undefined;
  const others = all.filter((other) => other.tier.name === tier.name && other.policy !== policy);
  const decisive = others.find(({ policy: other }) =>
    [other.ingress, other.egress].some((rules) => rules?.rules.some(({ action }) => action !== 'allow')),
  );
  if (decisive === undefined) return undefined;
  const { kind, name } = decisive.policy.ref;
  return `order: it is judged before or after ${kind} ${name}, which does not only allow, and every NetworkPolicy has order ${networkPolicyOrder}`;
}

function nameOf({ kind = '', metadata: { namespace, name = '' } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

function referredAmong(objects: readonly KubeObject[]): ReferredObjects {
  return {
    get: (kind, name, namespace) =>
      objects.find(
        (object) =>
          isOfKind(object, kind) && object.metadata.name === name && (namespace === undefined || object.metadata.namespace === namespace),
      ),
    list: (kind, namespace) =>
      objects.filter((object) => isOfKind(object, kind) && (namespace === undefined || object.metadata.namespace === namespace)),
  };
}
