/**
 * Why a selector matches no pod: which part of it no pod has, and what was probably meant.
 *
 * Only what is certain is said. Where not all of a cluster is there, a namespace without any pod among the objects may
 * have pods, and a namespace that is not among them may exist.
 */
import { namespaceNameLabel } from '@weir/kube';
import { type Endpoint, type LabelKey, type LabelsBySpace, type Selector, selectorMatchesLabels, selectorText } from '@weir/model';
import { unreachable } from '@weir/net';
import { AskedLabels, type MeantLabel } from './asked-labels.ts';
import type { KnownNamespace, LintContext } from './lint-context.ts';

/** Why nothing matches. */
export interface UnmatchedSelector {
  /** No namespace is selected, or no pod in those that are. */
  readonly missing: 'namespace' | 'pod';
  /** As a sentence that goes on after the subject: `no pod in namespace shop has the label app=wbe`. */
  readonly reason: string;
  /** What was probably meant, where something is near. */
  readonly meant?: MeantLabel;
  /** Another namespace whose pods have all that is asked of pods: most often that is who is meant. */
  readonly elsewhere?: string;
  /** Pods on the host's network that would match, which no selector yields. */
  readonly onHostNetwork: readonly Endpoint[];
}

/** Undefined where it matches a pod, or may match one that is not known. Each selector is asked once. */
export function unmatchedSelector(context: LintContext, selector: Selector): UnmatchedSelector | undefined {
  if (selector.kind === 'all' || selector.kind === 'none') return undefined;
  const { pods, perhaps } = context.pods.matching(selector);
  if (pods.length > 0 || perhaps.length > 0) return undefined;
  const known = context.once('unmatched selectors', () => new Map<string, UnmatchedSelector | undefined>());
  const key = selectorText(selector);
  if (!known.has(key)) known.set(key, findReason(context, selector));
  return known.get(key);
}

function findReason(context: LintContext, selector: Selector): UnmatchedSelector | undefined {
  const { onHostNetwork } = context.pods.matching(selector);
  const parts = selector.kind === 'and' ? selector.of : [selector];
  const ofNamespaces = parts.filter(isOfNamespace);
  const ofPods = parts.filter((part) => !isOfNamespace(part));
  const there = podsThere(context, ofNamespaces);
  if (there === 'unknown') return undefined;
  if (there.namespaces.length === 0) return withoutNamespace(context, ofNamespaces);
  if (onHostNetwork.length > 0) {
    return {
      missing: 'pod',
      reason: 'only pods on the network of their node have these labels, and selectors never match those',
      onHostNetwork,
    };
  }
  if (ofPods.length === 0 || (!context.isComplete && there.hasEmpty)) return undefined;
  const found = withoutPod(there, ofPods, { elsewhere: namespaceWith(context, ofPods), isNamed: ofNamespaces.length > 0 });
  // Namespaces that are not among the objects may have such pods, where nothing says which ones are meant.
  const isAnywhere = !context.isComplete && !ofNamespaces.some(({ kind }) => kind === 'in');
  return isAnywhere && found.meant === undefined ? undefined : found;
}

/** The first namespace with pods that match; undefined where nothing but negations is asked, as those match anybody. */
function namespaceWith({ pods }: LintContext, parts: readonly Selector[]): string | undefined {
  if (!parts.some(({ kind }) => kind === 'in' || kind === 'exists')) return undefined;
  const names = pods.matching({ kind: 'and', of: parts }).pods.map(({ namespace }) => namespace);
  return names.sort()[0];
}

/** The pods of some namespaces. */
interface PodsThere {
  readonly namespaces: readonly KnownNamespace[];
  readonly labels: AskedLabels;
  /** Whether one of the namespaces has none. */
  readonly hasEmpty: boolean;
}

/** The pods of the namespaces that all parts select, looked up once for each such selector. */
function podsThere(context: LintContext, parts: readonly Selector[]): PodsThere | 'unknown' {
  const known = context.once('pods of selected namespaces', () => new Map<string, PodsThere | 'unknown'>());
  const key = selectorText({ kind: 'and', of: parts });
  let found = known.get(key);
  if (found === undefined) {
    const namespaces = namespacesOf(context, parts);
    if (namespaces === 'unknown') found = namespaces;
    else {
      const pods = namespaces.map(({ name }) => context.pods.inNamespace(name));
      const labels = new AskedLabels(pods.flat().map((pod) => pod.labels));
      found = { namespaces, labels, hasEmpty: pods.some(({ length }) => length === 0) };
    }
    known.set(key, found);
  }
  return found;
}

