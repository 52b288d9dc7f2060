/** What is said of files and objects before any rule looks at them, as findings: nothing that is refused goes unseen. */
import type { Diagnostic } from '@weir/kube';
import type { LintContext } from '../context/lint-context.ts';
import { diagnosedNames } from '../context/lint-object.ts';
import { nearestWord } from '../context/near-words.ts';
import type { DraftFinding, LintRule } from '../lint-rule.ts';

/** The codes that say that policies of several APIs have no order, or that an engine does not read an API. */
const unread = 'unread-policy';

/** The code that says of what deprecated-api finds that it is left out. */
const givenUp = 'given-up-version';

/** The fields of the policy APIs that people write by hand. */
const policyFields: readonly string[] = [
  'podSelector namespaceSelector policyTypes ingress egress from to ports port endPort protocol ipBlock cidr',
  'except matchLabels matchExpressions operator values tier priority subject pods namespaces networks domainNames',
  'action protocols destinationPort order selector notSelector serviceAccountSelector types source destination',
  'nets notNets notPorts applyOnForward doNotTrack preDNAT serviceAccounts services notProtocol icmp http',
  'endpointSelector nodeSelector ingressDeny egressDeny enableDefaultDeny fromEndpoints toEndpoints fromCIDR',
  'toCIDR fromCIDRSet toCIDRSet fromEntities toEntities toFQDNs toServices toPorts rules icmps matchName',
  'matchPattern description',
].flatMap((names) => names.split(' '));

/** The rules. */
export const inputRules: readonly LintRule[] = [
  {
    id: 'broken-manifest',
    title: 'a file, or a part of it, that cannot be read',
    severity: 'error',
    check: ({ input, snapshot }) => [
      ...oncePerPlace((input.diagnostics ?? []).filter(({ code }) => code !== 'duplicate-object')).map(draftOf),
      ...snapshot.diagnostics.filter(({ code }) => code === 'wrong-type').map(draftOf),
    ],
  },
  {
    id: 'refused-policy',
    title: 'a policy that is refused as a whole',
    severity: 'error',
    check: (context) => aboutPolicies(context, ({ severity, code }) => severity === 'error' && code !== 'wrong-type' && code !== givenUp),
  },
  {
    id: 'unread-policy',
    title: 'a policy of an API that the engine does not read',
    severity: 'warning',
    check: (context) => aboutPolicies(context, ({ code }) => code === unread),
  },
  {
    id: 'policy-warning',
    title: 'something about a policy that its compiler warns of',
    severity: 'warning',
    check: (context) => aboutPolicies(context, ({ severity, code }) => severity === 'warning' && code !== unread && code !== 'wrong-type'),
  },
];

/** Found again by name: a diagnostic names its object as findings do. */
function aboutPolicies({ snapshot, objects }: LintContext, wanted: (diagnostic: Diagnostic) => boolean): readonly DraftFinding[] {
  const byName = new Map(objects.flatMap((of) => diagnosedNames(of).map((name) => [name, of])));
  return snapshot.diagnostics.filter(wanted).map((diagnostic): DraftFinding => {
    const about = byName.get(diagnostic.object ?? '');
    if (about === undefined) return draftOf(diagnostic);
    const { message, action, field, severity, code } = diagnostic;
    const meant = code === 'unknown-field' && field !== undefined ? fieldMeantBy(field) : undefined;
    const advice = meant === undefined ? action : `did you mean ${meant}? ${action}`;
    return { about, message, action: advice, severity, ...(field === undefined || field === '' ? {} : { field }) };
  });
}

/** A parser that stumbles says so in several ways; the first says enough. */
function oncePerPlace(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, position }) => {
    if (position === undefined) return true;
    const place = `${code} ${position.file} ${position.line} ${position.column ?? 0}`;
    return !seen.has(place) && seen.add(place);
  });
}

/** The field that an unknown one was probably meant as, by the name alone. */
function fieldMeantBy(path: string): string | undefined {
  const [, name] = /([A-Za-z]+)$/.exec(path) ?? [];
  return name === undefined ? undefined : nearestWord(name, policyFields);
}

function draftOf({ position, object, severity, message, action }: Diagnostic): DraftFinding {
  const { file, line, column = 1 } = position ?? { file: '', line: 1 };
  const about = { part: { file, line, column, endLine: line, endColumn: column } };
  return { about, severity, action, message: object === undefined ? message : `${object}: ${message}` };
}
