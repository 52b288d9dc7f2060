/** What a pod as a whole asks for and is limited to (`component-helpers/resource`). */
import { type JsonObject, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { addQuantities, maxQuantity, type Quantity, readQuantity, zeroQuantity } from './quantity.ts';

/** Amounts by resource name. */
export type Amounts = ReadonlyMap<string, Quantity>;

/**
 * The containers and sidecars together, or the most that an init container needs with the sidecars started before it,
 * and the overhead of the pod's runtime (for limits only where there is a limit).
 */
export function podAmounts(spec: JsonObject | undefined, part: 'requests' | 'limits'): Amounts {
  const running = new Map<string, Quantity>();
  const peak = new Map<string, Quantity>();
  for (const container of objectsAt(spec, 'initContainers')) {
    const own = containerAmounts(container, part);
    if (textAt(container, 'restartPolicy') === 'Always') addAll(running, own);
    else {
      for (const [name, amount] of own) {
        const together = addQuantities(amount, running.get(name) ?? zeroQuantity);
        peak.set(name, maxQuantity(peak.get(name) ?? zeroQuantity, together));
      }
    }
  }
  for (const container of objectsAt(spec, 'containers')) addAll(running, containerAmounts(container, part));
  for (const [name, amount] of peak) running.set(name, maxQuantity(running.get(name) ?? zeroQuantity, amount));
  for (const [name, amount] of amountsOf(objectAt(spec, 'overhead'))) {
    if (part === 'requests' || running.has(name)) addAll(running, new Map([[name, amount]]));
  }
  return running;
}

/** What one container asks for or is limited to. */
export function containerAmounts(container: JsonObject, part: 'requests' | 'limits'): Amounts {
  return amountsOf(objectAt(objectAt(container, 'resources'), part));
}

/** A list of resources as amounts; what is no quantity is left out. */
export function amountsOf(list: JsonObject | undefined): Amounts {
  return new Map(
    Object.entries(list ?? {}).flatMap(([name, value]) => {
      const quantity = readQuantity(value);
      return quantity === undefined ? [] : [[name, quantity] as const];
    }),
  );
}

/** Adds amounts to sums; changes its first argument. */
export function addAll(sums: Map<string, Quantity>, amounts: Amounts): void {
  for (const [name, amount] of amounts) sums.set(name, addQuantities(sums.get(name) ?? zeroQuantity, amount));
}
