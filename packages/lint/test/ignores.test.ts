/** What is ignored: by comment, and by configuration. */
import { describe, expect, it } from 'vitest';
import { type IgnoreEntry, readLintConfiguration } from '../src/index.ts';
import { lintAll } from './lint-text.ts';

const pod = `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, image: web }] }
---
`;

const policy = (peers: string): string => `${pod}apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
  podSelector: {}
  ingress:
    - from:
${peers}`;

const shown = (text: string, ignore: readonly IgnoreEntry[] = []): readonly (readonly string[])[] =>
  lintAll(text, { configuration: { ignore } }).map(({ rule, field = '', ignored }) => [rule, field, ignored?.reason ?? 'reported']);

describe('a comment that ignores a rule', () => {
  it('counts for the member of a list that it stands above, and for no other one', () => {
    expect(
      shown(
        policy(`        # weir-lint-ignore dangling-selector: they come later
        - podSelector:
            matchLabels: { app: later }
        - podSelector: { matchLabels: { app: other } }
`),
      ),
    ).toEqual([
      ['dangling-selector', 'spec.ingress[0].from[0]', 'they come later'],
      ['dangling-selector', 'spec.ingress[0].from[1]', 'reported'],
    ]);
  });

  it('counts for the field that it stands beside', () => {
    const text = policy('        - podSelector: { matchLabels: { app: other } } # weir-lint-ignore dangling-selector: elsewhere\n');
    expect(shown(text)).toEqual([['dangling-selector', 'spec.ingress[0].from[0]', 'elsewhere']]);
  });

  it('counts for a list with all of its members, however far in they stand', () => {
    const text = policy('        - podSelector: { matchLabels: { app: a } }\n        - podSelector: { matchLabels: { app: b } }\n');
    const commented = text.replace('    - from:', '    # weir-lint-ignore dangling-selector: elsewhere\n    - from:');
    expect(shown(commented).map(([, , reason]) => reason)).toEqual(['elsewhere', 'elsewhere']);
  });

  it('counts for the whole object above its first line, and not for the next one', () => {
    const one = policy('        - podSelector: { matchLabels: { app: other } }\n');
    const text = one.replace(
      'apiVersion: networking',
      '# weir-lint-ignore dangling-selector, open-egress: elsewhere\napiVersion: networking',
    );
    const other = one.slice(pod.length).replace('name: web', 'name: web-2').replace('app: other', 'app: more');
    expect(shown(`${text}---\n${other}`)).toEqual([
      ['unused-ignore', '', 'reported'],
      ['dangling-selector', 'spec.ingress[0].from[0]', 'elsewhere'],
      ['dangling-selector', 'spec.ingress[0].from[0]', 'reported'],
    ]);
  });

  it('does not count without a reason, and that is said', () => {
    const text = policy('        # weir-lint-ignore dangling-selector\n        - podSelector: { matchLabels: { app: other } }\n');
    expect(shown(text)).toEqual([
      ['ignore-without-reason', '', 'reported'],
      ['dangling-selector', 'spec.ingress[0].from[0]', 'reported'],
    ]);
  });
});

describe('an entry of the configuration', () => {
  const text = policy('        - podSelector: { matchLabels: { app: other } }\n');
  const reason = 'from another repository';

  it('ignores by object and by file, with the reason', () => {
    const fits = (entry: Partial<IgnoreEntry>): unknown => shown(text, [{ rule: 'dangling-selector', reason, ...entry }])[0]?.[2];
    expect(fits({ object: 'NetworkPolicy shop/*' })).toBe(reason);
    expect(fits({ object: 'NetworkPolicy sh*' })).toBe(reason);
    expect(fits({ object: 'NetworkPolicy bank/*' })).toBe('reported');
    expect(fits({ file: '*.yaml' })).toBe(reason);
    expect(fits({ file: 'vendor/**' })).toBe('reported');
    expect(fits({ rule: '*', object: '*' })).toBe(reason);
  });

  it('is read with its place, and refused where it cannot be meant', () => {
    const { configuration, problems } = readLintConfiguration(
      `fail-on: warning
rules:
  open-egress: off
  dangling-selector: fatal
  no-such-rule: error
ignore:
  - rule: dangling-selector
    object: NetworkPolicy shop/web
    reason: from another repository
  - rule: dangling-selector
  - { rule: open-egress, path: x, reason: y }
more: true
`,
      '.weir-lint.yaml',
      (id) => ['open-egress', 'dangling-selector'].includes(id),
    );
    expect(configuration.failOn).toBe('warning');
    expect([...(configuration.rules ?? [])]).toEqual([['open-egress', 'off']]);
    expect(configuration.ignore?.[0]).toMatchObject({ rule: 'dangling-selector', object: 'NetworkPolicy shop/web', place: { line: 7 } });
    expect(problems.map(({ message, position }) => `${position.line}:${position.column ?? 0} ${message}`)).toEqual([
      '12:1 there is no field more: fail-on, rules, ignore, pages',
      '4:22 a rule is error, warning, info or off',
      '5:3 there is no rule no-such-rule',
      '10:5 say for which reason dangling-selector is ignored',
      '11:26 there is no field path: rule, object, file, reason',
    ]);
  });

  it('is told when it ignores nothing any more', () => {
    const { configuration } = readLintConfiguration('ignore: [{ rule: open-egress, object: x, reason: y }]', 'c.yaml', () => true);
    expect(shown(text, configuration.ignore)).toContainEqual(['unused-ignore', '', 'reported']);
  });
});
