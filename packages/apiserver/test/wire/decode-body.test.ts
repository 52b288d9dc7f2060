/** Request bodies in the formats that clients send. */
import { expect, test } from 'vitest';
import { decodeBody } from '../../src/index.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
const namespace = Buffer.from(
  '6b3873000a0f0a02763112094e616d657370616365121c0a140a0464656d6f12001a0022002a0032003800420012001a020a001a002200',
  'hex',
);

test.each([
  ['application/json', JSON.stringify(pod), pod],
  ['application/json; charset=utf-8', JSON.stringify(pod), pod],
  ['APPLICATION/JSON', '[1]', [1]],
  ['', JSON.stringify(pod), pod],
  ['application/yaml', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n', pod],
  ['application/yaml', JSON.stringify(pod), pod],
  ['application/yaml', 'a: .nan\n1: x\n', { a: null, 1: 'x' }],
  ['application/yaml', 'a: 1\na: 2\n', { a: 2 }],
  ['application/vnd.kubernetes.protobuf', namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } }],
])('reads %s', (contentType, body, value) => {
  expect(decodeBody(contentType, Buffer.from(body), 'Pod')).toEqual(value);
});

const unknown = 'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml';
const widget = Buffer.from(namespace.toString('latin1').replace('Namespace', 'Namespaxe'), 'latin1');

test.each([
  ['another type', 'text/plain', '{}', 415, unknown],
  ['a patch type outside a patch', 'application/merge-patch+json', '{}', 415, unknown],
  ['a protobuf kind that is not known', 'application/vnd.kubernetes.protobuf', widget, 415, unknown],
  ['CBOR', 'application/cbor', '', 415, unknown],
  ['damaged protobuf', 'application/vnd.kubernetes.protobuf', 'k8s\0\u000a\u007f', 400, /not valid protobuf: .*beyond the end/],
  ['damaged JSON', 'application/json', '{', 400, /must be of type Pod\): couldn't get version\/kind; json parse error: /],
  ['damaged YAML', 'application/yaml', 'a: [', 400, /yaml: /],
  ['YAML aliases that multiply', 'application/yaml', bomb(), 400, /alias/i],
  ['bytes that are no UTF-8', 'application/json', Buffer.of(0x22, 0xff, 0x22), 400, /UTF-8/],
  ['too much', 'application/json', ' '.repeat(3 * 1024 * 1024 + 1), 413, /limit is 3145728/],
])('refuses %s', (_, contentType, body, code, message) => {
  expect(() => decodeBody(contentType, Buffer.from(body), 'Pod')).toThrow(
    expect.objectContaining({
      status: expect.objectContaining({ code, message: typeof message === 'string' ? message : expect.stringMatching(message) }),
    }),
  );
});

function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 8; level += 1)
    lines.push(
      `a${level}: &a${level} [${Array<string>(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}
