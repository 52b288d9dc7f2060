/** What is said of files and objects before any rule looks at them, as findings: nothing that is refused goes unseen. */
import type { Diagnostic } from '@weir/kube';
import type { LintContext } from '../context/lint-context.ts';
import type { DraftFinding, LintRule } from '../lint-rule.ts';

/** The codes that say that policies of several APIs have no order, or that an engine does not read an API. */
const unread = 'unread-policy';

/** The rules. */
export const inputRules: readonly LintRule[] = [
  {
    id: 'broken-manifest',
    title: 'a file, or a part of it, that cannot be read',
    severity: 'error',
    check: ({ input, snapshot }) => [
      ...(input.diagnostics ?? []).filter(({ code }) => code !== 'duplicate-object').map(draftOf),
      ...snapshot.diagnostics.filter(({ code }) => code === 'wrong-type').map(draftOf),
    ],
  },
  {
    id: 'refused-policy',
    title: 'a policy that is refused as a whole',
    severity: 'error',
    check: (context) => aboutPolicies(context, ({ severity, code }) => severity === 'error' && code !== 'wrong-type'),
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
  const byName = new Map(objects.map((of) => [of.name, of]));
  return snapshot.diagnostics.filter(wanted).map((diagnostic): DraftFinding => {
    const about = byName.get(diagnostic.object ?? '');
    if (about === undefined) return draftOf(diagnostic);
    const { message, action, field, severity } = diagnostic;
    return { about, message, action, severity, ...(field === undefined || field === '' ? {} : { field }) };
  });
}

function draftOf({ position, object, severity, message, action }: Diagnostic): DraftFinding {
  const { file, line, column = 1 } = position ?? { file: '', line: 1 };
  const about = { part: { file, line, column, endLine: line, endColumn: column } };
  return { about, severity, action, message: object === undefined ? message : `${object}: ${message}` };
}
