/** What is said of rules that decide nothing, of allowances without effect, and of policies whose names decide. */
import { describe, expect, it } from 'vitest';
import { applyFixes } from '../../src/index.ts';
import { lintText } from '../lint-text.ts';

const onlyRules = ['redundant-rule', 'redundant-policy', 'shadowed-rule', 'unreachable-rule', 'one-sided-allowance', 'tied-order'];

const pods = ['web', 'front', 'back']
  .map(
    (name) =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}\nspec: {containers: [{name: c}]}\n`,
  )
  .join('---\n');
const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: shop}}\n';

function policy(name: string, spec: string): string {
  return `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
}

function calico(name: string, spec: string): string {
  return `---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}

function administrators(name: string, { tier = 'Admin', priority = 10, action = 'Deny' }): string {
  return `---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: ${name}}
spec:
  tier: ${tier}
  priority: ${priority}
  subject: {namespaces: {matchLabels: {team: shop}}}
  ingress: [{action: ${action}, from: [{namespaces: {matchLabels: {team: shop}}}]}]
`;
}

/** `rule severity field of object: message`, without the parts of the message that name files. */
function said(...policies: readonly string[]): string[] {
  const findings = lintText([namespace, '---\n', pods, ...policies].join(''), { onlyRules });
  return findings.map(({ rule, severity, object = '', field, message }) => `${rule} ${severity} ${object} ${field ?? ''}: ${message}`);
}

const allowFront = '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}]}]}';

describe('parts of policies that decide nothing', () => {
  it('are told with the rule that decides the same, and the line where it stands', () => {
    const both =
      '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}, {from: [{podSelector: {matchLabels: {app: front}}}]}]}';
    expect(said(policy('web', both))).toEqual([
      'redundant-rule warning NetworkPolicy shop/web spec.ingress[1]: this rule changes nothing: spec.ingress[0].from[0] of NetworkPolicy shop/web (policies.yaml:23) allows the same',
    ]);
  });

  it('are told peer by peer where the rule as a whole matters', () => {
    const peers =
      '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}, {podSelector: {matchExpressions: [{key: app, operator: In, values: [front, nobody]}]}}]}]}';
    expect(said(policy('web', peers))).toEqual([
      expect.stringMatching(/^redundant-rule warning NetworkPolicy shop\/web spec\.ingress\[0\]\.from\[1\]: this peer changes nothing/),
    ]);
  });

  it('are policies as a whole where others say all that they say, the first of equal ones staying', () => {
    const sameToday = allowFront.replace(
      '{matchLabels: {app: front}}',
      '{matchExpressions: [{key: app, operator: In, values: [front, nobody]}]}',
    );
    expect(said(policy('a', allowFront), policy('b', sameToday))).toEqual([
      expect.stringMatching(
        /^redundant-policy info NetworkPolicy shop\/b : .*decided alike by spec\.ingress\[0\]\.from\[0\] of NetworkPolicy shop\/a \(policies\.yaml:23\), and its pods are isolated by NetworkPolicy shop\/a/,
      ),
    ]);
  });

  it('are not default denials of a namespace, which are there for pods to come', () => {
    const everybody = '{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}]}]}';
    expect(said(policy('a', everybody), policy('deny', '{podSelector: {}, policyTypes: [Ingress]}'))).toEqual([]);
    expect(said(policy('a', everybody), policy('deny', '{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}'))).toEqual([
      expect.stringContaining(
        'redundant-policy info NetworkPolicy shop/deny : this policy changes nothing for the pods that there are: its pods are isolated by NetworkPolicy shop/a',
      ),
    ]);
  });

  it('are an info where only another tier agrees', () => {
    const open = '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}, {ports: [{port: 80}]}]}';
    const shut = policy('shut', '{podSelector: {}, policyTypes: [Ingress]}');
    const lines = said(administrators('admin', { action: 'Accept' }), shut, policy('open', open));
    expect(lines).toEqual([
      expect.stringMatching(
        /^redundant-rule info NetworkPolicy shop\/open spec\.ingress\[0\]: this rule changes nothing today: .* of spec\.ingress\[0\]\.from\[0\] of ClusterNetworkPolicy admin/,
      ),
    ]);
  });

  it('are shadowed where a rule in front decides otherwise', () => {
    const spec = '{selector: app == "web", ingress: [{action: Allow}, {action: Deny, source: {selector: app == "front"}}]}';
    expect(said(calico('web', spec))).toEqual([
      expect.stringMatching(
        /^shadowed-rule warning GlobalNetworkPolicy web spec\.ingress\[1\]: this rule never decides: .* by spec\.ingress\[0\] of GlobalNetworkPolicy web/,
      ),
    ]);
  });

  it('are unreachable behind a tier that denies, such as baseline rules behind a NetworkPolicy', () => {
    expect(
      said(administrators('base', { tier: 'Baseline', action: 'Accept' }), policy('shut', '{podSelector: {}, policyTypes: [Ingress]}')),
    ).toEqual([
      expect.stringMatching(
        /^unreachable-rule warning ClusterNetworkPolicy base spec\.ingress\[0\]: .* by the end of tier default, as NetworkPolicy shop\/shut \(policies\.yaml:\d+\) isolates/,
      ),
    ]);
  });
});

describe('allowances of which nothing comes', () => {
  const towards = policy(
    'front',
    '{podSelector: {matchLabels: {app: front}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: web}}}]}]}',
  );

  it('are told with the policy that isolates the other end, in both directions', () => {
    expect(said(towards, policy('shut', '{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}'))).toEqual([
      expect.stringMatching(
        /^one-sided-allowance warning NetworkPolicy shop\/front spec\.egress\[0\]: nothing comes of this rule: .* denied where they go: allowed by no rule, while NetworkPolicy shop\/shut \(policies\.yaml:\d+\) isolates/,
      ),
    ]);
    expect(said(policy('web', allowFront), policy('shut', '{podSelector: {matchLabels: {app: front}}, policyTypes: [Egress]}'))).toEqual([
      expect.stringMatching(
        /^one-sided-allowance warning NetworkPolicy shop\/web spec\.ingress\[0\]: .* denied where they come from: allowed by no rule, while NetworkPolicy shop\/shut/,
      ),
    ]);
  });

  it('are told with the rule that denies at the other end', () => {
    const deny = calico('deny', '{selector: app == "web", ingress: [{action: Deny, source: {selector: app == "front"}}, {action: Allow}]}');
    expect(said(towards, deny)).toEqual([
      expect.stringMatching(/one-sided-allowance .*denied by spec\.ingress\[0\] of GlobalNetworkPolicy deny/),
    ]);
  });

  it('are none where the other end lets one of the connections through', () => {
    expect(said(towards, policy('web', '{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}'))).toEqual([]);
    expect(said(towards)).toEqual([]);
  });
});

describe('policies of one order', () => {
  it('are tied where they decide a connection in different ways: an error where the API leaves open which holds', () => {
    expect(said(administrators('a', { action: 'Deny' }), administrators('b', { action: 'Accept' }))).toEqual([
      expect.stringMatching(
        /^tied-order error ClusterNetworkPolicy b spec\.ingress\[0\]\.from\[0\]: this rule would allow what spec\.ingress\[0\]\.from\[0\] of ClusterNetworkPolicy a \(policies\.yaml:\d+\) of the same order/,
      ),
    ]);
    const ties = (first: string, second: string): string[] =>
      said(
        calico('a', `{order: 5, selector: app == "web", ingress: [{action: ${first}}]}`),
        calico('b', `{order: 5, selector: app == "web", ingress: [{action: ${second}}]}`),
      );
    expect(ties('Allow', 'Deny')).toEqual([expect.stringMatching(/^tied-order warning GlobalNetworkPolicy b .*their names alone decide/)]);
    expect(ties('Deny', 'Deny').filter((line) => line.startsWith('tied'))).toEqual([]);
  });
});

describe('what can be taken out', () => {
  const text = (spec: string): string => [namespace, '---\n', pods, policy('web', spec)].join('');
  const without = (spec: string): string | undefined => {
    const source = text(spec);
    const findings = lintText(source, { onlyRules: ['redundant-rule'] });
    return applyFixes(new Map([['policies.yaml', source]]), findings, 'all').texts.get('policies.yaml');
  };

  it('is taken out where another of its list stays, and only when somebody asks for it', () => {
    const open = '{from: [{podSelector: {}}]}';
    const front = '{from: [{podSelector: {matchLabels: {app: front}}}]}';
    const spec = `{podSelector: {matchLabels: {app: web}}, ingress: [${open}, ${front}]}`;
    expect(without(spec)).toBe(text(`{podSelector: {matchLabels: {app: web}}, ingress: [${open}]}`));
    const findings = lintText(text(spec), { onlyRules: ['redundant-rule'] });
    expect(findings.map(({ fix }) => fix?.isSafe)).toEqual([false]);
  });

  it('stays where the other one is open to all, as that is the mistake', () => {
    const spec = `{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}], ports: [{port: 80}]}, {ports: [{port: 80}]}]}`;
    const [finding] = lintText(text(spec), { onlyRules: ['redundant-rule'] });
    expect(finding?.field).toBe('spec.ingress[0]');
    expect(finding?.fix).toBeUndefined();
    expect(finding?.action).toMatch(
      /^let spec\.ingress\[1\] of NetworkPolicy .* say who is meant: it is open to all; or take this one out$/,
    );
  });

  it('is told once where it is there twice as it is written', () => {
    const twice = '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}, {from: [{podSelector: {}}]}]}';
    expect(lintText(text(twice), { onlyRules: ['redundant-rule', 'duplicate-entry'] }).map(({ rule }) => rule)).toEqual([
      'duplicate-entry',
    ]);
  });
});
