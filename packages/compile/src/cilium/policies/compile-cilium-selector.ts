/**
 * Selectors of Cilium into selectors of the model, and which identities of what is no pod they match.
 *
 * Cilium asks one flat space of labels with sources. The model has spaces, so that no label of a pod can be taken for
 * what Cilium itself knows of it. What is no pod has labels of the source `reserved` alone, so a selector of negations
 * matches it too; the namespace that Cilium adds to most selectors keeps such selectors to pods.
 */
import type { LabelSelector, LabelSelectorOperator } from '@weir/kube';
import { allOf, type LabelKey, type Selector } from '@weir/model';
import { namespaceKey } from '../../kubernetes/compile-selector.ts';
import { type ReservedIdentity, reservedLabels } from '../objects/cilium-entity.ts';
import {
  clusterLabel,
  clusterName,
  isPodSource,
  namespaceLabel,
  namespaceLabelsPrefix,
  readCiliumLabelKey,
  serviceAccountLabel,
} from '../objects/cilium-label.ts';

const serviceAccountKey: LabelKey = { space: 'reserved', key: 'serviceAccount' };

/** One condition on one label. */
interface Requirement {
  readonly source: string;
  readonly key: string;
  readonly operator: LabelSelectorOperator;
  readonly values: readonly string[];
}

/** Whom a selector means: pods by their labels, and identities of what is no pod. */
export interface SelectedPeers {
  readonly pods: Selector;
  readonly identities: readonly ReservedIdentity[];
}

/** Whom a policy selects; `namespace` is the policy's, absent for policies of the cluster. */
export function compileCiliumSubject(selector: LabelSelector, namespace: string | undefined): Selector {
  const requirements = requirementsOf(selector);
  if (namespace === undefined) return podSelector(requirements);
  // Cilium puts the policy's own namespace in the place of this label, whatever stands there.
  const isReplaced = ({ source, key }: Requirement): boolean => source === 'k8s' && key === namespaceLabel;
  const ofLabels = requirementsOf({ matchLabels: selector.matchLabels ?? {} }).filter((requirement) => !isReplaced(requirement));
  const ofExpressions = requirementsOf({ matchExpressions: selector.matchExpressions ?? [] });
  return podSelector([inNamespace(namespace), ...ofLabels, ...ofExpressions]);
}

/** Which nodes a policy selects: by their labels, which are no pod's, and by being the host. */
export function compileCiliumNodeSubject(selector: LabelSelector): Selector {
  return allOf(
    ...requirementsOf(selector).map((requirement): Selector => {
      const { source, key, operator, values } = requirement;
      if (!isPodSource(source)) return { kind: holds(requirement, valueOfIdentity(requirement, 'host')) ? 'all' : 'none' };
      const label = { space: 'pod', key } as const;
      const kind = kinds[operator];
      return kind === 'in' || kind === 'notIn' ? { kind, label, values } : { kind, label };
    }),
  );
}

/** Whom a member of `fromEndpoints` or `toEndpoints` means. */
export function compileCiliumPeers(selector: LabelSelector, namespace: string | undefined): SelectedPeers {
  const requirements = requirementsOf(selector);
  const isScoped = requirements.some(({ source, key }) => source === 'reserved' || (isPodSource(source) && key === namespaceLabel));
  if (isScoped) return select(requirements);
  if (namespace === undefined) return select([...requirements, { source: 'k8s', key: namespaceLabel, operator: 'Exists', values: [] }]);
  const selectsNamespaces = requirements.some(({ source, key }) => isPodSource(source) && key.startsWith(namespaceLabelsPrefix));
  return select(selectsNamespaces ? requirements : [...requirements, inNamespace(namespace)]);
}

/** The pods of a namespace with these labels: those of a service. */
export function podsOfNamespace(labels: Readonly<Record<string, string>>, namespace: string): Selector {
  return podSelector([inNamespace(namespace), ...requirementsOf({ matchLabels: labels })]);
}

function select(requirements: readonly Requirement[]): SelectedPeers {
  const identities = (Object.keys(reservedLabels) as ReservedIdentity[]).filter((identity) =>
    requirements.every((requirement) => holds(requirement, valueOfIdentity(requirement, identity))),
  );
  return { pods: podSelector(requirements), identities };
}

function inNamespace(name: string): Requirement {
  return { source: 'k8s', key: namespaceLabel, operator: 'In', values: [name] };
}

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): Requirement[] {
  return [
    ...Object.entries(matchLabels).map(([key, value]): Requirement => ({ ...readCiliumLabelKey(key), operator: 'In', values: [value] })),
    ...matchExpressions.map(({ key, operator, values = [] }): Requirement => ({ ...readCiliumLabelKey(key), operator, values })),
  ];
}

function podSelector(requirements: readonly Requirement[]): Selector {
  return allOf(...requirements.map(podRequirement));
}

const kinds = { In: 'in', NotIn: 'notIn', Exists: 'exists', DoesNotExist: 'absent' } as const;

function podRequirement(requirement: Requirement): Selector {
  const { source, key, operator, values } = requirement;
  // Pods have no labels of other sources.
  if (!isPodSource(source)) return { kind: holds(requirement, undefined) ? 'all' : 'none' };
  if (key === clusterLabel) return { kind: holds(requirement, clusterName) ? 'all' : 'none' };
  const label = labelKey(key);
  const kind = kinds[operator];
  return kind === 'in' || kind === 'notIn' ? { kind, label, values } : { kind, label };
}

function labelKey(key: string): LabelKey {
  if (key === namespaceLabel) return namespaceKey;
  if (key === serviceAccountLabel) return serviceAccountKey;
  if (key.startsWith(namespaceLabelsPrefix)) return { space: 'namespace', key: key.slice(namespaceLabelsPrefix.length) };
  return { space: 'pod', key };
}

function valueOfIdentity({ source, key }: Requirement, identity: ReservedIdentity): string | undefined {
  return source === 'reserved' && reservedLabels[identity].includes(key) ? '' : undefined;
}

/** Whether the condition holds for a label with this value, or without the label. */
function holds({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      throw new Error('validation let an operator through');
  }
}
