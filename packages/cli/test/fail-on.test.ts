/** `--fail-on` is one option with one grammar, whatever the command answers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Command, wholeCommand } from '../src/command.ts';
import { renderHelp } from '../src/help.ts';
import { main } from '../src/main.ts';
import { rootCommand } from '../src/root-command.ts';

const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }\nspec: { containers: [{ name: c, image: i, ports: [{ containerPort: 80 }] }] }\nstatus: { podIP: 10.244.0.${name.length} }\n---\n`;
const pods = ['web', 'db', 'front'].map(pod).join('');
const policy = (ingress: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: db, namespace: shop }\nspec: { podSelector: { matchLabels: { app: db } }, ingress: ${ingress} }\n`;
const files: Readonly<Record<string, string>> = {
  'closed.yaml': `${pods}${policy('[]')}`,
  'open.yaml': `${pods}${policy('[{ from: [{ podSelector: {} }] }]')}`,
  'policy.yaml': policy('[]'),
  'typo.yaml': `${pods}${policy('[{ from: [{ podSelector: { matchLabels: { app: wbe } } }] }]')}`,
  'staged.yaml': `${pods}apiVersion: projectcalico.org/v3\nkind: StagedNetworkPolicy\nmetadata: { name: close, namespace: shop }\nspec: { tier: default, selector: app == 'db', types: [Ingress] }\n`,
  'calico.yaml': `${pods}apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: { name: db, namespace: shop }\nspec: { order: 1, selector: app == 'db', types: [Ingress], ingress: [{ action: Log }, { action: Deny }] }\n`,
  'block.yaml': `${pods}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: web, namespace: shop }\nspec: { podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }] }\n`,
  'no.weir-test.yaml': 'manifests: [closed.yaml]\ntests: [{ from: shop/web, to: shop/db, port: 80, expect: allow }]\n',
  'flows.jsonl': `${JSON.stringify({ time: '2026-01-31T12:00:00Z', node: 'n1', verdict: 'deny', protocol: 'TCP', source: { pod: 'shop/web', ip: '10.244.0.3', port: 40_000 }, destination: { pod: 'shop/db', ip: '10.244.0.2', port: 80 } })}\n`,
  'allowed.jsonl': `${JSON.stringify({ time: '2026-01-31T12:00:00Z', node: 'n1', verdict: 'allow', protocol: 'TCP', source: { pod: 'shop/web', ip: '10.244.0.3', port: 40_000 }, destination: { pod: 'shop/db', ip: '10.244.0.2', port: 80 } })}\n`,
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-fail-on-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What the command printed, which is not of interest but for what is wrong. */
let said = '';
beforeEach(() => {
  said = '';
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});
const code = (line: string): Promise<number> => main(line.split(' ').map((word) => (word in files ? join(folder, word) : word)));

/** Every command with its words. */
async function allCommands(command: Command, path: readonly string[] = []): Promise<readonly (readonly [string, Command])[]> {
  const whole = await wholeCommand(command);
  const below = await Promise.all((whole.subcommands ?? []).map((each) => allCommands(each, [...path, each.name])));
  return [[path.join(' '), whole] as const, ...below.flat()];
}

describe('--fail-on', () => {
  it('has every command that a pipeline asks, as the last of its own options, and each takes never', async () => {
    const withIt = (await allCommands(rootCommand)).filter(([, { options = {} }]) => 'fail-on' in options);
    expect(withIt.map(([name]) => name).sort()).toEqual(
      ['agent explain', 'convert', 'diff', 'flows', 'lint', 'matrix', 'migrate', 'staged report', 'suggest', 'test', 'why'].sort(),
    );
    for (const [name, command] of withIt) {
      const { options = {} } = command;
      expect(Object.keys(options).at(-1), name).toBe('fail-on');
      expect(options['fail-on']?.values?.at(-1), name).toBe('never');
      expect(renderHelp(command, name.split(' ')), name).toMatch(
        /\n {6}--fail-on \S+\|never +exit code 1 when .+; default .+\n\nCommon options:/,
      );
    }
  });

  const cases: readonly { readonly line: string; readonly usually: number; readonly words: Readonly<Record<string, number>> }[] = [
    { line: 'why shop/web shop/db 80 --manifests closed.yaml', usually: 0, words: { denied: 1, allowed: 0 } },
    { line: 'why shop/web shop/db 80 --manifests open.yaml', usually: 0, words: { denied: 0, allowed: 1 } },
    { line: 'why shop/web shop/db http --manifests closed.yaml --both', usually: 0, words: { denied: 1 } },
    { line: 'matrix --manifests closed.yaml', usually: 0, words: { differences: 0 } },
    { line: 'diff closed.yaml open.yaml', usually: 1, words: { any: 1, widened: 1, narrowed: 0, none: 0 } },
    { line: 'diff open.yaml closed.yaml', usually: 1, words: { any: 1, widened: 0, narrowed: 1 } },
    { line: 'diff open.yaml open.yaml', usually: 0, words: { any: 0, widened: 0, narrowed: 0 } },
    { line: 'lint typo.yaml --rule dangling-selector', usually: 0, words: { error: 0, warning: 1, info: 1 } },
    { line: 'test no.weir-test.yaml', usually: 1, words: { failed: 1 } },
    { line: 'suggest --manifests closed.yaml --flows allowed.jsonl', usually: 0, words: { denied: 0 } },
    { line: 'suggest --manifests open.yaml --flows allowed.jsonl --audit policy.yaml', usually: 0, words: { denied: 1 } },
    { line: 'migrate --from azure --to cilium --manifests block.yaml', usually: 1, words: { any: 1 } },
    { line: 'staged report --manifests staged.yaml', usually: 1, words: { denied: 1 } },
    { line: 'convert --to kubernetes --manifests calico.yaml', usually: 1, words: { 'left-out': 1 } },
    { line: 'flows --input flows.jsonl', usually: 0, words: { denied: 1, allowed: 0 } },
  ];

  it.each(cases)('decides about the exit code of weir $line', async ({ line, usually, words }) => {
    expect({ usually: await code(line), never: await code(`${line} --fail-on never`) }).toEqual({ usually, never: 0 });
    for (const [word, wanted] of Object.entries(words)) expect(await code(`${line} --fail-on ${word}`), word).toBe(wanted);
  });

  it('refuses other words, and names those that it takes', async () => {
    for (const line of ['why a b 80', 'diff a b', 'lint', 'test', 'matrix']) {
      said = '';
      expect(await code(`${line} --fail-on sometimes`), line).toBe(2);
      expect(said).toMatch(/--fail-on is one of .*never, not 'sometimes'/);
    }
  });
});
