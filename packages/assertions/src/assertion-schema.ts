/** The form of a file of assertions, field by field. */
import type { LabelSelector, StringMap } from '@weir/kube';
import type { EngineName, Outcome } from '@weir/model';
import type { Family } from '@weir/net';
import { z } from 'zod';

const engine = z.enum(['kubernetes', 'azure', 'calico', 'cilium']);
const outcome = z.enum(['allow', 'deny', 'unknown']);
const text = z.string().min(1);
const oneOrMore = <T extends z.ZodType>(item: T): z.ZodUnion<readonly [T, z.ZodArray<T>]> => z.union([item, z.array(item).min(1)]);

const requirement = z.strictObject({
  key: text,
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).optional(),
});
const selector = z.strictObject({ matchLabels: z.record(text, z.string()).optional(), matchExpressions: z.array(requirement).optional() });

const pods = z
  .strictObject({
    namespace: oneOrMore(text).optional().describe('Namespaces by name'),
    namespaceSelector: selector.optional().describe('Namespaces by their labels'),
    labels: z.record(text, z.string()).optional().describe('Labels that the pods have'),
    podSelector: selector.optional().describe('Pods by their labels'),
    serviceAccount: text.optional().describe('The service account that the pods have'),
  })
  .describe('Pods by what they are; all that is given must hold');

const end = z
  .union([text, pods])
  .describe(
    'namespace/pod, namespace/workload, svc:namespace/service, an address or a block of addresses, node:name, internet, outside, nodes, pods, any, or a name from ends',
  );
const port = z
  .union([z.number().int().min(1).max(65535), text])
  .describe('80, 53/UDP, 8000-8080, a port name, icmp or icmp/8; TCP where no protocol is named');
const peer = z.union([
  text,
  z.strictObject({ ...pods.shape, end: end.optional(), port: port.optional(), ports: z.array(port).min(1).optional() }),
]);

const everyTest = {
  name: text.optional().describe('What is asserted, in words'),
  because: text.optional().describe('Why it matters; said when the assertion fails'),
  port: port.optional(),
  ports: z.array(port).min(1).optional(),
  profile: oneOrMore(engine).optional().describe('The engines that the assertion is about'),
  family: z
    .union([z.literal(4), z.literal(6)])
    .optional()
    .describe('Only connections over IPv4, or IPv6'),
};

const flowTest = z.strictObject({
  ...everyTest,
  from: oneOrMore(end).describe('Who connects; each of them must have the verdict'),
  to: oneOrMore(end).describe('To whom; each of them must have the verdict'),
  expect: z.union([outcome, z.partialRecord(engine, outcome)]).describe('The verdict, or one for each engine'),
  decidedBy: text.optional().describe('The policy that must be what decides: namespace/name, with its kind before it where that is needed'),
});

const peers = z.union([peer, z.array(peer)]);
const onlyFromTest = z.strictObject({
  ...everyTest,
  to: oneOrMore(end).describe('Who is connected to'),
  onlyFrom: peers.describe('These may connect there, and nobody else; [] is nobody'),
});
const onlyToTest = z.strictObject({
  ...everyTest,
  from: oneOrMore(end).describe('Who connects'),
  onlyTo: peers.describe('To these they may connect, and to nobody else; [] is nobody'),
});

const file = z.strictObject({
  manifests: oneOrMore(text).optional().describe('Files and folders of manifests, relative to this file'),
  profile: oneOrMore(engine).optional().describe('The engines that judge; each assertion must hold on each'),
  podRange: oneOrMore(text)
    .optional()
    .describe('Where pods have their addresses, for pods of manifests that have none: blocks such as 10.244.0.0/16'),
  ends: z.record(text, oneOrMore(end)).optional().describe('Names for ends, to be used as from and to'),
  tests: z.array(z.unknown()).min(1),
});

/** Pods by what they are, as it is written. */
export interface PodWords {
  readonly namespace?: string | readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly labels?: StringMap;
  readonly podSelector?: LabelSelector;
  readonly serviceAccount?: string;
}

/** An end as it is written. */
export type EndWords = string | PodWords;

/** A port as it is written. */
export type PortWords = number | string;

interface WithPorts {
  readonly port?: PortWords;
  readonly ports?: readonly PortWords[];
}

/** One of those who alone may, as it is written. */
export type PeerWords = string | (PodWords & WithPorts & { readonly end?: EndWords });

/** One assertion as it is written. */
export interface TestWords extends WithPorts {
  readonly name?: string;
  readonly because?: string;
  readonly profile?: EngineName | readonly EngineName[];
  readonly family?: Family;
  readonly from?: EndWords | readonly EndWords[];
  readonly to?: EndWords | readonly EndWords[];
  readonly expect?: Outcome | Readonly<Partial<Record<EngineName, Outcome>>>;
  readonly decidedBy?: string;
  readonly onlyFrom?: PeerWords | readonly PeerWords[];
  readonly onlyTo?: PeerWords | readonly PeerWords[];
}

/** The file as it is written; its tests are checked one by one. */
export interface FileWords {
  readonly manifests?: string | readonly string[];
  readonly profile?: EngineName | readonly EngineName[];
  readonly podRange?: string | readonly string[];
  readonly ends?: Readonly<Record<string, EndWords | readonly EndWords[]>>;
  readonly tests: readonly unknown[];
}

/** What was read, or what is wrong with it. */
export type Checked<T> = { readonly data: T } | { readonly issues: readonly z.core.$ZodIssue[] };

/** Reads the file without its tests. */
export function checkFile(value: unknown): Checked<FileWords> {
  return checked<FileWords>(file, value);
}

/** Reads a test by the form that its keys tell. */
export function checkTest(value: unknown): Checked<TestWords> {
  const has = (key: string): boolean => typeof value === 'object' && value !== null && key in value;
  return checked<TestWords>(has('onlyFrom') ? onlyFromTest : has('onlyTo') ? onlyToTest : flowTest, value);
}

function checked<T>(form: z.ZodType, value: unknown): Checked<T> {
  const { success, data, error } = form.safeParse(value, { reportInput: true });
  return success ? { data: data as T } : { issues: error.issues };
}

/** The form as a JSON schema, for editors. */
export function assertionFileSchema(): Readonly<Record<string, unknown>> {
  const whole = file.extend({ tests: z.array(z.union([flowTest, onlyFromTest, onlyToTest])).min(1) });
  return { title: 'A file of assertions for weir test', ...z.toJSONSchema(whole, { target: 'draft-7', io: 'input' }) };
}
