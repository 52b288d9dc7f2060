/**
 * The policies of the cluster's administrators into the model: tiers before and behind the policies of namespaces, whose
 * rules decide or pass on and which isolate nobody.
 *
 * A policy that is not valid, or that has a field unknown here, is refused as a whole and never widened.
 */
import { customObjectReader, type FieldError, type KubeObject } from '@weir/kube';
import type { Direction, DirectionRules, Policy, Rule } from '@weir/model';
import { defined } from '@weir/net';
import { nodeKind } from '../core-kinds.ts';
import type { CompileOptions, PositionLookup } from '../kubernetes/compile-network-policy.ts';
import type { CompiledObject, PlacedPolicy, PolicyCompiler, ReferredObjects } from '../policy-api.ts';
import type { PolicyDiagnostic } from '../policy-diagnostic.ts';
import { isOfKind } from '../policy-kind.ts';
import { refusalOf } from '../policy-refusal.ts';
import { namedAction } from '../unknown-fields/rule-form.ts';
import {
  type AdministratorPolicy,
  type AdministratorPolicyKind,
  type AdministratorRule,
  administratorPolicyRef,
  peersPath,
  versionOf,
} from './administrator-policy.ts';
import { administratorProblems } from './administrator-problems.ts';
import { tierPlaces } from './administrator-tiers.ts';
import { closedAdministratorPolicy } from './closed-administrator-policy.ts';
import { compilePeer, compilePodSelection, compilePorts, matchOf } from './compile-administrator-rule.ts';

/** The actions of all these kinds. */
const administratorActions = { Accept: 'allow', Allow: 'allow', Deny: 'deny', Pass: 'pass' } as const;

const nowhere: PositionLookup = () => undefined;

/** The compiler of these kinds. */
export function administratorPolicyCompiler(kinds: readonly AdministratorPolicyKind[]): PolicyCompiler {
  const readers = kinds.map((kind) => ({ kind, read: customObjectReader({ ...kind.definition }, versionOf(kind)) }));
  const readerOf = (object: KubeObject): (typeof readers)[number] =>
    defined(
      readers.find(({ kind }) => isOfKind(object, kind.policyKind)),
      `${object.kind ?? ''} of ${object.apiVersion ?? ''} is none of these kinds`,
    );
  return {
    api: 'ClusterNetworkPolicy',
    policyKinds: kinds.map(({ policyKind }) => policyKind),
    referredKinds: [nodeKind],
    rules: {
      sections: ['ingress', 'egress'],
      actionOf: (_section, rule) => namedAction(rule, administratorActions),
      // A selector with a part that is not known may exclude by it.
      narrows: (within) => !/\b(namespaces|pods|nodes)\./.test(within),
    },
    compile: (object, referred, options = {}) => compileRead(object, { ...readerOf(object), referred, options }),
    closed: (object) => closedAdministratorPolicy(object, readerOf(object)),
  };
}

interface Reading {
  readonly kind: AdministratorPolicyKind;
  readonly read: ReturnType<typeof customObjectReader>;
  readonly referred: ReferredObjects;
  readonly options: CompileOptions;
}

function compileRead(object: KubeObject, { kind, read, referred, options }: Reading): CompiledObject {
  const { positionOf = nowhere, target } = options;
  const refused = (errors: readonly FieldError[]): CompiledObject => ({
    policies: [],
    diagnostics: errors.map((error) => refusal(object, error, positionOf)),
  });
  const { object: defaulted, errors } = read({ ...object });
  if (errors.length > 0) return refused(errors);
  const policy = kind.read(defaulted as unknown as KubeObject);
  const problems = administratorProblems(policy, kind);
  if (problems.length > 0) return refused(problems);
  if (target?.system === 'windows') return { policies: [], diagnostics: [unsupportedOnWindows(object, positionOf)] };
  const placed = new AdministratorPolicyPlacing(object, { kind, referred, positionOf }).place(policy);
  return { policies: [placed], diagnostics: [] };
}

/** One policy on its way into the model. */
class AdministratorPolicyPlacing {
  readonly #object: KubeObject;
  readonly #kind: AdministratorPolicyKind;
  readonly #referred: ReferredObjects;
  readonly #positionOf: PositionLookup;

  constructor(
    object: KubeObject,
    { kind, referred, positionOf }: Pick<Reading, 'kind' | 'referred'> & { readonly positionOf: PositionLookup },
  ) {
    this.#object = object;
    this.#kind = kind;
    this.#referred = referred;
    this.#positionOf = positionOf;
  }

  place({ tier, order, subject, ingress, egress }: AdministratorPolicy): PlacedPolicy {
    const policy: Policy = {
      ref: administratorPolicyRef(this.#object, this.#kind),
      order,
      subject: compilePodSelection(subject),
      staged: false,
      ...(ingress.length === 0 ? {} : { ingress: this.#direction('ingress', ingress) }),
      ...(egress.length === 0 ? {} : { egress: this.#direction('egress', egress) }),
      ...this.#source(''),
    };
    return { tier: tierPlaces[tier], policy };
  }

  #direction(direction: Direction, rules: readonly AdministratorRule[]): DirectionRules {
    return { isolates: false, rules: rules.flatMap((rule, index) => this.#rules(direction, rule, index)) };
  }

  #rules(direction: Direction, rule: AdministratorRule, ruleIndex: number): Rule[] {
    const ports = compilePorts(rule);
    return rule.peers.flatMap((peer, peerIndex) => {
      const side = compilePeer(peer, this.#referred);
      const origin = {
        policy: administratorPolicyRef(this.#object, this.#kind),
        direction,
        ruleIndex,
        peerIndex,
        ...this.#source(`${peersPath(direction, ruleIndex)}[${peerIndex}]`),
      };
      return ports.map((each): Rule => ({ action: rule.action, match: matchOf(direction, side, each), origin }));
    });
  }

  #source(path: string): Pick<Policy, 'source'> {
    const position = this.#positionOf(path);
    return position === undefined ? {} : { source: { file: position.file, line: position.line } };
  }
}

function unsupportedOnWindows(object: KubeObject, positionOf: PositionLookup): PolicyDiagnostic {
  return {
    code: 'unsupported-policy',
    severity: 'error',
    message: 'rules that deny, pass on and have an order are not enforced on Windows nodes',
    action: 'select pods of Linux nodes alone, or write NetworkPolicies for those on Windows',
    ...whereOf(object, 'spec', positionOf),
  };
}

function refusal(object: KubeObject, error: FieldError, positionOf: PositionLookup): PolicyDiagnostic {
  return { ...refusalOf(error), ...whereOf(object, error.field, positionOf) };
}

function whereOf(
  { kind = '', metadata: { name = '' } }: KubeObject,
  field: string,
  positionOf: PositionLookup,
): Pick<PolicyDiagnostic, 'object' | 'field' | 'position'> {
  const position = positionOf(field) ?? positionOf('');
  return { object: `${kind} ${name}`, field, ...(position === undefined ? {} : { position }) };
}
