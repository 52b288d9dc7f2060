/** One rule about the network of a cluster: when it applies, and with what it refuses. */
import { type ArmError, providerError } from '../arm/arm-error.ts';
import type { NetworkProfile } from './network-profile.ts';

/** What is looked at. */
export interface NetworkWish {
  readonly profile: NetworkProfile;
  readonly apiVersion: string;
  /** The policy in the words of the request; empty when it says nothing. */
  readonly askedPolicy: string;
  readonly hasWindowsPools: boolean;
  /** The address block of the nodes' network. */
  readonly vnet: string;
}

/** One rule; the first of a table that applies is the answer. */
export interface NetworkRule {
  readonly applies: (wish: NetworkWish) => boolean;
  readonly refuse: (wish: NetworkWish) => ArmError;
}

/** Whether pods have blocks of their own. */
export function hasPodNetwork({ networkPlugin, networkPluginMode }: NetworkProfile): boolean {
  return networkPlugin === 'kubenet' || networkPluginMode === 'overlay';
}

/** A value that is none of those that a field may have. */
export function invalid(target: string, value: string, allowed: readonly string[]): ArmError {
  const message = `The value of parameter ${target} is invalid: '${value.slice(0, 80)}'. Allowed values: ${allowed.join(', ')}.`;
  return providerError(400, 'InvalidParameter', message, { target });
}

/** Weir's own text: Azure's is not published. */
export function own(code: string, message: string, target: string): ArmError {
  return providerError(400, code, message, { target });
}
