/** Whom policies of whatever API select among the pods of a cluster. */
import {
  compileKnownFields,
  isOfKind,
  isRefused,
  type PolicyKind,
  podToEndpoint,
  policyCompilers,
  type ReferredObjects,
} from '@weir/compile';
import { type KubeObject, type Namespace, namespaceNameLabel, type Pod, type StringMap } from '@weir/kube';
import { appliesToPods, type Endpoint, type Selector, selectorMatches } from '@weir/model';
import { addToGroup, defined } from '@weir/net';

/** A pod that can talk, as selectors see it. */
interface TalkingPod {
  readonly pod: Pod;
  readonly endpoint: Endpoint;
}

/** Whom a policy selects depends on nothing that it refers to. */
const nothingReferred: ReferredObjects = { get: () => undefined, list: () => [] };

/** The pods of one moment. */
export class PolicySubjects {
  readonly #labels: ReadonlyMap<string, StringMap>;
  readonly #pods: ReadonlyMap<string, readonly Pod[]>;
  /** By namespace; made for the namespaces that somebody asks of. */
  readonly #talking = new Map<string, readonly TalkingPod[]>();

  constructor(pods: readonly Pod[], namespaces: readonly Namespace[]) {
    this.#labels = new Map(namespaces.map(({ metadata }) => [metadata.name ?? '', metadata.labels ?? {}]));
    const byNamespace = new Map<string, Pod[]>();
    for (const pod of pods) {
      const { namespace = '' } = pod.metadata;
      addToGroup(byNamespace, namespace, pod);
    }
    this.#pods = byNamespace;
  }

  /** The pods that the policy must protect: those that can talk, on a node. Undefined: it is staged, and protects nobody. */
  of({ kind, object }: { readonly kind: PolicyKind; readonly object: KubeObject }): readonly Pod[] | undefined {
    const { selectors, isStaged } = subjectsOf(kind, object);
    if (isStaged) return undefined;
    const namespaces = kind.namespaced ? [object.metadata.namespace ?? ''] : [...this.#pods.keys()];
    return namespaces.flatMap((namespace) =>
      this.#talkingIn(namespace).flatMap(({ pod, endpoint }) =>
        selectors.some((selector) => selectorMatches(selector, endpoint)) ? [pod] : [],
      ),
    );
  }

  #talkingIn(namespace: string): readonly TalkingPod[] {
    let talking = this.#talking.get(namespace);
    if (talking === undefined) {
      const labels = { ...this.#labels.get(namespace), [namespaceNameLabel]: namespace };
      talking = (this.#pods.get(namespace) ?? []).flatMap((pod): TalkingPod[] => {
        const endpoint = pod.metadata.deletionTimestamp === undefined ? podToEndpoint(pod, labels) : undefined;
        return endpoint === undefined ? [] : [{ pod, endpoint }];
      });
      this.#talking.set(namespace, talking);
    }
    return talking;
  }
}

/** Whom a policy selects, and whether it is only computed. */
interface PolicySubject {
  readonly selectors: readonly Selector[];
  readonly isStaged: boolean;
}

/** A reader that waits asks of the same objects again and again. */
const known = new WeakMap<KubeObject, PolicySubject>();

function subjectsOf(kind: PolicyKind, object: KubeObject): PolicySubject {
  let subject = known.get(object);
  if (subject === undefined) known.set(object, (subject = readSubjects(kind, object)));
  return subject;
}

/** A policy that is refused selects whom its stand-in selects. */
function readSubjects(kind: PolicyKind, object: KubeObject): PolicySubject {
  // Objects in lists do not always say of which kind they are.
  const named = isOfKind(object, kind) ? object : { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
  const compiler = defined(
    policyCompilers.find(({ policyKinds }) => policyKinds.includes(kind)),
    `${kind.kind} is no kind of policies`,
  );
  const compiled = compileKnownFields({ compiler, object: named, referred: nothingReferred }, {});
  const hasFailed = isRefused(compiled);
  const placed = hasFailed ? compiler.closed(named, nothingReferred) : compiled.policies;
  const enforced = placed.filter(({ policy }) => !policy.staged);
  return {
    selectors: enforced.filter(({ policy }) => appliesToPods(policy)).map(({ policy }) => policy.subject),
    isStaged: enforced.length === 0 && (placed.length > 0 || hasFailed),
  };
}

function apiVersionOf({ group, versions: [version = ''] }: PolicyKind): string {
  return group === '' ? version : `${group}/${version}`;
}
