/** Templates as people give them to calicoctl: what Go's text/template makes of them, tried against what its documentation says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CalicoServer, startCalicoServer } from '../../lab/test/support/calico-server.ts';
import { parseTemplate } from '../src/output/go-template/parse-template.ts';
import { runTemplate } from '../src/output/go-template/run-template.ts';
import { templateFunctions } from '../src/output/go-template/template-functions.ts';
import { runWords } from './support/run-words.ts';

const policy = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkPolicy',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'x', 'a/b': 'c' } },
  spec: {
    order: 1_000_000,
    selector: "app == 'web'",
    types: ['Ingress', 'Egress'],
    ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80, '8000:8010'] } }, { action: 'Deny' }],
  },
};
const bare = { kind: 'NetworkPolicy', metadata: { name: 'bare' }, spec: { performanceHints: [] } };
const list = { kind: 'NetworkPolicyList', metadata: { resourceVersion: '7' }, items: [policy, bare] };

function shown(source: string, data: unknown = [list]): string {
  return runTemplate(
    parseTemplate(source),
    data,
    templateFunctions((name) => `the ${name}`),
  );
}

describe('a template', () => {
  it.each([
    ['plain text', 'plain text'],
    ['{{range .}}{{range .Items}}{{.ObjectMeta.Name}}\n{{end}}{{end}}', 'web\nbare\n'],
    ['{{range .}}{{range .Items}}{{.Name}}/{{.Namespace}} {{.Spec.Order}},{{end}}{{end}}', 'web/shop 1e+06,bare/ <nil>,'],
    ['{{range .}}{{.ListMeta.ResourceVersion}} {{.Kind}} {{.TypeMeta.Kind}}{{end}}', '7 NetworkPolicyList NetworkPolicyList'],
    ['{{(index (index . 0).Items 0).Spec.Selector}}', "app == 'web'"],
    ['{{with index . 0}}{{with index .Items 0}}{{join .Spec.Types ","}}{{end}}{{end}}', 'Ingress,Egress'],
    ['{{with (index . 0).Items}}{{len .}}{{else}}none{{end}}', '2'],
    ['{{(index (index . 0).Items 0).Spec.Types}}', '[Ingress Egress]'],
    ['{{(index (index . 0).Items 0).Labels}}', 'map[a/b:c app:x]'],
    ['{{(index (index . 0).Items 0).Labels.app}} {{index (index (index . 0).Items 0).Labels "a/b"}}', 'x c'],
    ['{{(index (index . 0).Items 0).Labels.other}}', '<no value>'],
    ['{{join (index (index . 0).Items 0).Labels ";"}}', 'a/b=c;app=x'],
    ['{{joinAndTruncate (index (index . 0).Items 0).Spec.Types "," 9}}', 'Ingres...'],
    [
      '{{range $i, $rule := (index (index . 0).Items 0).Spec.Ingress}}{{$i}}={{$rule.Action}}{{$rule.Destination.Ports}} {{end}}',
      '0=Allow[80 8000:8010] 1=Deny ',
    ],
    ['{{range (index (index . 0).Items 1).Spec.Ingress}}x{{else}}no rules{{end}}', 'no rules'],
    ['{{range $key, $value := (index (index . 0).Items 0).Labels}}{{$key}}:{{$value}} {{end}}', 'a/b:c app:x '],
    ['{{$n := 0}}{{range .}}{{range .Items}}{{$n = len .Name}}{{end}}{{end}}{{$n}}', '4'],
    ['{{$n := 1}}{{if true}}{{$n := 2}}{{end}}{{$n}}', '1'],
    ['{{range .}}{{range .Items}}{{if eq .Name "bare"}}{{break}}{{end}}{{.Name}}{{end}}{{end}}', 'web'],
    ['{{range .}}{{range .Items}}{{if ne .Name "bare"}}{{continue}}{{end}}{{.Name}}{{end}}{{end}}', 'bare'],
    [
      '{{range .}}{{range .Items}}{{if .Spec.Order}}ordered{{else if .Spec.Selector}}selected{{else}}neither{{end}} {{end}}{{end}}',
      'ordered neither ',
    ],
    ['{{if and (eq 1 1) (not false) (or "" "x")}}yes{{end}}', 'yes'],
    ['{{if or (lt 1 2) (index . 99)}}never looked at{{end}}', 'never looked at'],
    ['{{eq "b" "a" "b"}} {{le 2 2}} {{gt "a" "b"}} {{ge 3 2}}', 'true true false true'],
    ['{{printf "%-6s|%4d|%q|%v|%05.1f%%" "ab" 7 "q\\"" true 2.25}}', 'ab    |   7|"q\\""|true|002.3%'],
    ['{{"out" | printf "%s-%s" "in"}} {{print 1 2 "x" 3}} {{println "a" 1}}', 'in-out 1 2x3 a 1\n'],
    ['{{html "<a&b>"}} {{urlquery "a b&c"}} {{slice "abcdef" 1 3}}', '&lt;a&amp;b&gt; a+b%26c bc'],
    ['a  {{- /* a comment */ -}}  b {{- " c " -}} \n d', 'ab c d'],
    ['{{/* nothing */}}{{`raw "text"`}}{{"tab\\tu\\u00e9"}}', 'raw "text"tab\tué'],
    ['{{define "row"}}<{{.Name}}>{{end}}{{range .}}{{range .Items}}{{template "row" .}}{{end}}{{end}}', '<web><bare>'],
    ['{{block "head" .}}{{len .}} list{{end}}', '1 list'],
    ['{{with $x := index . 0}}{{$x.Kind}} of {{len $}}{{end}}', 'NetworkPolicyList of 1'],
    ['{{config "asnumber"}}', 'the asnumber'],
  ])('prints %s', (source, text) => {
    expect(shown(source)).toBe(text);
  });

  it.each([
    ['{{range .}}', 'template: get:1: unexpected EOF'],
    ['\n{{end}}', 'template: get:2: unexpected {{end}}'],
    ['{{if .}}{{else}}{{else}}{{end}}', 'template: get:1: unexpected {{else}}'],
    ['{{.Name', 'template: get:1: unclosed action'],
    ['{{"open}}', 'template: get:1: unexpected "\\"" in action'],
    ['{{(.A}}', 'template: get:1: unclosed left paren'],
    ['{{}}', 'template: get:1: missing value for command'],
    ['{{.A | }}', 'template: get:1: missing value for command'],
    ['{{template "gone"}}', 'template: get:1: template "gone" not defined'],
    ['\n\n{{nothing 1}}', 'template: get:3: executing "get": function "nothing" not defined'],
    ['{{$x}}', 'template: get:1: executing "get": undefined variable "$x"'],
    ['{{.Items}}', 'template: get:1: executing "get": can\'t evaluate field Items in a list'],
    ['{{range 1}}{{end}}', 'template: get:1: executing "get": range can\'t iterate over 1'],
    ['{{lt 1 "a"}}', 'template: get:1: executing "get": error calling lt: incompatible types for comparison'],
    ['{{index . 5}}', 'template: get:1: executing "get": error calling index: index out of range: 5'],
    ['{{define "a"}}{{template "a"}}{{end}}{{template "a"}}', 'template: get:1: exceeded maximum template depth'],
    ['{{if true}}'.repeat(200), 'template: get:1: nested too deeply'],
    [`{{${'('.repeat(200)}}}`, 'template: get:1: nested too deeply'],
  ])('that is wrong is told with its line: %j', (source, message) => {
    expect(() => shown(source)).toThrow(message);
  });

  it('shows nothing of an object that Go would not', () => {
    expect(shown('{{range .}}{{.constructor}}{{.__proto__}}{{.ToString}}{{.metadata}}{{end}}')).toBe('');
  });
});

