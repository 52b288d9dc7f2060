/** What every cluster with Calico has: made before anything else is written, as far as the user may. */

import { ApiError } from '@weir/client';
import { builtInCalicoTiers } from '@weir/compile';
import { CalicoctlError } from '../calicoctl-error.ts';
import { kindOf } from '../resources/resource-kinds.ts';
import type { CalicoStore } from './calico-store.ts';

/** Makes the tiers that are always there; whoever may not, or finds no tiers at all, hears of it from what follows. */
export async function ensureInitialized(store: CalicoStore): Promise<void> {
  const kind = kindOf('Tier');
  if (kind === undefined) return;
  for (const [name, spec] of Object.entries(builtInCalicoTiers)) {
    try {
      await store.create({ kind, name, namespace: '' }, { apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name }, spec });
    } catch (error) {
      if (!(error instanceof CalicoctlError) && !(error instanceof ApiError)) throw error;
    }
  }
}