/** The namespaces that all parts select; unknown where one of them may, as its labels are not there. */
function namespacesOf(context: LintContext, parts: readonly Selector[]): readonly KnownNamespace[] | 'unknown' {
  const { namespaces, isComplete } = context;
  const selector: Selector = { kind: 'and', of: parts };
  const needsLabels = parts.some((part) => !('label' in part) || !isName(part.label));
  const isWithoutLabels = context.once('namespaces without an object', () => [...namespaces.values()].some(({ of }) => of === undefined));
  if (needsLabels && isWithoutLabels) return 'unknown';
  const named = parts.flatMap((part) => (part.kind === 'in' && isName(part.label) ? [part] : []));
  // A namespace of which nothing is among the objects can be there all the same.
  const isElsewhere = !isComplete && named.some(({ values }) => values.some((value) => !namespaces.has(value)));
  const [asked] = named;
  const candidates = asked === undefined ? [...namespaces.values()] : asked.values.flatMap((value) => namespaces.get(value) ?? []);
  const selected = candidates.filter((namespace) => selectorMatchesLabels(selector, labelsOfNamespace(namespace)));
  return isElsewhere && selected.length > 0 ? 'unknown' : selected;
}

function labelsOfNamespace({ name, labels }: KnownNamespace): LabelsBySpace {
  return { pod: {}, namespace: labels, serviceAccount: {}, reserved: { namespace: name } };
}

function withoutNamespace(context: LintContext, parts: readonly Selector[]): UnmatchedSelector | undefined {
  const all = context.once('labels of namespaces', () => new AskedLabels([...context.namespaces.values()].map(labelsOfNamespace)));
  const missing = parts.find((part) => !all.haveMatch(part));
  const meant = missing === undefined ? undefined : all.meantBy(missing);
  if (meant === undefined && !context.isComplete) return undefined;
  const reason = missing === undefined ? 'no namespace has all of these labels' : reasonFor(missing, 'namespace');
  return { missing: 'namespace', reason, ...(meant === undefined ? {} : { meant }), onHostNetwork: [] };
}

function withoutPod(
  { labels, namespaces }: PodsThere,
  parts: readonly Selector[],
  { elsewhere, isNamed }: { readonly elsewhere: string | undefined; readonly isNamed: boolean },
): UnmatchedSelector {
  const [only] = namespaces;
  const where = only !== undefined && namespaces.length === 1 && isNamed ? ` in namespace ${only.name}` : '';
  const missing = parts.find((part) => !labels.haveMatch(part));
  const meant = missing === undefined ? undefined : labels.meantBy(missing);
  const reason =
    missing === undefined ? `no pod${where} has all of these labels, only some of them` : `${reasonFor(missing, 'pod')}${where}`;
  if (elsewhere !== undefined) {
    return { missing: 'pod', reason: `${reason}, and pods of namespace ${elsewhere} have what is asked`, elsewhere, onHostNetwork: [] };
  }
  return { missing: 'pod', reason, ...(meant === undefined ? {} : { meant }), onHostNetwork: [] };
}

function reasonFor(part: Selector, what: 'pod' | 'namespace'): string {
  if (part.kind === 'in' && isName(part.label)) return `there is no namespace ${part.values.join(' or ')}`;
  if (part.kind === 'in') return `no ${what} has the label ${part.values.map((value) => `${part.label.key}=${value}`).join(' or ')}`;
  if (part.kind === 'exists') return `no ${what} has a label ${part.label.key}`;
  if (part.kind === 'notIn') return `every ${what} has the label ${part.values.map((value) => `${part.label.key}=${value}`).join(' or ')}`;
  if (part.kind === 'absent') return `every ${what} has a label ${part.label.key}`;
  if (part.kind === 'text') return `no ${what} has a label ${part.label.key} that ${textTests[part.test]} ${part.value}`;
  return `no ${what} is what a part of the selector asks for`;
}

const textTests = { contains: 'contains', startsWith: 'starts with', endsWith: 'ends with' } as const;

/** Whether a selector asks for nothing but namespaces. */
export function isOfNamespace(part: Selector): boolean {
  switch (part.kind) {
    case 'in':
    case 'notIn':
    case 'text':
    case 'exists':
    case 'absent':
      return part.label.space === 'namespace' || isName(part.label);
    case 'and':
    case 'or':
      return part.of.every(isOfNamespace);
    case 'not':
      return isOfNamespace(part.of);
    case 'all':
    case 'none':
      return false;
    default:
      return unreachable(part);
  }
}

/** Whether the key is that of the namespace's name. */
function isName({ space, key }: LabelKey): boolean {
  return (space === 'reserved' && key === 'namespace') || (space === 'namespace' && key === namespaceNameLabel);
}

/** `did you mean app=web?` as advice, or what else can be done, for a peer of a rule or for the pods that a policy selects. */
export function adviceFor({ meant, missing, elsewhere, onHostNetwork }: UnmatchedSelector, what: 'peer' | 'subject'): string {
  if (onHostNetwork.length > 0) return 'name the addresses of the nodes, as an ipBlock, or take the pods off the host network';
  if (elsewhere !== undefined) {
    return what === 'peer'
      ? `select namespace ${elsewhere} too: without it a selector means pods of the policy's own namespace`
      : `put the policy into namespace ${elsewhere}, or correct the selector`;
  }
  if (meant === undefined) {
    return missing === 'namespace'
      ? 'correct the selector, or create the namespace'
      : 'correct the selector, or label the pods that are meant';
  }
  const { label, near, what: part } = meant;
  if (isName(label)) return `did you mean namespace ${near}?`;
  return part === 'value' ? `did you mean ${label.key}=${near}?` : `did you mean the label ${near}?`;
}
