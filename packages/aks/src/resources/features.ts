/** Preview features: they are asked for, take a moment, and count once the provider is registered again. */
import { containerService, subscriptionId } from '../arm/resource-id.ts';

/** What is kept of a feature. */
export interface FeatureRegistration {
  readonly name: string;
  /** When it was asked for or given back, in milliseconds since the epoch. */
  readonly changedMs: number;
  readonly isWanted: boolean;
}

/** The states that this cloud knows. */
export type FeatureState = 'NotRegistered' | 'Registering' | 'Registered' | 'Unregistering' | 'Unregistered';

/** How long a registration takes: long enough to be seen, short enough to wait for. */
const changeMs = 2_000;

/** Features of AKS that can be asked for here. */
export const featureNames = [
  'WindowsNetworkPolicyPreview',
  'KubeProxyConfigurationPreview',
  'AzureOverlayPreview',
  'CiliumDataplanePreview',
] as const;

/** The feature as it is written, for any writing of it. */
export function featureNamed(text: string): string | undefined {
  return featureNames.find((name) => name.toLowerCase() === text.toLowerCase());
}

/** Where a registration has got to. */
export function featureState(registration: FeatureRegistration | undefined, nowMs: number): FeatureState {
  if (registration === undefined) return 'NotRegistered';
  const isDone = nowMs >= registration.changedMs + changeMs;
  if (registration.isWanted) return isDone ? 'Registered' : 'Registering';
  return isDone ? 'Unregistered' : 'Unregistering';
}

/** A feature as answers show it. */
export function describeFeature(subscription: string, name: string, state: FeatureState): object {
  return {
    id: `${subscriptionId(subscription)}/providers/Microsoft.Features/providers/${containerService}/features/${name}`,
    name: `${containerService}/${name}`,
    properties: { state },
    type: 'Microsoft.Features/providers/features',
  };
}
