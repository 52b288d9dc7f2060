/** `… wait`: until a resource is as wished. */
import { isJsonObject, objectAt, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import { pick } from '../output/query.ts';
import type { ArmAnswer } from '../session/arm-client.ts';
import { serverError } from '../session/server-error.ts';
import { type Argument, argument, flag } from './argument.ts';
import type { AzCommand, AzInvocation } from './az-command.ts';

const conditions: readonly Argument[] = [
  flag('--created', "Until it is there with provisioningState 'Succeeded'"),
  flag('--updated', "Until its provisioningState is 'Succeeded'"),
  flag('--deleted', 'Until it is gone'),
  flag('--exists', 'Until it is there'),
  argument('--custom', 'Until this JMESPath expression is true of it'),
  argument('--interval', 'Seconds between two looks; 30 when left out', { type: 'int' }),
  argument('--timeout', 'Seconds after which to give up; 3600 when left out', { type: 'int' }),
];

/** The command; `look` asks for the resource, and may find none. */
export function waitCommand(words: string, named: readonly Argument[], look: (invocation: AzInvocation) => Promise<ArmAnswer>): AzCommand {
  return {
    words,
    summary: 'Wait until it is as wished',
    arguments: [...named, ...conditions],
    run: async (invocation) => {
      const { given } = invocation;
      const wished = ['created', 'updated', 'deleted', 'exists', 'custom'].filter((name) => given.has(name));
      if (wished.length === 0) throw refused('incorrect usage: --created | --updated | --deleted | --exists | --custom JMESPATH');
      const seconds = given.number('timeout') ?? 3_600;
      for (const deadline = Date.now() + seconds * 1_000; ; ) {
        if (isAsWished(await look(invocation), invocation)) return undefined;
        if (Date.now() > deadline) throw refused(`Wait operation timed-out after ${seconds} seconds`);
        await (await invocation.arm()).pause(Math.min((given.number('interval') ?? 30) * 1_000, Math.max(0, deadline - Date.now()) + 1));
      }
    },
  };
}

function isAsWished({ status, statusText, text, json }: ArmAnswer, { given }: AzInvocation): boolean {
  if (status === 404) {
    // Who waits for an end has it; who waits for anything but a beginning waits in vain.
    if (given.flag('deleted')) return true;
    if (given.flag('created') || given.flag('exists')) return false;
  }
  if (status >= 400) throw serverError(status, statusText, text);
  if (given.flag('exists')) return true;
  const state = isJsonObject(json) ? textAt(objectAt(json, 'properties'), 'provisioningState').toLowerCase() : '';
  if (given.flag('created') || given.flag('updated')) {
    if (state === 'succeeded') return true;
    if (state === 'failed') throw refused('The operation failed');
  }
  const custom = given.text('custom');
  if (custom === undefined) return false;
  const { value } = pick(json, custom);
  return value !== null && value !== undefined && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);
}
