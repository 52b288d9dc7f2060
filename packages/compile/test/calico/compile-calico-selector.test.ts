import { type LabelsBySpace, type Selector, selectorMatchesLabels } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { compileCalicoSelector, compileEntitySelectors, compileSubject, parseCalicoSelector } from '../../src/index.ts';

/** A pod `web` in namespace `shop` under the service account `cashier`, and what is in no namespace. */
const pod: LabelsBySpace = {
  pod: { app: 'web', 'pcns.team': 'forged' },
  namespace: { team: 'red' },
  serviceAccount: { role: 'pay' },
  reserved: { namespace: 'shop', name: 'web', serviceAccount: 'cashier', orchestrator: 'k8s' },
};
const globalSet: LabelsBySpace = { pod: { app: 'web' }, namespace: {}, serviceAccount: {}, reserved: {} };

function compiled(text: string): Selector {
  const result = parseCalicoSelector(text);
  if (result.kind === 'refused') throw new Error(result.message);
  return compileCalicoSelector(result.selector);
}

describe('a selector of Calico in the model', () => {
  it.each<[string, boolean, boolean]>([
    [`app == 'web'`, true, true],
    [`app != 'web'`, false, false],
    [`app != 'x'`, true, true],
    [`gone != 'x'`, true, true],
    [`app contains 'e'`, true, true],
    [`app starts with 'w' && app ends with 'b'`, true, true],
    [`gone contains ''`, false, false],
    [`gone not in {'x'}`, true, true],
    ['app in {}', false, false],
    ['has(app) && !has(gone)', true, true],
    [`pcns.team == 'red'`, true, false],
    [`pcns.team == 'forged'`, false, false],
    [`pcsa.role == 'pay'`, true, false],
    [`projectcalico.org/namespace == 'shop'`, true, false],
    [`pcns.projectcalico.org/name in {'shop'}`, true, false],
    [`projectcalico.org/serviceaccount == 'cashier'`, true, false],
    [`projectcalico.org/orchestrator == 'k8s'`, true, false],
    ['all()', true, true],
    ['global()', false, true],
  ])('%s matches a pod: %s, and what is in no namespace: %s', (text, ofPod, ofGlobal) => {
    const selector = compiled(text);
    expect([selectorMatchesLabels(selector, pod), selectorMatchesLabels(selector, globalSet)]).toEqual([ofPod, ofGlobal]);
  });
});

describe('the subject of a Calico policy', () => {
  const none = { selector: undefined, namespaceSelector: undefined, serviceAccountSelector: undefined };

  it.each<[string, Parameters<typeof compileSubject>[0], boolean, boolean]>([
    ['of the cluster is everybody', { ...none, namespace: undefined }, true, true],
    ['of a namespace is everybody in it', { ...none, namespace: 'shop' }, true, false],
    ['of another namespace is nobody here', { ...none, namespace: 'x' }, false, false],
    ['with every namespace is everybody in any', { ...none, namespace: undefined, namespaceSelector: 'all()' }, true, false],
    ['with a namespace that has no such label', { ...none, namespace: undefined, namespaceSelector: `team != 'red'` }, false, false],
    ['with a service account', { ...none, namespace: 'shop', serviceAccountSelector: `role == 'pay'` }, true, false],
    ['with any service account', { ...none, namespace: undefined, serviceAccountSelector: 'all()' }, true, false],
  ])('%s', (_name, fields, ofPod, ofGlobal) => {
    const subject = compileSubject(fields);
    expect([selectorMatchesLabels(subject, pod), selectorMatchesLabels(subject, globalSet)]).toEqual([ofPod, ofGlobal]);
  });
});

describe('an end of a Calico rule', () => {
  const matches = (labels: LabelsBySpace, ...[entity, namespace]: Parameters<typeof compileEntitySelectors>): boolean => {
    const { selector, notSelector } = compileEntitySelectors(entity, namespace);
    return (
      (selector === undefined || selectorMatchesLabels(selector, labels)) &&
      !(notSelector !== undefined && selectorMatchesLabels(notSelector, labels))
    );
  };

  it('that asks for no labels asks for no namespace either', () => {
    expect(compileEntitySelectors({ nets: ['10.0.0.0/8'], ports: ['a'] }, 'shop')).toEqual({});
  });

  it('of the cluster that only excludes means also what is no endpoint', () => {
    expect(compileEntitySelectors({ notSelector: 'has(app)' }, undefined)).toEqual({
      notSelector: { kind: 'exists', label: { space: 'pod', key: 'app' } },
    });
  });

  it.each<[string, Parameters<typeof compileEntitySelectors>, boolean, boolean]>([
    ['all() of a namespace is in it', [{ selector: 'all()' }, 'shop'], true, false],
    ['all() of the cluster is anybody', [{ selector: 'all()' }, undefined], true, true],
    ['all() with all namespaces is in some', [{ selector: 'all()', namespaceSelector: 'all()' }, 'x'], true, false],
    ['global() is in none', [{ selector: 'has(app)', namespaceSelector: 'global()' }, 'shop'], false, true],
    ['a negation alone keeps to the own namespace', [{ notSelector: 'has(gone)' }, 'shop'], true, false],
    ['a negation excludes', [{ notSelector: 'has(app)' }, 'shop'], false, false],
    ['names of service accounts', [{ serviceAccounts: { names: ['cashier', 'x'] } }, 'shop'], true, false],
    ['service accounts by label', [{ serviceAccounts: { selector: `role == 'x'` } }, 'shop'], false, false],
    ['a service account of another namespace is another one', [{ serviceAccounts: { names: ['cashier'] } }, 'x'], false, false],
  ])('%s', (_name, args, ofPod, ofGlobal) => {
    expect([matches(pod, ...args), matches(globalSet, ...args)]).toEqual([ofPod, ofGlobal]);
  });
});
