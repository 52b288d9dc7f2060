/** Fixes: what they change, and that everything else in the file stays as it is. */
import { parseManifest } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { applyFixes, type FixChoice, lint } from '../src/index.ts';

function report(text: string): ReturnType<typeof lint> {
  const { documents, diagnostics } = parseManifest(text, 'p.yaml');
  return lint({ objects: documents, diagnostics, texts: new Map([['p.yaml', text]]) });
}

/** Corrects until there is nothing more to correct. */
function fixed(text: string, choice: FixChoice = 'safe'): string {
  for (let current = text, round = 0; ; round++) {
    expect(round).toBeLessThan(20);
    const next = applyFixes(new Map([['p.yaml', current]]), report(current).findings, choice).texts.get('p.yaml');
    if (next === undefined) return current;
    current = next;
  }
}

const head = `# owned by team shop
apiVersion: networking.k8s.io/v1
kind:   NetworkPolicy   # keep these spaces
metadata: {name: web,   namespace: shop}
spec:
  podSelector: {}
`;

describe('a fix', () => {
  it('takes a member out of a list and leaves comments, spaces and quotes around it as they are', () => {
    const text = `${head}  ingress:
    # who may come
    - from:
      - podSelector:   # the front
          matchLabels: {app: 'front'}
      - podSelector:
          matchLabels: {app: "front"}   # twice

      # and the gateway
      - podSelector: {matchLabels: {app: gateway}}
      ports: [ {port: 80},  {port: 80, protocol: TCP}, {port: 8000, endPort: 8100}, {port: 8080} ]  # short

# the end
`;
    expect(fixed(text)).toBe(`${head}  ingress:
    # who may come
    - from:
      - podSelector:   # the front
          matchLabels: {app: 'front'}

      # and the gateway
      - podSelector: {matchLabels: {app: gateway}}
      ports: [ {port: 80},  {port: 8000, endPort: 8100} ]  # short

# the end
`);
  });

  it('leaves an empty list of peers out, and keeps the rule', () => {
    const text = `${head}  policyTypes: [Egress]
  egress:
    - to: []
      ports:
        - port: 53   # DNS
          protocol: UDP
    - to: []
`;
    expect(fixed(text)).toBe(`${head}  policyTypes: [Egress]
  egress:
    - ports:
        - port: 53   # DNS
          protocol: UDP
    - {}
`);
  });

  it('writes a block as it counts, in the quotes that are there', () => {
    const text = `${head}  ingress:
    - from:
        - ipBlock: { cidr: '10.1.2.3/8', except: [ 10.2.3.4/16 ] }  # offices
        - ipBlock:
            cidr: "2001:db8::1/32"
`;
    expect(fixed(text)).toBe(text.replace('10.1.2.3/8', '10.0.0.0/8').replace('10.2.3.4/16', '10.2.0.0/16').replace('db8::1', 'db8::'));
  });

  it('keeps the line ends of Windows', () => {
    const text = `${head}  policyTypes:
    - Ingress
    - Egress
    - Egress
`.replaceAll('\n', '\r\n');
    // More than two are refused by the API server, so this is no duplicate that is looked for.
    expect(report(text).findings.map(({ rule }) => rule)).toEqual(['refused-policy']);
    const rules = `${head}  ingress:
    - from:
        - ipBlock: {cidr: 10.0.0.0/8}
        - ipBlock: {cidr: 10.0.0.0/8}
`.replaceAll('\n', '\r\n');
    expect(fixed(rules)).toBe(
      `${head}  ingress:
    - from:
        - ipBlock: {cidr: 10.0.0.0/8}
`.replaceAll('\n', '\r\n'),
    );
  });

  it('corrects JSON too', () => {
    const policy = (ports: string): string => `{
  "apiVersion": "v1", "kind": "List", "items": [
    { "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": "web" },
      "spec": { "podSelector": {}, "ingress": [ { "from": [{"podSelector": {}}], "ports": [${ports}] } ] } }
  ]
}
`;
    expect(fixed(policy('{"port": 80}, {"port": 443}, {"port": 80}'))).toBe(policy('{"port": 80}, {"port": 443}'));
  });

  it('changes connections only when it is asked to', () => {
    const text = `${head}  policyTypes:
    - Ingress   # both
  egress:
    - to:
        - podSelector: {}
`;
    expect(fixed(text)).toBe(text);
    expect(fixed(text, 'all')).toBe(text.replace('# both\n', '# both\n    - Egress\n'));
  });

  it('writes the label and the port that were meant, when it is asked to', () => {
    const pods = `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app.kubernetes.io/name: web } }
spec: { containers: [{ name: c, image: web, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app.kubernetes.io/name: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
`;
    const text = `${pods}${head.replace('podSelector: {}', "podSelector: { matchLabels: { app.kubernetes.io/name: 'wbe' } }  # subject")}  ingress:
    - from:
        - namespaceSelector: { matchExpressions: [{ key: kubernetes.io/metadata.name, operator: In, values: [shpo] }] }
      ports:
        - port: 80  # http
    - from:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: Web # itself
`;
    expect(fixed(text)).toBe(text);
    expect(fixed(text, 'all')).toBe(
      text
        .replace("'wbe'", "'web'")
        .replace('[shpo]', '[shop]')
        .replace('port: 80  # http', 'port: 8080  # http')
        .replace('Web # itself', 'web # itself'),
    );
  });

  it('is none behind an alias, where another object would change with it', () => {
    const text = `${head}  ingress:
    - from: &peers
        - podSelector: {matchLabels: {app: a}}
        - podSelector: {matchLabels: {app: a}}
    - from: *peers
      ports: [{port: 80}]
`;
    const findings = report(text).findings.filter(({ rule }) => rule === 'duplicate-entry');
    expect(findings.map(({ field, fix }) => [field, fix !== undefined])).toEqual([
      ['spec.ingress[0].from[1]', true],
      ['spec.ingress[1].from[1]', false],
    ]);
  });

  it('is not made where the finding is ignored', () => {
    const text = `${head}  ingress:
    - from:
        - ipBlock: { cidr: 10.1.2.3/8 }  # weir-lint-ignore block-host-bits: as the office writes it
`;
    expect(fixed(text)).toBe(text);
  });
});
