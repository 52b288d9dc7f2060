import { describe, expect, it } from 'vitest';
import {
  formatFieldError,
  type LabelSelector,
  matchesFieldRequirements,
  matchesLabelRequirements,
  matchesLabelSelector,
  parseFieldSelectorText,
  parseLabelSelectorText,
  validateLabelSelector,
} from '../../src/index.ts';

const labels = { app: 'web', tier: '', constructor_: 'x' };

describe('matching of label selectors', () => {
  it.each<[string, LabelSelector, boolean]>([
    ['the empty selector matches everything', {}, true],
    ['matchLabels needs the value', { matchLabels: { app: 'web' } }, true],
    ['matchLabels with an empty value needs the key', { matchLabels: { tier: '' } }, true],
    ['matchLabels with an empty value does not match an absent key', { matchLabels: { gone: '' } }, false],
    ['In does not match an absent key', { matchExpressions: [{ key: 'gone', operator: 'In', values: ['web'] }] }, false],
    ['NotIn matches an absent key', { matchExpressions: [{ key: 'gone', operator: 'NotIn', values: ['web'] }] }, true],
    ['NotIn does not match a listed value', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a', 'web'] }] }, false],
    ['Exists matches an empty value', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    ['DoesNotExist does not match an empty value', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    ['a key named like a member of every object is absent', { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, false],
    [
      'all requirements must hold',
      { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
      false,
    ],
  ])('%s', (_name, selector, expected) => {
    expect(matchesLabelSelector(selector, labels)).toBe(expected);
  });
});

describe('validation of label selectors', () => {
  it('reports every error in the words of the API server', () => {
    const selector = {
      matchLabels: { 'a b': 'ok', ok: '-bad' },
      matchExpressions: [
        { key: 'a', operator: 'In' },
        { key: 'a', operator: 'Exists', values: ['x'] },
        { key: '', operator: 'Near', values: ['?'] },
        { key: 'Example.com/x', operator: 'DoesNotExist' },
        { key: 'a/b/c', operator: 'DoesNotExist' },
        { key: '/x', operator: 'DoesNotExist' },
      ],
    } as unknown as LabelSelector;
    expect(validateLabelSelector(selector, 'spec.podSelector').map(formatFieldError)).toMatchInlineSnapshot(`
      [
        "spec.podSelector.matchLabels: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "spec.podSelector.matchLabels: Invalid value: "-bad": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        "spec.podSelector.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'",
        "spec.podSelector.matchExpressions[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'",
        "spec.podSelector.matchExpressions[2].operator: Invalid value: "Near": not a valid selector operator",
        "spec.podSelector.matchExpressions[2].key: Invalid value: "": name part must be non-empty",
        "spec.podSelector.matchExpressions[2].key: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "spec.podSelector.matchExpressions[2].values[0]: Invalid value: "?": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        "spec.podSelector.matchExpressions[3].key: Invalid value: "Example.com/x": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.podSelector.matchExpressions[4].key: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
        "spec.podSelector.matchExpressions[5].key: Invalid value: "/x": prefix part must be non-empty",
      ]
    `);
  });

  it('accepts bad values of expressions when told to', () => {
    const selector: LabelSelector = { matchExpressions: [{ key: 'a', operator: 'In', values: ['?'] }] };
    expect(validateLabelSelector(selector, 'p')).toHaveLength(1);
    expect(validateLabelSelector(selector, 'p', { allowInvalidValues: true })).toEqual([]);
  });

  it('counts the length of names in bytes', () => {
    expect(validateLabelSelector({ matchLabels: { ['a'.repeat(63)]: 'b'.repeat(63) } }, 'p')).toEqual([]);
    expect(validateLabelSelector({ matchLabels: { ['a'.repeat(64)]: 'b'.repeat(64) } }, 'p').map((error) => error.message)).toEqual([
      'name part must be no more than 63 bytes',
      'must be no more than 63 bytes',
    ]);
  });
});

describe('label selector texts', () => {
  it.each<[string, boolean]>([
    ['', true],
    ['app', true],
    ['!app', false],
    ['!gone', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier', true],
    ['app!=web', false],
    ['gone!=x', true],
    ['app in (a, web)', true],
    ['app notin (a,web)', false],
    ['gone notin (a)', true],
    ['tier=', true],
    ['tier in ()', true],
    ['tier in (,x)', true],
    ['app in (x,)', false],
    ['in=web', false],
    ['app in (in,notin,web)', true],
    ['app>1', false],
  ])('%j is read', (text, matches) => {
    const result = parseLabelSelectorText(text);
    expect(result.kind).toBe('parsed');
    if (result.kind === 'parsed') expect(matchesLabelRequirements(result.requirements, labels)).toBe(matches);
  });

  it.each<[string, string, number]>([
    ['a=====b', "unable to parse requirement: found '==', expected: identifier", 3],
    ['env IN (a)', "unable to parse requirement: found 'IN', expected: in, notin, =, ==, !=, gt, lt", 4],
    ['a,', "found '', expected: identifier after ','", 2],
    [',a', "found ',', expected: !, identifier, or 'end of string'", 0],
    ['!a=b', "found '=', expected: ',' or 'end of string'", 2],
    ['a in b', "unable to parse requirement: found 'b' expected: '('", 5],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'", 7],
    ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'", 8],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt", 2],
    ['a>x', `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`, 2],
    [
      'x/y/z',
      "unable to parse requirement: <nil>: Invalid value: \"x/y/z\": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
      0,
    ],
  ])('%j is refused with the words of apimachinery and the place', (text, message, offset) => {
    expect(parseLabelSelectorText(text)).toEqual({ kind: 'refused', message, offset });
  });

  it('compares numbers of 64 bits', () => {
    const result = parseLabelSelectorText('n>9007199254740992');
    expect(result.kind).toBe('parsed');
    if (result.kind === 'parsed') expect(matchesLabelRequirements(result.requirements, { n: '9007199254740993' })).toBe(true);
  });
});

describe('field selector texts', () => {
  it.each<[string, boolean]>([
    ['', true],
    ['metadata.name=x', true],
    ['metadata.name==x,status.phase!=Running', true],
    ['metadata.name!=x', false],
    ['spec.nodeName=', true],
  ])('%j is read', (text, matches) => {
    const result = parseFieldSelectorText(text);
    expect(result.kind).toBe('parsed');
    const fields: Readonly<Record<string, string>> = { 'metadata.name': 'x', 'status.phase': 'Pending' };
    if (result.kind === 'parsed') expect(matchesFieldRequirements(result.requirements, (field) => fields[field])).toBe(matches);
  });

  it('a part without an operator is refused with its place', () => {
    expect(parseFieldSelectorText('a=b,c')).toEqual({
      kind: 'refused',
      message: "invalid selector: 'a=b,c'; can't understand 'c'",
      offset: 4,
    });
  });
});