describe('weir calicoctl get -o go-template', { timeout: 60_000 }, () => {
  let calico: CalicoServer;
  const directory = mkdtempSync(join(tmpdir(), 'weirt-template-'));
  const run = runWords(() => calico.server.kubeconfig());
  beforeAll(async () => {
    calico = await startCalicoServer();
    await run('apply -f -', { ...policy, metadata: { ...policy.metadata, namespace: 'default' } });
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await calico?.stop();
  });

  it('prints lists, and objects that are named', async () => {
    const names = '-o=go-template={{range .}}{{range .Items}}{{.Name}} {{.Spec.Selector}}\n{{end}}{{end}}';
    expect(await run(['get', 'np', names])).toEqual({ code: 0, stdout: "web app == 'web'\n", stderr: '' });
    expect((await run(['get', 'np', 'web', '-o', 'go-template={{range .}}{{.Spec.Tier}}{{end}}'])).stdout).toBe('default');
    expect((await run(['get', 'nodes', '-o', 'go-template={{config "asnumber"}}'])).stdout).toBe('64512');
  });

  it('reads the template of a file', async () => {
    const file = join(directory, 'names.tmpl');
    writeFileSync(file, '{{range .}}{{len .Items}} policies{{end}}\n');
    expect((await run(['get', 'np', '-o', `go-template-file=${file}`])).stdout).toBe('1 policies\n');
    expect((await run(['get', 'np', '-o', 'go-template-file=/nowhere'])).stderr).toBe('open /nowhere: no such file or directory\n');
  });

  it('asks nobody for a template that is none', async () => {
    const { code, stderr } = await run(['get', 'np', '-o', 'go-template={{range .}}'], '', { K8S_API_ENDPOINT: 'https://127.0.0.1:1' });
    expect([code, stderr]).toEqual([1, 'template: get:1: unexpected EOF\n']);
    expect((await run('get np -o go-template')).stderr).toBe('need to specify a template\n');
  });
});
