/**
 * Calico's selector expressions into selectors of the model.
 *
 * Calico has one flat space of labels, in which prefixes keep apart what comes from where: `pcns.` a namespace's labels,
 * `pcsa.` a service account's, `projectcalico.org/…` what Calico itself knows. The model has spaces, so that no label of
 * a pod can be taken for one of them. What a field of a policy means is joined as Calico joins it
 * (libcalico-go `backend/syncersv1/updateprocessors`).
 */

import { allOf, type LabelKey, orchestratorKey, type Selector, serviceAccountKey } from '@weir/model';
import { unreachable } from '@weir/net';
import { namespaceKey } from '../../kubernetes/compile-selector.ts';
import type { CalicoEntity } from '../objects/calico-policy.ts';
import type { CalicoSelector } from '../selector/calico-selector.ts';
import { parseCalicoSelector } from '../selector/parse-calico-selector.ts';

/** Whose labels an expression is about; those of namespaces and service accounts have no prefix there. */
export type LabelOwner = 'endpoint' | 'namespace' | 'serviceAccount';

const inSomeNamespace: Selector = { kind: 'exists', label: namespaceKey };
const inNoNamespace: Selector = { kind: 'absent', label: namespaceKey };
const withServiceAccount: Selector = { kind: 'exists', label: serviceAccountKey };

/** Whom a policy selects; `namespace` is absent for policies of the cluster. */
export function compileSubject(fields: {
  readonly namespace: string | undefined;
  readonly selector: string | undefined;
  readonly namespaceSelector: string | undefined;
  readonly serviceAccountSelector: string | undefined;
}): Selector {
  const { namespace, selector = '', namespaceSelector = '', serviceAccountSelector = '' } = fields;
  return allOf(
    compileText(selector, 'endpoint'),
    ...(namespace === undefined ? [] : [inNamespace(namespace)]),
    ...(namespaceSelector === '' ? [] : [inSomeNamespace, compileText(namespaceSelector, 'namespace')]),
    ...(serviceAccountSelector === '' ? [] : [withServiceAccount, compileText(serviceAccountSelector, 'serviceAccount')]),
  );
}

/** Whom one end of a rule means by labels; absent where it does not ask for any. */
export function compileEntitySelectors(
  { selector = '', notSelector = '', namespaceSelector = '', serviceAccounts }: CalicoEntity,
  namespace: string | undefined,
): { readonly selector?: Selector; readonly notSelector?: Selector } {
  const accounts = serviceAccounts === undefined ? [] : [compileServiceAccounts(serviceAccounts)];
  const isLimited = selector !== '' || notSelector !== '' || namespaceSelector !== '' || accounts.length > 0;
  if (!isLimited) return {};
  const wanted = [
    ...namespacesOf(namespaceSelector, namespace),
    ...(selector === '' ? [] : [compileText(selector, 'endpoint')]),
    ...accounts,
  ];
  return {
    // Without any wish an address that is no endpoint is meant too, which no selector would match.
    ...(wanted.length === 0 ? {} : { selector: allOf(...wanted) }),
    // Asked of every endpoint, as Calico does: it is not limited to the namespaces that the rule means.
    ...(notSelector === '' ? {} : { notSelector: compileText(notSelector, 'endpoint') }),
  };
}

/** The namespaces that an end means: those selected, else the policy's own, else any endpoint at all. */
function namespacesOf(namespaceSelector: string, namespace: string | undefined): readonly Selector[] {
  if (namespaceSelector !== '') return [compileText(namespaceSelector, 'namespace')];
  return namespace === undefined ? [] : [inNamespace(namespace)];
}

/** As Calico has it, what has no account is not left out: a network set is not of the account that a negation names. */
function compileServiceAccounts({ names = [], selector = '' }: NonNullable<CalicoEntity['serviceAccounts']>): Selector {
  return allOf(
    ...(names.length === 0 ? [] : [{ kind: 'in', label: serviceAccountKey, values: names } as const]),
    ...(selector === '' ? [] : [compileText(selector, 'serviceAccount')]),
  );
}

function inNamespace(name: string): Selector {
  return { kind: 'in', label: namespaceKey, values: [name] };
}

/** Validation has let the text through. */
function compileText(text: string, owner: LabelOwner): Selector {
  const result = parseCalicoSelector(text);
  if (result.kind === 'refused') throw new Error(`validation let the selector ${text} through: ${result.message}`);
  return compileCalicoSelector(result.selector, owner);
}

/** The selector of the model with the same meaning. */
export function compileCalicoSelector(selector: CalicoSelector, owner: LabelOwner = 'endpoint'): Selector {
  switch (selector.kind) {
    case 'all':
      return owner === 'endpoint' ? { kind: 'all' } : owner === 'namespace' ? inSomeNamespace : withServiceAccount;
    case 'global':
      return inNoNamespace;
    case 'has':
      return { kind: 'exists', label: labelKey(selector.label, owner) };
    case 'text':
      return compileTextOperator(selector, labelKey(selector.label, owner));
    case 'set':
      return {
        kind: selector.operator === 'in' ? 'in' : 'notIn',
        label: labelKey(selector.label, owner),
        values: selector.values,
      };
    case 'not':
      return { kind: 'not', of: compileCalicoSelector(selector.of, owner) };
    case 'and':
    case 'or':
      return { kind: selector.kind, of: selector.of.map((part) => compileCalicoSelector(part, owner)) };
    default:
      return unreachable(selector);
  }
}

function compileTextOperator({ operator, value }: CalicoSelector & { readonly kind: 'text' }, label: LabelKey): Selector {
  switch (operator) {
    case '==':
      return { kind: 'in', label, values: [value] };
    case '!=':
      return { kind: 'notIn', label, values: [value] };
    case 'contains':
      return { kind: 'text', label, test: 'contains', value };
    case 'starts with':
      return { kind: 'text', label, test: 'startsWith', value };
    case 'ends with':
      return { kind: 'text', label, test: 'endsWith', value };
    default:
      return unreachable(operator);
  }
}

/** What Calico itself knows of endpoints, by the keys under which it says so. */
const knownKeys: ReadonlyMap<string, LabelKey> = new Map([
  ['projectcalico.org/namespace', namespaceKey],
  ['pcns.projectcalico.org/name', namespaceKey],
  ['projectcalico.org/serviceaccount', serviceAccountKey],
  ['pcsa.projectcalico.org/name', serviceAccountKey],
  ['projectcalico.org/orchestrator', orchestratorKey],
]);

const prefixes = { endpoint: '', namespace: 'pcns.', serviceAccount: 'pcsa.' } as const;

function labelKey(name: string, owner: LabelOwner): LabelKey {
  const flat = `${prefixes[owner]}${name}`;
  const known = knownKeys.get(flat);
  if (known !== undefined) return known;
  if (flat.startsWith(prefixes.namespace)) return { space: 'namespace', key: flat.slice(prefixes.namespace.length) };
  if (flat.startsWith(prefixes.serviceAccount)) return { space: 'serviceAccount', key: flat.slice(prefixes.serviceAccount.length) };
  return { space: 'pod', key: flat };
}
