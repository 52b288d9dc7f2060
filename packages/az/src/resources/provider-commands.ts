/** `az provider` and `az feature`: what a subscription may use. */
import { isJsonObject, type JsonObject, objectAt, textAt } from '@weir/kube';
import { argument, flag } from '../command-line/argument.ts';
import { type AzCommand, type AzInvocation, subscription } from '../command-line/az-command.ts';
import { pathPart } from '../models/path-part.ts';
import { shaped } from '../models/resource-shape.ts';
import type { ArmClient } from '../session/arm-client.ts';
import { featureShape, featuresVersion, providerShape, resourcesVersion } from './group-shape.ts';

const namespace = argument('--namespace -n', 'Namespace of the provider, for example Microsoft.ContainerService', { isRequired: true });
const featureNamespace = argument('--namespace', 'Namespace of the provider, for example Microsoft.ContainerService', { isRequired: true });
const featureName = argument('--name -n', 'Name of the feature', { isRequired: true });

/** How long between two looks at a registration that is waited for. */
const lookMs = 1_000;

/** The commands. */
export const providerCommands: readonly AzCommand[] = [
  {
    words: 'provider list',
    summary: 'List resource providers',
    arguments: [subscription],
    run: async ({ arm }) => (await (await arm()).list('/providers', resourcesVersion)).map((each) => shaped(each, providerShape)),
  },
  {
    words: 'provider show',
    summary: 'Show a resource provider',
    arguments: [namespace, subscription],
    run: async ({ given, arm }) =>
      shaped(await (await arm()).get(`/providers/${pathPart(given.required('namespace'), 'provider')}`, resourcesVersion), providerShape),
  },
  registration('register', 'Registering', 'Registered', 'Let the subscription use a provider, and the features registered by now'),
  registration('unregister', 'Unregistering', 'Unregistered', 'Let the subscription use a provider no longer'),
];

/** The commands. */
export const featureCommands: readonly AzCommand[] = [
  {
    words: 'feature list',
    summary: 'List preview features',
    arguments: [argument('--namespace', 'Only those of this provider'), subscription],
    table: featureTable,
    run: async ({ given, arm }) => {
      const of = given.text('namespace');
      const path = `/providers/Microsoft.Features${of === undefined ? '' : `/providers/${encodeURIComponent(of)}`}/features`;
      return (await (await arm()).list(path, featuresVersion)).map((each) => shaped(each, featureShape));
    },
  },
  {
    words: 'feature show',
    summary: 'Show a preview feature',
    arguments: [featureNamespace, featureName, subscription],
    table: featureTable,
    run: async (invocation) => shaped(await (await invocation.arm()).get(featurePath(invocation), featuresVersion), featureShape),
  },
  featureChange('register', 'registered', 'Ask for a preview feature'),
  featureChange('unregister', 'unregistered', 'Give a preview feature up'),
];

function registration(word: string, during: string, after: string, summary: string): AzCommand {
  return {
    words: `provider ${word}`,
    summary,
    arguments: [namespace, flag('--wait', `Until it is ${after}`), subscription],
    run: async ({ given, arm, terminal }) => {
      const client = await arm();
      const name = given.required('namespace');
      const path = `/providers/${pathPart(name, 'provider')}`;
      const answer = await client.send({ method: 'POST', path: `${path}/${word}`, version: resourcesVersion });
      const state = textAt(isJsonObject(answer.json) ? answer.json : {}, 'registrationState');
      if (state === after) return undefined;
      if (given.flag('wait')) await untilState(client, path, after);
      else terminal.warn(`${during} is still on-going. You can monitor using 'az provider show -n ${name}'`);
      return undefined;
    },
  };
}

async function untilState(client: ArmClient, path: string, state: string): Promise<void> {
  while (textAt(await client.get(path, resourcesVersion), 'registrationState') !== state) await client.pause(lookMs);
}

function featureChange(word: string, becomes: string, summary: string): AzCommand {
  return {
    words: `feature ${word}`,
    summary,
    arguments: [featureNamespace, featureName, subscription],
    run: async (invocation) => {
      const { given, arm, terminal } = invocation;
      terminal.warn(
        `Once the feature '${given.required('name')}' is ${becomes}, invoking 'az provider register -n ${given.required('namespace')}' is required to get the change propagated`,
      );
      const answer = await (await arm()).send({ method: 'POST', path: `${featurePath(invocation)}/${word}`, version: featuresVersion });
      return shaped(answer.json, featureShape);
    },
  };
}

function featurePath({ given }: AzInvocation): string {
  const [of, name] = [pathPart(given.required('namespace'), 'provider'), pathPart(given.required('name'), 'feature')];
  return `/providers/Microsoft.Features/providers/${of}/features/${name}`;
}

function featureTable(result: unknown): unknown {
  const row = (feature: JsonObject): object => ({
    Name: feature['name'],
    RegistrationState: textAt(objectAt(feature, 'properties'), 'state'),
  });
  return (Array.isArray(result) ? result : [result]).filter(isJsonObject).map(row);
}
