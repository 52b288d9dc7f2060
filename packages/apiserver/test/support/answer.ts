/**
 * What tests look for in an answer, whatever its kind: every field is typed as if it were there, and
 * a test that reads one that is not fails at run time.
 */
export interface Answer {
  readonly kind: string;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details: { readonly causes: readonly { readonly reason: string; readonly field: string }[] };
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly continue: string;
    readonly remainingItemCount: number;
    readonly deletionTimestamp: string;
    readonly deletionGracePeriodSeconds: number;
    readonly finalizers: readonly string[];
    readonly managedFields: readonly { readonly manager: string; readonly operation: string; readonly fieldsV1: unknown }[];
  };
  readonly spec: {
    readonly clusterIP: string;
    readonly clusterIPs: readonly string[];
    readonly ipFamilies: readonly string[];
    readonly ports: readonly { readonly nodePort: number }[];
    readonly ephemeralContainers: readonly { readonly name: string }[];
    readonly healthCheckNodePort: number;
    readonly containers: readonly { readonly image: string; readonly resources: unknown; readonly volumeMounts: unknown }[];
    readonly volumes: readonly { readonly name: string }[];
    readonly finalizers: readonly string[];
    readonly nodeName: string;
    readonly policyTypes: readonly string[];
    readonly tolerations: unknown;
  };
  readonly status: { readonly phase: string; readonly conditions: unknown; readonly qosClass: string };
  readonly data: Readonly<Record<string, string>>;
  readonly extra: unknown;
  readonly items: readonly Answer[];
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: Answer }[];
}

/** One line of a watch. */
export interface WatchedEvent {
  readonly type: string;
  readonly object: Answer;
}
