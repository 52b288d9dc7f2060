/** The routes of resource providers and of preview features. */

import { gatewayError } from '../arm/arm-error.ts';
import { type ArmHandler, type ArmRoute, ok } from '../arm/arm-message.ts';
import { containerService, keyOf } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import type { DocumentStore } from '../state/document-store.ts';
import { describeFeature, type FeatureRegistration, featureNamed, featureNames, featureState } from './features.ts';
import { describeProvider, type ProviderRegistration, providerNamed, providerNamespaces } from './providers.ts';
import { featuresVersions, resourcesVersions } from './resource-versions.ts';

/** What the routes work on. */
export interface ProviderSource {
  readonly subscription: string;
  readonly features: DocumentStore<FeatureRegistration>;
  readonly providers: DocumentStore<ProviderRegistration>;
}

/** Adds them. */
export function addProviderRoutes(routes: RouteTable<ArmRoute>, source: ProviderSource): void {
  const all = '/subscriptions/{subscription}/providers';
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: resourcesVersions });
  const describe = (namespace: string): object => describeProvider(source.subscription, namespace, source.providers.get(keyOf(namespace)));
  add(`GET ${all}`, () => ok({ value: providerNamespaces().map(describe) }));
  add(`GET ${all}/{namespace}`, ({ parameters }) => ok(describe(namespaceOf(parameters['namespace']))));
  const change =
    (isRegistered: boolean): ArmHandler =>
    ({ parameters }) => {
      const namespace = namespaceOf(parameters['namespace']);
      source.providers.put(keyOf(namespace), { namespace, isRegistered, features: registeredFeatures(source) });
      return ok(describe(namespace));
    };
  add(`POST ${all}/{namespace}/register`, change(true));
  add(`POST ${all}/{namespace}/unregister`, change(false));
  addFeatureRoutes(routes, source);
}

/** Whether a feature counts. */
export function hasFeature({ providers }: ProviderSource, name: string): boolean {
  const registration = providers.get(keyOf(containerService));
  return registration?.isRegistered === true && registration.features.includes(name);
}

function addFeatureRoutes(routes: RouteTable<ArmRoute>, source: ProviderSource): void {
  const all = '/subscriptions/{subscription}/providers/Microsoft.Features';
  const one = `${all}/providers/{namespace}/features/{feature}`;
  const add = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: false, versions: featuresVersions });
  const describe = (name: string): object =>
    describeFeature(source.subscription, name, featureState(source.features.get(name), Date.now()));
  add(`GET ${all}/features`, () => ok({ value: featureNames.map(describe) }));
  add(`GET ${all}/providers/{namespace}/features`, ({ parameters }) => {
    return ok({ value: namespaceOf(parameters['namespace']) === containerService ? featureNames.map(describe) : [] });
  });
  add(`GET ${one}`, ({ parameters }) => ok(describe(nameOf(parameters['namespace'], parameters['feature']))));
  const change =
    (isWanted: boolean): ArmHandler =>
    ({ parameters }) => {
      const name = nameOf(parameters['namespace'], parameters['feature']);
      if (source.features.get(name)?.isWanted !== isWanted) source.features.put(name, { name, isWanted, changedMs: Date.now() });
      return ok(describe(name));
    };
  add(`POST ${one}/register`, change(true));
  add(`POST ${one}/unregister`, change(false));
}

function registeredFeatures({ features }: ProviderSource): readonly string[] {
  return featureNames.filter((name) => featureState(features.get(name), Date.now()) === 'Registered');
}

function namespaceOf(text = ''): string {
  const namespace = providerNamed(text);
  if (namespace !== undefined) return namespace;
  throw gatewayError(404, 'InvalidResourceNamespace', `The resource namespace '${text.slice(0, 80)}' is invalid.`);
}

function nameOf(namespace = '', feature = ''): string {
  const name = namespaceOf(namespace) === containerService ? featureNamed(feature) : undefined;
  if (name !== undefined) return name;
  throw gatewayError(404, 'FeatureNotFound', `The feature '${feature.slice(0, 80)}' could not be found.`);
}
