/** `az rest`: any request to the endpoint. */
import { writeFileSync } from 'node:fs';
import { isJsonObject } from '@weir/kube';
import { refused } from '../az-error.ts';
import { argument, flag } from '../command-line/argument.ts';
import { type AzCommand, subscription } from '../command-line/az-command.ts';
import type { ArmRequestForm } from '../session/arm-client.ts';

export const restCommand: AzCommand = {
  words: 'rest',
  summary: 'Send a request to the endpoint, with a token',
  arguments: [
    argument('--method -m', 'How; get when left out', { choices: ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'] }),
    argument('--url --uri -u', 'Where: a path, or an address of the endpoint; {subscriptionId} is filled in', { isRequired: true }),
    argument('--url-parameters --uri-parameters', 'key=value pairs of the query', { arity: 'some' }),
    argument('--headers', 'key=value pairs', { arity: 'some' }),
    argument('--body -b', 'What is sent, or @ and the file that holds it'),
    argument('--output-file', 'Where the answer is written'),
    argument('--resource', 'What the token is for'),
    flag('--skip-authorization-header', 'Without a token'),
    subscription,
  ],
  examples: ['az rest --method get --url /subscriptions/{subscriptionId}/resourcegroups?api-version=2021-04-01'],
  run: async ({ given, arm, terminal }) => {
    const client = await arm();
    const url = new URL(given.required('url').replaceAll('{subscriptionId}', client.subscription), client.base);
    if (url.origin !== new URL(client.base).origin) throw refused(`weir az speaks to ${client.base} only, not to ${url.origin}.`);
    for (const [name, value] of pairs(given.texts('urlParameters') ?? [])) url.searchParams.append(name, value);
    const answer = await client.ask({
      method: (given.text('method') ?? 'get').toUpperCase() as ArmRequestForm['method'],
      path: url.href.replaceAll('%7B', '{').replaceAll('%7D', '}'),
      ...(given.has('body') ? { text: given.required('body') } : {}),
      headers: Object.fromEntries(pairs(given.texts('headers') ?? [])),
      isAnonymous: given.flag('skipAuthorizationHeader'),
    });
    if (answer.status >= 400) throw refused(`${answer.statusText}(${answer.text})`);
    const file = given.text('outputFile');
    if (file !== undefined) writeFileSync(file, answer.bytes);
    if (file !== undefined || answer.text === '') return undefined;
    if (answer.json !== undefined) return answer.json;
    terminal.warn('Not a json response, outputting to stdout. For binary data suggest use "--output-file" to write to a file');
    terminal.print(`${answer.text}\n`);
    return undefined;
  },
};

/** `key=value`, or an object of JSON. */
function pairs(texts: readonly string[]): readonly (readonly [string, string])[] {
  return texts.flatMap((text) => {
    const object = text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined;
    if (isJsonObject(object)) return Object.entries(object).map(([name, value]) => [name, String(value)] as const);
    const at = text.indexOf('=');
    if (at < 0) throw refused(`'${text}' is no key=value pair.`);
    return [[text.slice(0, at), text.slice(at + 1)] as const];
  });
}
