/** An application as people deploy it, with its policies: not called wrong where it is right, and found when it breaks. */
import { describe, expect, it } from 'vitest';
import { boutique } from './boutique.ts';
import { lintText } from './lint-text.ts';

const wrong = (text: string): readonly string[] =>
  lintText(text)
    .filter(({ severity }) => severity !== 'info')
    .map(({ rule, field = '' }) => `${rule} ${field}`);

describe('the online boutique', () => {
  it('has nothing that is wrong, and hints about what is open alone', () => {
    const all = lintText(boutique);
    expect(wrong(boutique)).toEqual([]);
    expect([...new Set(all.map(({ rule }) => rule))]).toEqual(['open-egress', 'redundant-policy']);
    expect(all.filter(({ rule }) => rule === 'open-egress')).toHaveLength(12);
    // That of the front lets everything through both ways.
    expect(all.flatMap(({ rule, object }) => (rule === 'redundant-policy' ? [object] : []))).toEqual(['NetworkPolicy default/frontend']);
  });

  it('has what is wrong found when somebody breaks it', () => {
    const breaks: readonly (readonly [string, string, string])[] = [
      [
        'matchLabels: { app: redis-cart } }\n  policyTypes',
        'matchLabels: { app: redis-crat } }\n  policyTypes',
        'selects-nothing spec.podSelector',
      ],
      [
        '- podSelector: { matchLabels: { app: cartservice } }',
        '- podSelector: { matchLabels: { app: cartServ1ce } }',
        'dangling-selector spec.ingress[0].from[0]',
      ],
      ['[{ port: 8080, protocol: TCP }]', '[{ port: 5000, protocol: TCP }]', 'service-port spec.ingress[0]'],
      ['policyTypes: [Ingress, Egress]', 'policyTypes: [Ingress]', 'unenforced-rules spec.egress'],
    ];
    for (const [from, to, expected] of breaks) {
      expect(boutique).toContain(from);
      expect(wrong(boutique.replace(from, to))).toContain(expected);
    }
  });
});
